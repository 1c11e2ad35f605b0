"""A new case: whose policy it falls under, who gets it first, and its first clocks."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from cases import history
from cases.errors import Incomplete, InThePast
from cases.models import (
    Calendar,
    Case,
    Category,
    Clock,
    IntakeRule,
    Message,
    NoticeKind,
    Party,
    Person,
    SlaPolicyVersion,
    TriggerKind,
)
from cases.priorities import priority_of
from cases.states import LIVE, Priority

from . import asking, attempts, clocks, notify, owing, questions, standing, staying, triggers


def open_case(
    *,
    customer,
    subject,
    body,
    by,
    now,
    channel,
    contact=None,
    category=None,
    service=None,
    language="",
    impact=None,
    urgency=None,
    priority=None,
    received_at=None,
    team=None,
    owner=None,
    is_routed=False,
    reference="",
    restricted_because="",
    asks=(),
    answers=None,
    tried="",
    named_on=None,
    is_asked=True,
):
    """Open a case: route it, pin the policy in force when it was received, start its clocks, send the
    receipt.

    `received_at` (aware) is when the customer came, `now` when we record it. Without `team` and `owner` the
    intake
    rules name them (not where it `is_routed` already, to nobody perhaps); what matches none stays unrouted.
    With `restricted_because` who opens and who owns it are named on it, and it exists for nobody else.
    `asks`: what the customer wants, one text each. `answers`: {question id: text} to the questions of the
    category. `tried`: what was tried already, one a line. `named_on`: the case it comes from, whose
    parties are named on this one too. Not `is_asked`: nobody speaks with the customer, so nothing is missing.
    Raises Incomplete, InThePast, WrongAnswer.
    """
    received_at = received_at or now
    if received_at > now:
        raise InThePast(
            _("A case cannot be received in the future; give the time at which the customer came.")
        )
    if not subject.strip() or not body.strip():
        raise Incomplete(_("Say in the subject and the text what the customer brings."))
    if is_asked and not by.is_system:
        check_contact(category, contact)
    with history.acting(by=by, reason=_("case opened"), now=now):
        case, _rule, version = drafted(
            customer=customer,
            contact=contact,
            subject=subject.strip(),
            channel=channel,
            category=category,
            service=service,
            language=language,
            impact=impact,
            urgency=urgency,
            priority=priority,
            received_at=received_at,
            team=team,
            owner=owner,
            is_routed=is_routed,
            reference=reference,
            restricted_because=restricted_because,
        )
        named = list(named_on.parties.all()) if named_on is not None else []
        if case.owner_id in {row.person_id for row in named if row.kind == Party.Kind.SUBJECT}:
            case.owner = None  # whom the complaint names never owns what came of it
        if case.owner_id not in staying.here([case.owner_id]):
            case.owner = None
        case.save()
        Case.objects.hold_new(case)
        first = Message.objects.create(
            case=case,
            direction=Message.Direction.IN,
            channel=channel,
            body=body,
            contact=contact,
            author=None if by.is_system else by,
            was_reached=True if channel == "phone" else None,
            occurred_at=received_at,
            recorded_at=now,
        )
        if is_asked:
            questions.answer(case, answers or {}, by=by, now=now)
        attempts.keep(case=case, tried=tried, by=by, now=now)
        owing.start_for_case(case, version, now=now)
        triggers.happened(case, TriggerKind.OPENED, at=received_at, now=now)
        if customer.is_vulnerable:
            triggers.happened(case, TriggerKind.VULNERABLE, at=received_at, now=now)
        _name(case, by, named)
        standing.refresh([case], now=now)
        asked = asking.ask_all(case=case, texts=asks, by=by, now=now)
        _tell(case, first, asked, by, now)
    return case


def drafted(
    *,
    customer,
    channel,
    received_at,
    contact=None,
    language="",
    impact=None,
    urgency=None,
    priority=None,
    team=None,
    owner=None,
    is_routed=False,
    restricted_because="",
    **fields,
):
    """(unsaved case, the intake rule that names its team or None, its policy version): what a case would be,
    by the rules that decide when it is opened. Nothing is written."""
    case = Case(
        customer=customer,
        contact=contact,
        channel=channel,
        language=language or (contact.language if contact else customer.language),
        impact=impact,
        urgency=urgency,
        priority=priority or (priority_of(impact, urgency) if impact and urgency else Priority.MEDIUM),
        received_at=received_at,
        team=team,
        owner=owner,
        is_restricted=bool(restricted_because),
        restricted_because=restricted_because,
        **fields,
    )
    rule = route(case) if team is None and owner is None and not is_routed else None
    case.policy_version = policy_for(case, at=received_at)
    return case, rule, case.policy_version


@dataclass(frozen=True)
class Foreseen:
    """What opening a case would lead to: where it goes, by which rule, and what it would owe."""

    case: Case
    rule: IntakeRule | None
    clocks: list[Clock]


def foresee(*, now, **given):
    """The Foreseen of a case opened at `now`; `given` as for open_case. Nothing is written or locked.

    Raises NoOpenHour as opening would.
    """
    case, rule, version = drafted(received_at=given.pop("received_at", None) or now, **given)
    owed = owing.from_the_start(case, version, now=now)
    hours = Calendar.objects.hours({clock.calendar_id for clock in owed})
    for clock in owed:
        clocks.schedule(clock, hours[clock.calendar_id], ())
    return Foreseen(case, rule, owed)


NEEDS = {
    Category.Reach.PHONE: lambda phone, email: phone,
    Category.Reach.MAIL: lambda phone, email: email,
    Category.Reach.EITHER: lambda phone, email: phone or email,
}


def lacks(category, *, phone="", email=""):
    """What keeps a case of `category` from being opened for a contact with this phone and email address, in
    a sentence; "" where nothing does."""
    needed = category.contact_needs if category else ""
    if not needed or NEEDS[needed](phone, email):
        return ""
    words = {"category": category, "needed": category.get_contact_needs_display()}
    return (
        _("Of a case of “%(category)s” the contact must have %(needed)s; choose or add one who has.") % words
    )


def check_contact(category, contact):
    """What the category wants to know of whom we talk to. Raises Incomplete."""
    known = {"phone": contact.phone, "email": contact.email} if contact else {}
    if lacking := lacks(category, **known):
        raise Incomplete(lacking)


def _name(case, by, named):
    """A restricted case exists for those named on it alone: at first who opened it and who owns it.

    `named`: the parties of the case it comes from. Whom that complains about never sees this one either.
    """
    rows = [(row.person_id, row.kind, row.reason) for row in named if row.kind == Party.Kind.SUBJECT]
    if case.is_restricted:
        rows += [(row.person_id, row.kind, row.reason) for row in named if row.kind == Party.Kind.ACCESS]
        known = {person_id for person_id, _kind, _reason in rows}
        people = {by.pk: _("opened the case")}
        if case.owner_id:
            people[case.owner_id] = _("owns the case")
        rows += [
            (pk, Party.Kind.ACCESS, reason)
            for pk, reason in people.items()
            if pk > 0 and pk not in known  # a system actor reads nothing
        ]
    Party.objects.bulk_create(
        Party(case=case, person_id=person_id, kind=kind, reason=reason) for person_id, kind, reason in rows
    )


def policy_for(case, *, at):
    """The first policy, in order, whose version in force at `at` matches `case`; the default one matches
    every case."""
    for version in SlaPolicyVersion.objects.in_force(at):
        if version.matches(case):
            return version
    return (
        SlaPolicyVersion.objects.prefetch_related("targets").filter(policy__is_default=True).latest("number")
    )


def route(case, *, but=None):
    """Name the case's first team and owner by the first intake rule that matches, and return that rule; none
    leaves it unrouted. It goes to nobody who has left, nor to `but`, who is about to."""
    for rule in (
        IntakeRule.objects.filter(is_active=True)
        .select_related("team", "owner", "skill")
        .order_by("position", "pk")
    ):
        if rule.matches(case):
            case.team = rule.team
            case.owner = rule.owner or (_least_loaded(rule, but) if rule.skill_id else None)
            if case.owner is not None and (case.owner == but or not case.owner.is_active):
                case.owner = None
            return rule
    return None


def _least_loaded(rule, but):
    holds = Count("owned_cases", filter=Q(owned_cases__status__in=LIVE))
    people = Person.objects.working().filter(memberships__team=rule.team, skills=rule.skill)
    people = people.exclude(pk=but.pk) if but is not None else people
    return people.annotate(holds=holds).order_by("holds", "memberships__position", "pk").first()


def _tell(case, first, asked, by, now):
    """The customer gets the receipt with their own words and what they ask in it; the owner hears of the
    case. The words themselves stay where they can be erased."""
    wanted = []
    if case.contact_id:
        facts = {"message": first.pk}
        if asked:
            facts["asks"] = [ask.pk for ask in asked]
        wanted.append(
            notify.Wanted(
                NoticeKind.CASE_RECEIVED, case, f"case:{case.pk}", contact=case.contact, facts=facts
            )
        )
    if case.owner_id and case.owner_id != by.pk:
        wanted.append(
            notify.Wanted(NoticeKind.ASSIGNED, case, f"case:{case.pk}:{case.revision}", person=case.owner)
        )
    notify.queue(wanted, now=now)
