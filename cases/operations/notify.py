"""Queue notices in the outbox, as a set, with the fact they tell."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from cases import history
from cases.instances import fresh
from cases.models import Contact, Duty, Notice, NoticeKind, Party, Person, PersonPreference, Standing
from cases.prepared import Given, Prepared
from cases.sets import add_each

# What is told to people who work here; the rest goes to customers.
TO_CUSTOMERS = (NoticeKind.CASE_RECEIVED, NoticeKind.REPLY, NoticeKind.SURVEY)
TO_PEOPLE = [kind for kind in NoticeKind if kind not in TO_CUSTOMERS]
# What is worth a mail beside the line in the app.
BY_MAIL = {
    NoticeKind.HANDOFF,
    NoticeKind.TARGET_BREACHED,
    NoticeKind.PROMISE_BROKEN,
    NoticeKind.TIMER_SET_ASIDE,
}
# Who is handed a case has minutes to acknowledge it: its mail can be neither switched off nor put off. Whom
# it goes to has been chosen with quiet hours in mind already (escalations/plan.py), so that it reaches who is
# on duty, a deputy, or whoever is left when nobody else is.
ALWAYS_AT_ONCE = {NoticeKind.HANDOFF}
# Whoever is handed a restricted case hears of it by that.
TO_THE_HOLDER = {NoticeKind.HANDOFF, NoticeKind.HOLDER_REMINDER}
CHOSEN = Prepared(lambda: PersonPreference.objects.filter(person__among=Given("people")))
NAMED = Prepared(
    lambda: Party.objects.filter(case__among=Given("cases")).values_list("case_id", "person_id", "kind")
)


@dataclass(frozen=True)
class Wanted:
    """One notice to somebody, of a case or of no case (None). `about` names the fact: the same fact is never
    told twice to the same person. What leaves by mail does not before `not_before`."""

    kind: str
    case: object
    about: str
    person: Person | None = None
    contact: Contact | None = None
    facts: dict = field(default_factory=dict)
    not_before: datetime | None = None


def queue(wanted, *, now):
    """Write the notices for `wanted`; those already written for the same fact and recipient are left as
    they are.

    Nobody hears of a case that is kept from them (RULES 1): the subject of a complaint, strangers to a
    restricted case.
    """
    _write(_open_to(list(wanted)), now)


def queue_for_somebody(wanted, *, now):
    """The same, of facts that must be heard: where nobody of those wanted may hear of one, or it is for
    nobody (a Wanted without a person), whoever has the case and whoever answers for it are told instead."""
    wanted = list(wanted)
    told = _open_to(wanted)
    heard = {(want.kind, want.about) for want in told}
    unheard = {(want.kind, want.about): want for want in wanted if (want.kind, want.about) not in heard}
    cases = {want.case.pk: want.case for want in unheard.values()}
    left = {pk: _who_is_left(case) for pk, case in cases.items()}
    others = [replace(want, person=person) for want in unheard.values() for person in left[want.case.pk]]
    _write(told + _open_to(others), now)


def _who_is_left(case):
    """[Person]: who has the case and, unless it is restricted, who answers for its team; of a restricted one
    those who are named on it. Nobody who is its subject."""
    named = Party.objects.filter(case=case)
    subjects = set(named.filter(kind=Party.Kind.SUBJECT).values_list("person_id", flat=True))
    found = set(Standing.objects.filter(pk=case.pk).values_list("holder_id", flat=True)) | {case.owner_id}
    if case.is_restricted:
        found |= set(named.filter(kind=Party.Kind.ACCESS).values_list("person_id", flat=True))
    else:
        found |= {person.pk for person in Person.objects.managers_of(case.team, but=subjects)}
    return list(Person.objects.working().filter(pk__in=found - subjects - {None}).order_by("pk"))


def _open_to(wanted):
    """Those of `wanted` that are for somebody, from whom their case is not kept."""
    kept_from = _kept_from([want for want in wanted if want.person is not None])
    return [
        want
        for want in wanted
        if want.contact is not None
        or (want.person is not None and (want.case is None or not kept_from(want)))
    ]


def _write(wanted, now):
    current = history.current()
    silent = current is not None and current.silent
    notices = {}
    chosen = _chosen([want for want in wanted if want.person is not None])
    for want in wanted:
        choice = chosen.get(want.person.pk) if want.person is not None else None
        for channel in _channels(want, choice):
            notice = _notice(want, channel, now, silent)
            notices[notice.key] = notice
    _let_sleep(notices.values(), wanted, chosen, now)
    add_each(notices.values(), once_by="notice_key_once")


def _kept_from(wanted):
    """A question about one of `wanted` (to people): whether its case is kept from them. At most two queries
    in all."""
    cases = {want.case.pk: want.case for want in wanted if want.case is not None}
    if not cases:
        return lambda want: False
    named = set(NAMED.all(cases=cases))
    restricted = [case for case in cases.values() if case.is_restricted]
    held = (
        set(Standing.objects.filter(case__in=restricted).values_list("case_id", "holder_id"))
        if restricted
        else set()
    )

    def kept(want):
        pair = (want.case.pk, want.person.pk)
        if (*pair, Party.Kind.SUBJECT) in named:
            return True
        if not want.case.is_restricted or want.kind in TO_THE_HOLDER:
            return False
        return (*pair, Party.Kind.ACCESS) not in named and pair not in held

    return kept


def _chosen(wanted):
    """{person id: their PersonPreference} of those who chose anything. One query, none without people."""
    people = {want.person.pk for want in wanted}
    if not people:
        return {}
    return {choice.person_id: choice for choice in CHOSEN.all(people=people)}


def goes_by_mail(kind, choice):
    """Whether a notice of `kind` leaves by mail as well, to somebody with this PersonPreference (or None)."""
    usual = kind in BY_MAIL
    if kind in ALWAYS_AT_ONCE or choice is None:
        return usual
    return bool(choice.mail.get(kind, usual))


def _channels(want, choice):
    if want.contact is not None:
        return [Notice.Channel.MAIL] if want.contact.email else []
    if want.person.is_system:
        return []
    by_mail = want.person.email and goes_by_mail(want.kind, choice)
    return [Notice.Channel.IN_APP, Notice.Channel.MAIL] if by_mail else [Notice.Channel.IN_APP]


def _let_sleep(notices, wanted, chosen, now):
    """Mail to whoever has quiet hours waits until they are over; not that to who is on duty."""
    people = {want.person.pk: want.person for want in wanted if want.person is not None}
    waiting = []
    for notice in notices:
        choice = chosen.get(notice.person_id)
        if choice is None or notice.next_attempt_at is None or notice.kind in ALWAYS_AT_ONCE:
            continue
        hours = choice.quiet_hours(people[notice.person_id].time_zone)
        if hours is not None and hours.is_quiet(now):
            waiting.append((notice, hours.over(now)))
    if not waiting:
        return
    on_duty = set(
        Duty.objects.filter(
            person__in={notice.person_id for notice, _until in waiting}, starts_at__lte=now, ends_at__gt=now
        ).values_list("person_id", flat=True)
    )
    for notice, until in waiting:
        if notice.person_id not in on_duty:
            notice.next_attempt_at = until


def key(want, channel):
    """What makes `want` by `channel` the same notice however often it is asked for."""
    to = f"p{want.person.pk}" if want.person else f"c{want.contact.pk}"
    return f"{want.kind}:{want.about}:{to}:{channel}"


def _notice(want, channel, now, silent):
    notice = fresh(
        Notice,
        case_id=want.case.pk if want.case is not None else None,
        kind=want.kind,
        person_id=want.person.pk if want.person else None,
        contact_id=want.contact.pk if want.contact else None,
        channel=channel,
        facts=want.facts,
        key=key(want, channel),
        created_at=now,
    )
    if silent:
        notice.state = Notice.State.RECORDED
    elif channel == Notice.Channel.IN_APP:
        # In the holder's list as soon as it is committed; nothing has to be carried anywhere.
        notice.state, notice.sent_at = Notice.State.SENT, now
    else:
        notice.next_attempt_at = max(now, want.not_before or now)
    return notice
