"""Running escalations move to another version of their path, on purpose, as a set: they keep their level."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases import history
from cases.errors import Incomplete, NotInForce
from cases.models import Case, Timer
from cases.operations import recalculating, timers
from cases.states import TimerKind
from escalations.expectations import reminders_of
from escalations.models import Escalation, EscalationPath, Handoff


@dataclass(frozen=True)
class Moved:
    """How many escalations `moved`; the Escalations (with their cases) that `stayed`, their level not being
    in the version."""

    moved: int
    stayed: list


def move_escalations(*, version, by, now, reason):
    """Move what runs on older versions of its path to `version`: the level is kept, the present holder's term
    runs on as it was told, and what follows goes by the new version. Returns a Moved.

    Raises NotTheirs; Incomplete without a reason; NotInForce for a version that does not serve new cases.
    """
    recalculating.require_publisher(by)
    if not reason.strip():
        raise Incomplete(_("Say why these escalations move; their history will show it."))
    with history.acting(by=by, reason=reason.strip(), now=now):
        in_force = EscalationPath.objects.filter(pk=version.path_id).version_in_force(now)
        if in_force.get(version.path_id) != version:
            raise NotInForce(
                _("%(version)s does not serve new cases now; escalations only move to a version in force.")
                % {"version": version}
            )
        older = running_on_others(version)
        Case.objects.lock_ids(older.values_list("case_id", flat=True))  # case first, everywhere
        keeping = older.filter(level_number__in=version.levels.values("number"))
        stayed = list(older.exclude(level_number__in=version.levels.values("number")).select_related("case"))
        moved = list(keeping.values_list("pk", flat=True))
        Escalation.objects.filter(pk__in=moved).update(version=version)
        history.forget()
        _remind_as_it_says(moved, now)
    return Moved(len(moved), stayed)


def _remind_as_it_says(moved, now):
    """Holders who still wait to answer are reminded as often as their level says in the new version."""
    waiting = Handoff.objects.filter(escalation__in=moved, state=Handoff.State.WAITING)
    timers.take_back({TimerKind.HOLDER_REMINDER}, list(waiting.values_list("pk", flat=True)))
    # One that could not run waits for whoever mends it, and goes by the new version then.
    aside = Timer.objects.set_aside().filter(kind=TimerKind.HOLDER_REMINDER)
    stuck = set(aside.filter(subject_id__in=waiting.values("pk")).values_list("subject_id", "step"))
    wanted = reminders_of(Escalation.objects.filter(pk__in=moved))
    timers.set_up([w for w in wanted if (w.subject_id, w.step) not in stuck], now=now)


def running_on_others(version):
    """The running escalations of this version's path that are on another version."""
    return Escalation.objects.running().filter(path=version.path_id).exclude(version=version).order_by("pk")
