"""What the watchdog knows: whether the engine keeps its word, in a fixed number of cheap questions.

None of them reads a table that grows: timers and notices are asked by their partial indexes and counted no
further than ENOUGH, lateness comes from the minutes that engines keep (cases/operations/watching.py).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, Func, Max, Min, OuterRef, Q, Sum
from django.db.models.functions import Cast

from cases import lateness, writers
from cases.models import EngineMinute, EnginePass, Notice, ReconcilerRound, Timer, TimerRepair
from cases.models.timer import LATE
from cases.operations.watching import minute_of

# Nobody needs to know whether it is ten thousand or a million; counting stops here.
ENOUGH = 10_000
ENGINES = 50
SEEN_WITHIN = timedelta(days=1)
# A clock that was stepped back must not make a dead engine look alive: what comes from later than this is
# no sign of life.
SKEW = timedelta(minutes=1)
FAILED_LATELY = timedelta(days=7)
# Reading all triggers of the database costs more than all else that a watchman asks, and strangers may ask:
# each process answers from memory for so long.
WRITERS_REMEMBERED = timedelta(seconds=5)
# The chart's day in slots, counted back from now; the first is the last five minutes.
SLOT_MINUTES, SLOTS = 5, 288


@dataclass(frozen=True)
class Lateness:
    """How late what fired in a stretch of time was; seconds, or None where nothing fired."""

    fired: int = 0
    worst: float | None = None
    counts: tuple = ()

    def at(self, share):
        return lateness.percentile(self.counts, share, self.worst)

    @property
    def median(self):
        return self.at(0.5)

    @property
    def p95(self):
        return self.at(0.95)

    @property
    def p99(self):
        return self.at(0.99)


@dataclass(frozen=True)
class Engine:
    """One engine: when it last looked, what it has in hand, what it fired lately."""

    worker: str
    seen_at: datetime
    in_hand: int  # cases of the pass that is running, or that it died in
    passes: int
    fired: int
    last_five_minutes: int
    last_hour: int
    is_silent: bool


@dataclass(frozen=True)
class Outbox:
    """The notices of one channel that have not left."""

    channel: str
    waiting: int = 0
    late: int = 0  # waiting though they should have been tried by now
    tried_again: int = 0  # waiting after a failure
    oldest_at: datetime | None = None
    failed: int = 0
    failed_lately: int = 0

    @property
    def label(self):
        return Notice.Channel(self.channel).label


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, by name; `look` says how wrong: danger (it has gone wrong) or warn."""

    name: str
    look: str


@dataclass(frozen=True)
class State:
    now: datetime
    last_pass_at: datetime | None
    engines: list
    due: int
    oldest_due_at: datetime | None
    next_due_at: datetime | None
    tried_again: int
    tried_since: datetime | None  # the oldest due instant among them
    set_aside: dict  # {kind: how many}
    outbox: list
    writers_missing: list
    slots: list  # Lateness of each SLOT_MINUTES, the latest first
    findings: list = field(default_factory=list)

    def lateness_of_last(self, minutes):
        """Lateness of the last so many minutes, a multiple of SLOT_MINUTES."""
        return together(self.slots[: minutes // SLOT_MINUTES])

    @property
    def all_set_aside(self):
        return sum(self.set_aside.values())

    @property
    def oldest_unfinished_at(self):
        """When the oldest notice that still waits was written."""
        return min((box.oldest_at for box in self.outbox if box.oldest_at), default=None)


def together(slots):
    """Several stretches as one."""
    counts = tuple(map(sum, zip(*(slot.counts for slot in slots if slot.counts), strict=True)))
    worst = max((slot.worst for slot in slots if slot.worst is not None), default=None)
    return Lateness(sum(slot.fired for slot in slots), worst, counts)


def state(now, cases=None):
    """Everything the watchdog's page shows of the whole desk, in ten queries and the writers' two.

    With `cases` (a queryset), what is set aside and what has not left is told of those alone.
    """
    due, oldest = backlog(now)
    tried = Timer.objects.pending().filter(attempts__gt=0).order_by("due_at")[: ENOUGH + 1]
    tried = tried.values("due_at").aggregate(number=Count("due_at"), since=Min("due_at"))
    found = State(
        now=now,
        last_pass_at=last_pass(now),
        engines=engines(now),
        due=due,
        oldest_due_at=oldest,
        next_due_at=Timer.objects.pending().filter(wake_at__gt=now).aggregate(at=Min("wake_at"))["at"],
        tried_again=tried["number"],
        tried_since=tried["since"],
        set_aside=set_aside(cases),
        outbox=outbox(now, cases),
        writers_missing=sorted(writers.missing()),
        slots=slots(now),
    )
    found.findings.extend(findings(found))
    return found


# --- One question each -------------------------------------------------------------------------------------


def last_pass(now):
    """When an engine last said that it looks, or None."""
    passes = EnginePass.objects.filter(started_at__lte=now + SKEW).order_by("-started_at")
    return passes.values_list("started_at", flat=True).first()


def backlog(now):
    """(how many timers wait at `now`, since when the oldest does): by timer_pending_wake alone."""
    waiting = Timer.objects.due(now).order_by("wake_at").values("wake_at")[: ENOUGH + 1]
    found = waiting.aggregate(number=Count("wake_at"), oldest=Min("wake_at"))
    return found["number"], found["oldest"]


def oldest_due(now):
    """Since when the oldest timer waits, or None: one step into timer_pending_wake."""
    return Timer.objects.due(now).aggregate(at=Min("wake_at"))["at"]


def of_cases(rows, cases):
    """Those of `rows` (timers, notices) that are about one of `cases` (a queryset); all, where it is None."""
    return rows if cases is None else rows.filter(Exists(cases.filter(pk=OuterRef("case"))))


def set_aside(cases=None):
    """{kind: how many timers cannot run}: by timer_set_aside."""
    stuck = of_cases(Timer.objects.filter(state=Timer.State.SET_ASIDE), cases).order_by("pk")
    return dict(sorted(Counter(stuck.values_list("kind", flat=True)[: ENOUGH + 1]).items()))


def outbox(now, cases=None):
    """An Outbox for each channel: by notice_queued and notice_failed.

    Counted here and not there: asked to count a part of the queue, PostgreSQL reads all notices there are.
    """
    queued = of_cases(Notice.objects.filter(state=Notice.State.QUEUED), cases).order_by("next_attempt_at")
    queued = queued.annotate(again=~Q(last_error="")).values_list(
        "channel", "next_attempt_at", "again", "created_at"
    )
    failed = of_cases(Notice.objects.filter(state=Notice.State.FAILED), cases).order_by("channel", "-pk")
    failed = failed.values_list("channel", "created_at")
    waiting, failing = list(queued[: ENOUGH + 1]), list(failed[: ENOUGH + 1])
    late, lately = now - settings.NOTICE_LATE_AFTER, now - FAILED_LATELY
    return [
        Outbox(
            channel=channel,
            waiting=len(mine),
            late=sum(at < late for at, _again, _written in mine),
            tried_again=sum(again for _at, again, _written in mine),
            oldest_at=min((written for _at, _again, written in mine), default=None),
            failed=len(lost),
            failed_lately=sum(written >= lately for written in lost),
        )
        for channel in Notice.Channel.values
        for mine in [[rest for its, *rest in waiting if its == channel]]
        for lost in [[written for its, written in failing if its == channel]]
    ]


def engines(now):
    """The engines that were seen in the last day, the latest first."""
    minute = minute_of(now)
    lately = (
        EngineMinute.objects.filter(minute__gt=minute - 60, minute__lte=minute + 1)
        .values_list("worker")
        .annotate(five=Sum("fired", filter=Q(minute__gt=minute - 5), default=0), hour=Sum("fired", default=0))
    )
    fired = {worker: (five, hour) for worker, five, hour in lately.order_by()}
    seen = EnginePass.objects.filter(started_at__gte=now - SEEN_WITHIN).order_by("-started_at", "worker")
    return [
        Engine(
            worker=row.worker,
            seen_at=row.started_at,
            in_hand=len(row.in_hand) if row.finished_at is None else 0,
            passes=row.passes,
            fired=row.fired,
            last_five_minutes=fired.get(row.worker, (0, 0))[0],
            last_hour=fired.get(row.worker, (0, 0))[1],
            is_silent=now - row.started_at > settings.ENGINE_SILENT_AFTER,
        )
        for row in seen[:ENGINES]
    ]


def repairs(now):
    """(how many repairs the reconciler made in the last day, when its last whole round ended or None)."""
    latest = TimerRepair.objects.order_by("-pk").values_list("found_at", flat=True)[: ENOUGH + 1]
    last = ReconcilerRound.objects.filter(rounds__gt=0).first()
    return sum(at > now - SEEN_WITHIN for at in latest), last and last.last_finished_at


def slots(now):
    """A Lateness for each five minutes of the last day, the latest first: by engineminute_once."""
    minute = minute_of(now)
    # Whole numbers divided stay whole on both engines; Django's own division would not.
    ago = Func(minute - F("minute"), SLOT_MINUTES, template="(%(expressions)s)", arg_joiner=" / ")
    rows = (
        EngineMinute.objects.filter(minute__gt=minute - SLOT_MINUTES * SLOTS, minute__lte=minute)
        .annotate(slot=Cast(ago, models.IntegerField()))
        .values_list("slot")
        .annotate(Sum("fired"), Max("worst"), *(Sum(name) for name in LATE))
        .order_by()
    )
    found = [Lateness()] * SLOTS
    for slot, fired, worst, *counts in rows:
        found[slot] = Lateness(fired, worst, tuple(counts))
    return found


def ever_fired():
    """Lateness of everything that ever fired, and the seconds of it in all: a row for each engine."""
    sums = EngineMinute.objects.filter(minute=0).aggregate(
        Sum("fired", default=0), Sum("seconds", default=0.0), *(Sum(name, default=0) for name in LATE)
    )
    return tuple(sums[f"{name}__sum"] for name in LATE), sums["fired__sum"], sums["seconds__sum"]


# --- What is wrong -----------------------------------------------------------------------------------------


# name: (how bad, whether a State has it); the worst first.
FINDINGS = {
    "engine_silent": ("danger", lambda found: _silent(found.last_pass_at, found.now)),
    "history_incomplete": ("danger", lambda found: bool(found.writers_missing)),
    "backlog_late": ("danger", lambda found: _is_late(found.oldest_due_at, found.now)),
    "set_aside": ("danger", lambda found: bool(found.set_aside)),
    "notices_failed": ("danger", lambda found: any(box.failed_lately for box in found.outbox)),
    "notices_late": ("danger", lambda found: any(box.late for box in found.outbox)),
    "backlog_behind": ("warn", lambda found: _is_behind(found)),
    "tried_again": ("warn", lambda found: bool(found.tried_again)),
    "notices_tried_again": ("warn", lambda found: any(box.tried_again for box in found.outbox)),
}


def findings(found):
    """What is wrong, the worst first."""
    return [Finding(name, look) for name, (look, is_so) in FINDINGS.items() if is_so(found)]


def _silent(last_pass_at, now):
    return last_pass_at is None or now - last_pass_at > settings.ENGINE_SILENT_AFTER


def _is_late(oldest_due_at, now):
    return oldest_due_at is not None and now - oldest_due_at > settings.BACKLOG_LATE_AFTER


def _is_behind(found):
    """Later than a pass takes, not yet as late as the limit."""
    oldest, now = found.oldest_due_at, found.now
    return oldest is not None and now - oldest > settings.ENGINE_SILENT_AFTER and not _is_late(oldest, now)


class Remembered:
    """The answer to a question, for a while. However many threads ask, one at a time asks the database."""

    def __init__(self, ask, lasts):
        self.ask, self.lasts, self.lock = ask, lasts, Lock()
        self.forget()

    def forget(self):
        self.answer, self.asked_at = None, None

    def at(self, now):
        """As of `now`, or of less than `lasts` before; what could not be asked is not remembered."""
        with self.lock:
            # A clock that was stepped back makes nothing fresh.
            if self.asked_at is None or not timedelta(0) <= now - self.asked_at < self.lasts:
                self.answer, self.asked_at = self.ask(), now
            return self.answer


MISSING_LATELY = Remembered(writers.missing, WRITERS_REMEMBERED)


def readiness(now):
    """{part: (whether it is well, its limit in seconds or None)} of what the desk cannot do without.

    That a history writer is missing is seen WRITERS_REMEMBERED later at most.
    """
    return {
        "engine": (not _silent(last_pass(now), now), settings.ENGINE_SILENT_AFTER.total_seconds()),
        "backlog": (not _is_late(oldest_due(now), now), settings.BACKLOG_LATE_AFTER.total_seconds()),
        "history": (not MISSING_LATELY.at(now), None),
    }
