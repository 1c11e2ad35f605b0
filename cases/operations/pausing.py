"""Clocks stand still for a reason and a while, and go on by themselves."""

from django.utils.translation import gettext as _

from cases.errors import AlreadyPaused, InThePast, WrongMove
from cases.models import Pause
from cases.states import TimerKind

from . import clocks, timers
from .changing import changing


def pause(*, case, reason, expected_end_at, by, now, note="", started_at=None, revision=None):
    """Stop the clocks that `reason` (a PauseReason) names until `expected_end_at`, or until it is resumed
    before.

    Raises AlreadyPaused for a second open pause with the same reason, InThePast, WrongMove on a case that
    is not live.
    """
    started_at = started_at or now
    if expected_end_at <= started_at:
        raise InThePast(_("The pause must be expected to end after it starts; give a later time."))
    with changing(
        case, by=by, reason=_("paused: %(reason)s") % {"reason": reason}, now=now, revision=revision
    ) as locked:
        if not locked.is_live:
            raise WrongMove(
                _("Only a case that is new or open can be paused; this one is %(status)s.")
                % {"status": locked.get_status_display()}
            )
        if locked.pauses.open().filter(reason=reason).exists():
            raise AlreadyPaused(
                _("This case is already paused for this reason; resume it first, or change its end.")
            )
        row = Pause.objects.create(
            case=locked,
            reason=reason,
            stops=reason.stops,
            note=note,
            started_at=started_at,
            expected_end_at=expected_end_at,
            started_by_id=by.pk,
        )
        clocks.reschedule(locked.clocks.open().filter(metric__in=row.stops), now=now)
        timers.set_up(wanted_timers(row), now=now)
    return row


def wanted_timers(pause):
    """What an open pause is to be woken for: [timers.Wanted]."""
    return [timers.Wanted(pause.case_id, TimerKind.PAUSE_ENDS, pause.pk, pause.expected_end_at)]


def resume(*, pause, by, now, at=None, revision=None):
    """End an open pause as of `at` (else now). Raises WrongMove if it has ended already."""
    with changing(
        pause.case,
        by=by,
        reason=_("resumed: %(reason)s") % {"reason": pause.reason},
        now=now,
        revision=revision,
    ) as locked:
        still = list(locked.pauses.open().filter(pk=pause.pk))
        if not still:
            raise WrongMove(_("This pause has ended already; the clocks run."))
        end_pauses(locked, still, at=at or now, now=now)


def end_all(case, *, now):
    """End what a locked case still waits for; return all its pauses, with their reasons."""
    pauses = clocks.pauses_by_case([case.pk]).get(case.pk, [])
    end_pauses(case, [row for row in pauses if row.ended_at is None], at=now, now=now)
    return pauses


def end_pauses(case, pauses, *, at, now):
    """End these open pauses of a locked case at `at`; its clocks go on from there.

    One that had expired before ended then, also where the engine has not come round to say so.
    """
    ended = list(pauses)
    at = min(at, now)
    for row in ended:
        row.ended_at = max(min(at, row.expected_end_at), row.started_at)
        row.save(update_fields=["ended_at"])
    if ended:
        timers.take_back({TimerKind.PAUSE_ENDS}, [row.pk for row in ended])
        stopped = {metric for row in ended for metric in row.stops}
        expired = max(row.expected_end_at for row in ended)
        clocks.reschedule(
            case.clocks.open().filter(metric__in=stopped),
            now=now,
            since={case.pk: expired} if expired < at else None,
        )


def customer_spoke(case, *, at, now, by):
    """The wait for the customer is over."""
    waits = case.pauses.open().filter(reason__ends_on_incoming=True)
    end_pauses(case, waits, at=at, now=now)
