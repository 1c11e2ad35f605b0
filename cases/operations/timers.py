"""Arm and take back timers. Only under their cases' locks."""

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from cases.instances import fresh
from cases.models import Timer
from cases.sets import add_each
from cases.states import TimerKind

# A breach is strictly after its instant, and an event at the very instant comes before it.
JUST_AFTER = timedelta(microseconds=1)


class Wanted(NamedTuple):
    """A timer that the state of a case asks for. Who arms and the reconciler get it from the same functions.

    `due_at` None: at once, whenever it was asked for. What is not `is_owed` may be there and need not.
    """

    case_id: int
    kind: str
    subject_id: int
    due_at: datetime | None
    step: int = 0
    occurrence: int = 0
    just_after: bool = False
    is_owed: bool = True

    @property
    def key(self):
        return self.kind, self.subject_id, self.step, self.occurrence

    @property
    def wake_at(self):
        return self.due_at + JUST_AFTER if self.just_after else self.due_at


def set_up(wanted, *, now, since=MappingProxyType({}), were_lost=False):
    """Arm each Wanted that is owed. `since`: {case id: instant} where it was asked for before `now`.

    What was lost and is overdue is late from its own instant, not from when it was found.
    """
    save(
        [
            arm(
                case_id=w.case_id,
                kind=w.kind,
                subject_id=w.subject_id,
                due_at=w.due_at or now,
                now=min(now, w.due_at or now) if were_lost else since.get(w.case_id, now),
                step=w.step,
                occurrence=w.occurrence,
                just_after=w.just_after,
            )
            for w in wanted
            if w.is_owed
        ]
    )


def arm(*, case_id, kind, subject_id, due_at, now, step=0, occurrence=0, just_after=False):
    """An unsaved timer; hand several to `save`. `just_after`: fires strictly after `due_at`."""
    return fresh(
        Timer,
        case_id=case_id,
        kind=kind,
        subject_id=subject_id,
        step=step,
        occurrence=occurrence,
        due_at=due_at,
        wake_at=due_at + JUST_AFTER if just_after else due_at,
        armed_at=now,
    )


def over_since(timer, now):
    """From when on what `timer` stands for is over, for a pass at `now`: its instant, or when it was armed
    with an instant past. Never after `now`: who waited for a lock may find rows armed a moment after its own
    look at the clock.
    """
    return min(max(timer.due_at, timer.armed_at), max(now, timer.due_at))


def save(timers):
    add_each(timers)


def take_back(kinds, subject_ids):
    """Delete pending timers of these kinds and subjects; fired ones stay."""
    if subject_ids:
        Timer.objects.pending().filter(kind__in=kinds, subject_id__among=subject_ids).delete()


def ask_for_review(case_ids, *, now):
    """ "Something about this case changed, look at the rules": due now, at most one pending a case."""
    case_ids = sorted(set(case_ids))
    wanted = [arm(case_id=pk, kind=TimerKind.REVIEW, subject_id=pk, due_at=now, now=now) for pk in case_ids]
    # Where one is pending already, the database's own rule keeps it the only one.
    add_each(wanted, once_by="timer_one_pending_review")
