"""The engine: claims due timers case by case and reacts to them as sets, everything of a pass in one
transaction.

Any number of processes may run it at once. Case first, everywhere: cases are locked before their timers are
touched,
in the order of their ids, and of each case only the earliest due timer fires in a pass. A crash is a
rollback; the
next pass does it again.
"""

import logging
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from . import history
from .models import Case, EnginePass, NoticeKind, Person, Timer
from .operations import notify
from .prepared import Given, Prepared
from .sets import update_each

log = logging.getLogger(__name__)

BATCH = 500
SLICE = timedelta(milliseconds=250)
HEARTBEAT = timedelta(seconds=1)
MOST_ATTEMPTS = 8
FIRST_BACKOFF = timedelta(seconds=5)

REACTIONS = {}
WAKING = Prepared(
    lambda: (
        Timer.objects.pending()
        .filter(wake_at__lt=Given("until"))
        .order_by("wake_at")
        .values_list("wake_at", "case_id")[:BATCH]
    )
)


class UnknownTimer(Exception):
    """A timer asks for something nobody here knows how to do."""


def reacts_to(*kinds):
    """Register a reaction: `f(timers, *, cases, now)`, called with a whole group of one kind, inside the
    transaction.

    `timers` are of different cases; `cases` is {id: locked case}. It must act as a set and be silent about
    timers
    whose subject has moved on (another occurrence, already ended).
    """

    def register(reaction):
        for kind in kinds:
            if kind in REACTIONS:
                raise RuntimeError(f"two reactions to {kind}")
            REACTIONS[kind] = reaction
        return reaction

    return register


def run_once(*, now, batch=BATCH, worker=""):
    """React to what is due at `now`; return how many timers fired. Everything a pass does, it commits at
    once.

    With `worker`, the pass is recorded, and the cases in hand are committed before anything is done to them.
    """
    # A peek outside of any transaction: an idle pass takes no lock, on SQLite not even the writer's.
    due = Timer.objects.due(now).order_by("wake_at").values_list("case_id", flat=True)[:batch]
    case_ids = sorted(set(due))
    if not case_ids:
        return 0
    _take_in_hand(worker, case_ids, now)
    fired = _react_or_halve(case_ids, now)
    _lay_down(worker, fired, now)
    return fired


def run_until_idle(*, now, batch=BATCH, worker=""):
    """Passes until nothing is due at `now`; return how many timers fired in all."""
    total = 0
    while fired := run_once(now=now, batch=batch, worker=worker):
        total += fired
    return total


def linger(*, seconds, clock, sleep, stopped, worker):
    """Passes for `seconds`, sleeping to the next due time in slices of at most 250 ms. `clock()` gives
    aware UTC."""
    started = beat = clock()
    until = started + timedelta(seconds=seconds)
    total = 0
    _heartbeat(worker, started)
    while not stopped():
        now = clock()
        if now - beat >= HEARTBEAT:
            _heartbeat(worker, now)
            beat = now
        fired = run_once(now=now, worker=worker)
        total += fired
        if fired:
            continue
        if now >= until:
            break
        next_wake = Timer.objects.next_wake()
        pause = min(SLICE, until - now, max(next_wake - now, timedelta(0)) if next_wake else SLICE)
        sleep(max(pause.total_seconds(), 0.001))
    return total


def passes_before(*, until):
    """Everything that wakes before `until`, each pass at the instant it wakes for, in the caller's
    transaction.

    For a replay, which has a clock of its own and commits in steps of its own; nothing is halved or put off.
    """
    while due := WAKING.all(until=until):
        now = due[0][0]
        with history.acting(by=history.ENGINE, reason=_("timer due"), now=now, via="engine"):
            react(sorted({case_id for wake_at, case_id in due if wake_at == now}), now=now)


def react(case_ids, *, now):
    """One pass over the given cases, inside the caller's transaction; return how many timers fired."""
    cases = Case.objects.claim(case_ids)
    timers = Timer.objects.earliest_per_case(now, list(cases))
    # Before the reactions, not after: a reaction that asks for another look at the rules must not mistake the
    # one that is just being done for one still to come.
    for timer in timers.values():
        timer.state, timer.fired_at = Timer.State.FIRED, now
    update_each(timers.values(), ["state", "fired_at"])
    groups = {}
    for timer in timers.values():
        groups.setdefault(timer.kind, []).append(timer)
    for kind, group in groups.items():
        if kind not in REACTIONS:
            raise UnknownTimer(_("Nobody knows how to do “%(kind)s”.") % {"kind": kind})
        REACTIONS[kind](group, cases=cases, now=now)
    return len(timers)


def _react_or_halve(case_ids, now):
    """A batch that fails is halved until the row that fails is alone; it never stops the others."""
    try:
        with history.acting(by=history.ENGINE, reason=_("timer due"), now=now, via="engine"):
            return react(case_ids, now=now)
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not a row's: the next pass does it again
    except Exception as error:
        if len(case_ids) == 1:
            log.exception("a timer of case %s failed", case_ids[0])
            _put_off(case_ids[0], error, now)
            return 0
        middle = len(case_ids) // 2
        return _react_or_halve(case_ids[:middle], now) + _react_or_halve(case_ids[middle:], now)


def _put_off(case_id, error, now):
    """Try again later; after enough tries set the timer aside and tell those who can mend it."""
    with history.acting(by=history.ENGINE, reason=_("timer failed"), now=now, via="engine"):
        case = Case.objects.lock(case_id)
        timer = Timer.objects.earliest_per_case(now, [case_id]).get(case_id)
        if timer is None:
            return
        timer.attempts += 1
        timer.last_error = f"{type(error).__name__}: {error}"[:2000]
        timer.wake_at = now + FIRST_BACKOFF * 2 ** (timer.attempts - 1)
        if timer.attempts >= MOST_ATTEMPTS:
            timer.state = Timer.State.SET_ASIDE
            notify.queue(
                [
                    notify.Wanted(
                        NoticeKind.TIMER_SET_ASIDE,
                        case,
                        f"timer:{timer.pk}",
                        person=person,
                        facts={"timer": timer.get_kind_display(), "error": timer.last_error},
                    )
                    for person in Person.objects.managers_of(case.team)
                ],
                now=now,
            )
        timer.save(update_fields=["attempts", "last_error", "wake_at", "state"])


def _take_in_hand(worker, case_ids, now):
    if worker:
        EnginePass.objects.update_or_create(
            worker=worker, defaults={"started_at": now, "finished_at": None, "in_hand": case_ids}
        )


def _lay_down(worker, fired, now):
    if worker:
        EnginePass.objects.filter(worker=worker).update(
            finished_at=now, in_hand=[], passes=F("passes") + 1, fired=F("fired") + fired
        )


def _heartbeat(worker, now):
    """An idle engine says once a second that it looks."""
    with transaction.atomic():
        EnginePass.objects.update_or_create(worker=worker, defaults={"started_at": now, "finished_at": now})
