"""Who has a case and how much it matters: assigning, taking up, priority, policy."""

from django.utils.translation import gettext as _

from cases.errors import ConflictOfInterest, Incomplete, WrongMove
from cases.models import NoticeKind, SlaPolicyVersion, TriggerKind
from cases.priorities import priority_of
from cases.states import CaseStatus, may_move

from . import notify, owing, parties, staying, triggers
from .changing import changing

KEEP = object()


def assign(*, case, reason, by, now, team=KEEP, owner=KEEP, revision=None, is_undo=False):
    """Give a case another team, another owner, or both; either may become none. A change of team is a
    reassignment; where it `is_undo`, the one before was none either.

    A restricted case names its new owner: who owns it sees it (RULES 1). Another team alone would not.
    Raises Incomplete without a reason: mere reassignment has one too; ConflictOfInterest for a new owner who
    is named in the complaint; WrongMove for a restricted case that would go to a team without an owner, or be
    left to nobody, and for an owner who works here no longer.
    """
    if not reason.strip():
        raise Incomplete(_("Say why the case changes hands; one sentence is enough."))
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        if _give_owner(locked, owner):
            parties.require_somebody(locked)
            _tell_owner(locked, reason, by=by, now=now)
        if _give_team(locked, team, now=now):
            _require_somebody_who_sees_it(locked, is_undo=is_undo)
            locked.reassigned_count += -1 if is_undo else 1
            if not is_undo:
                triggers.happened(locked, TriggerKind.REASSIGNED, at=now, now=now)


def take(*, case, by, now, revision=None):
    """`by` becomes the owner of a case that has none; one without a team comes to the first of theirs. Nobody
    had it, so it is no reassignment.

    Raises WrongMove where somebody owns it already, ConflictOfInterest where `by` is named in the complaint.
    """
    with changing(case, by=by, reason=_("taken"), now=now, revision=revision) as locked:
        if locked.owner_id is not None:
            raise WrongMove(_("This case is %(who)s’s already.") % {"who": locked.owner})
        _give_owner(locked, by)
        if locked.team_id is None:
            first = by.memberships.filter(team__is_active=True).select_related("team").order_by("pk").first()
            _give_team(locked, first.team if first else KEEP, now=now)


def _give_owner(case, owner):
    """Whether a locked case has another owner now. Raises ConflictOfInterest, WrongMove."""
    if owner is KEEP or case.owner_id == (owner and owner.pk):
        return False
    if owner is not None and case.parties.filter(person=owner, kind="subject").exists():
        raise ConflictOfInterest(
            _("%(who)s is named in this complaint; choose somebody else.") % {"who": owner}
        )
    if owner is not None:
        staying.require_here(owner)
    case.owner = owner
    if owner is not None and case.is_restricted:
        parties.let_in(case, owner, _("owns the case"))
    return True


def _require_somebody_who_sees_it(case, *, is_undo):
    """A restricted case exists for the people named on it, not for a team."""
    if case.is_restricted and case.owner_id is None and case.team_id is not None and not is_undo:
        raise WrongMove(
            _("This case is restricted, and its new team would not see it; choose an owner as well.")
        )


def _give_team(case, team, *, now):
    """Whether a locked case has another team now, with an ownership clock of its own."""
    if team is KEEP or case.team_id == (team and team.pk):
        return False
    case.team = team
    owing.received_by_team(case, now=now)
    return True


def _tell_owner(case, reason, *, by, now):
    if case.owner is None or case.owner_id == by.pk:
        return
    about = f"case:{case.pk}:{case.revision}"
    notify.queue(
        [notify.Wanted(NoticeKind.ASSIGNED, case, about, person=case.owner, facts={"reason": reason})],
        now=now,
    )


def take_up(*, case, by, now, revision=None):
    """Work begins: new becomes open. No clock stops; only a word to the customer does that."""
    with changing(case, by=by, reason=_("taken up"), now=now, revision=revision) as locked:
        if not may_move(locked.status, CaseStatus.OPEN) or locked.status != CaseStatus.NEW:
            raise WrongMove(
                _("Only a new case is taken up; this one is %(status)s.")
                % {"status": locked.get_status_display()}
            )
        locked.status = CaseStatus.OPEN


def prioritise(
    *, case, by, now, priority=None, impact=None, urgency=None, reason="", revision=None, is_undo=False
):
    """Change the priority, by itself or through impact and urgency; open clocks are re-targeted from their
    own start. The rules do not hear of what `is_undo`."""
    if priority is None and not (impact and urgency):
        raise Incomplete(_("Choose a priority, or an impact and an urgency."))
    with changing(case, by=by, reason=reason or _("priority changed"), now=now, revision=revision) as locked:
        if impact and urgency:
            locked.impact, locked.urgency = impact, urgency
        before, locked.priority = locked.priority, priority or priority_of(impact, urgency)
        if locked.priority != before:
            owing.retarget([locked], owing.version_of(locked), now=now)
        if locked.priority != before and not is_undo:
            triggers.happened(locked, TriggerKind.PRIORITY_CHANGED, at=now, now=now)


def move_to_policy(*, case, policy, by, now, reason, revision=None):
    """Put a case under another policy on purpose: its current version, the clocks' original start, pauses
    kept."""
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        version = next((v for v in SlaPolicyVersion.objects.in_force(now) if v.policy_id == policy.pk), None)
        if version is None:
            raise WrongMove(
                _("“%(policy)s” has no version in force; publish one first.") % {"policy": policy}
            )
        locked.policy_version = version
        owing.retarget([locked], version, now=now)
