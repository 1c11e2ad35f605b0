"""Who is named on a case, and whether it exists for them alone (RULES 1)."""

from django.utils.translation import gettext as _

from cases import roles
from cases.errors import ConflictOfInterest, Incomplete, NotTheirs, WrongMove
from cases.models import Case, NoticeKind, Party, Person
from cases.sets import add_each, update_each

from . import notify
from .changing import changing


def restrict(*, case, reason, by, now, revision=None):
    """From now on the case exists for those named on it alone: at first who restricts it and who owns it.
    Whoever holds its escalation sees it as long as they hold it, and auditors do, recorded.

    Raises Incomplete without a reason, WrongMove where it is restricted already, StaleCase.
    """
    if not reason.strip():
        raise Incomplete(_("Say why only those named on it may know of this case."))
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        if locked.is_restricted:
            raise WrongMove(_("This case is restricted already."))
        locked.is_restricted, locked.restricted_because = True, reason.strip()
        let_in(locked, by, _("restricted the case"))
        if locked.owner_id:
            let_in(locked, locked.owner, _("owns the case"))


def open_up(*, case, reason, by, now, revision=None):
    """The case is open to its team again; who was named on it stays named. Raises Incomplete, WrongMove,
    StaleCase."""
    if not reason.strip():
        raise Incomplete(_("Say why the case is open to its team again."))
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        if not locked.is_restricted:
            raise WrongMove(_("This case is not restricted."))
        locked.is_restricted, locked.restricted_because = False, ""


def name(*, case, person, kind, reason, by, now, revision=None):
    """Name `person` on the case: with access to it (and told so, where it is restricted), or as the subject
    of the complaint: they see nothing of it any more, and never hold, approve or review it. The Party.

    Raises Incomplete; ConflictOfInterest where a subject would get access, or who owns or holds the case
    would become its subject; WrongMove where they are named so already; StaleCase.
    """
    kind = Party.Kind(kind)
    if not reason.strip():
        raise Incomplete(_("Say why this person is named on the case."))
    if kind == Party.Kind.FORMER:
        raise WrongMove(_("Name somebody with access, or as the subject of the complaint."))
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        row = locked.parties.filter(person=person).first()
        was = row.kind if row else None
        if was == kind:
            raise WrongMove(_("%(who)s is named already: %(kind)s.") % {"who": person, "kind": kind.label})
        if kind == Party.Kind.SUBJECT:
            _refuse_who_has_it(locked, person)
        elif was == Party.Kind.SUBJECT:
            raise ConflictOfInterest(
                _("%(who)s is named in this complaint, and sees nothing of it.") % {"who": person}
            )
        # One row a person: what they were before is in its history.
        row = row or Party()
        row.case, row.person = locked, person
        row.kind, row.reason = kind, reason.strip()[:200]
        row.save()
        if kind == Party.Kind.ACCESS and locked.is_restricted:
            tell_named([row], by=by, now=now)
    return row


def tell_named(rows, *, by, now):
    """Each of `rows` (Party, of restricted, locked cases) is told to its person, save to `by`, who knows."""
    notify.queue(
        [
            notify.Wanted(
                NoticeKind.NAMED,
                row.case,
                f"party:{row.pk}:{row.case.revision}",
                person=row.person,
                facts={"who": str(by), "reason": row.reason},
            )
            for row in rows
            if row.person_id != by.pk
        ],
        now=now,
    )


def strike(*, party, reason, by, now, revision=None):
    """The person is not named on the case any more; that they were stays on record.

    Raises Incomplete; WrongMove where they are not, or where a restricted case would be left to nobody or
    without its owner; NotTheirs for an agent who would say that a complaint is not about somebody; StaleCase.
    """
    if not reason.strip():
        raise Incomplete(_("Say why this person is not named on the case any more."))
    with changing(party.case, by=by, reason=reason, now=now, revision=revision) as locked:
        row = locked.parties.select_related("person").get(pk=party.pk)
        if row.kind == Party.Kind.FORMER:
            raise WrongMove(_("%(who)s is not named on this case any more.") % {"who": row.person})
        if row.kind == Party.Kind.SUBJECT:
            _refuse_to_clear(locked, by)
        elif locked.is_restricted:
            _refuse_to_shut_out(locked, row.person)
        row.kind, row.reason = Party.Kind.FORMER, reason.strip()[:200]
        row.save()
    return row


def let_in(case, person, reason):
    """Name `person` with access to a locked case, unless they are already. Of restricted cases: who owns one
    must be able to see it."""
    let_in_to_all([case], person, reason)


def let_in_to_all(cases, person, reason):
    """Name `person` with access to each of these locked cases, unless they are, or are its subject. As a
    set. The rows (Party) of those on which they were not named before."""
    if person.is_system or not cases:
        return []  # a system actor reads nothing
    rows = {row.case_id: row for row in Party.objects.filter(case__in=cases, person=person)}
    named, former, new = {"kind": Party.Kind.ACCESS, "reason": reason[:200]}, [], []
    for case in cases:
        row = rows.get(case.pk)
        if row is None:
            new.append(Party(case=case, person=person, **named))
        elif row.kind == Party.Kind.FORMER:
            row.case, row.person, row.kind, row.reason = case, person, *named.values()
            former.append(row)
    update_each(former, ["kind", "reason"])
    return [*former, *add_each(new)]


def _refuse_who_has_it(case, person):
    if case.owner_id == person.pk:
        raise ConflictOfInterest(
            _("%(who)s owns this case. Give it to somebody else first; then name them.") % {"who": person}
        )
    if case.standing.holder_id == person.pk:
        raise ConflictOfInterest(
            _("%(who)s holds this case’s escalation. It has to go to somebody else first; then name them.")
            % {"who": person}
        )


def _refuse_to_clear(case, by):
    reach = Case.objects.reachable(by, "party.clear")
    if not roles.may(by, "party.clear") or not reach.filter(pk=case.pk).exists():
        raise NotTheirs(
            _("Only a supervisor or an escalation manager says that a complaint is not about somebody.")
        )


def _refuse_to_shut_out(case, person):
    if case.owner_id == person.pk:
        raise WrongMove(
            _("%(who)s owns this case and has to see it. Give it to somebody else first.") % {"who": person}
        )
    require_somebody(case, but=person)


def require_somebody(case, *, but=None):
    """Raises WrongMove for a locked, restricted case on which nobody who works here is named, or `but` alone:
    it would exist for nobody."""
    named = case.parties.filter(kind=Party.Kind.ACCESS, person__in=Person.objects.working())
    if case.is_restricted and not named.exclude(person=but).exists():
        raise WrongMove(
            _("Nobody else is named on this restricted case; name somebody first, or open it to its team.")
        )
