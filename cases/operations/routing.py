"""Who has a case and how much it matters: assigning, taking up, priority, policy."""

from django.utils.translation import gettext as _

from cases.errors import ConflictOfInterest, Incomplete, WrongMove
from cases.models import NoticeKind, SlaPolicyVersion, TriggerKind
from cases.priorities import priority_of
from cases.states import CaseStatus, may_move

from . import clocks, notify, triggers
from .changing import changing

KEEP = object()


def assign(*, case, reason, by, now, team=KEEP, owner=KEEP, revision=None):
    """Give a case another team, another owner, or both; either may become none. A change of team is a
    reassignment.

    Raises Incomplete without a reason: mere reassignment has one too. Raises ConflictOfInterest for a new
    owner who is
    named in the complaint.
    """
    if not reason.strip():
        raise Incomplete(_("Say why the case changes hands; one sentence is enough."))
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        moved = team is not KEEP and locked.team_id != (team and team.pk)
        given = owner is not KEEP and locked.owner_id != (owner and owner.pk)
        if given:
            if owner is not None and locked.parties.filter(person=owner, kind="subject").exists():
                raise ConflictOfInterest(
                    _("%(who)s is named in this complaint; choose somebody else.") % {"who": owner}
                )
            locked.owner = owner
        if moved:
            locked.team = team
            locked.reassigned_count += 1
            clocks.received_by_team(locked, now=now)
            triggers.happened(locked, TriggerKind.REASSIGNED, at=now, now=now)
        if given and owner is not None and owner.pk != by.pk:
            about = f"case:{locked.pk}:{locked.revision}"
            notify.queue(
                [notify.Wanted(NoticeKind.ASSIGNED, locked, about, person=owner, facts={"reason": reason})],
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


def prioritise(*, case, by, now, priority=None, impact=None, urgency=None, reason="", revision=None):
    """Change the priority, by itself or through impact and urgency; open clocks are re-targeted from their
    own start."""
    if priority is None and not (impact and urgency):
        raise Incomplete(_("Choose a priority, or an impact and an urgency."))
    with changing(case, by=by, reason=reason or _("priority changed"), now=now, revision=revision) as locked:
        if impact and urgency:
            locked.impact, locked.urgency = impact, urgency
        before, locked.priority = locked.priority, priority or priority_of(impact, urgency)
        if locked.priority != before:
            clocks.retarget([locked], clocks.version_of(locked), now=now)
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
        clocks.retarget([locked], version, now=now)
