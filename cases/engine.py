"""The engine: claims due timers case by case and reacts to them as sets, all of a pass in one transaction.

Any number of processes may run it at once. Case first, everywhere: cases are locked before their timers are
touched, in the order of their ids, and of each case only the earliest due timer fires in a pass. A crash is a
rollback; the next pass does it again.

What failed once runs alone from then on: a timer whose reaction raised, and every timer that was in hand
when its process died. So neither a poison row nor one that kills its process ever stops the others, and which
one it is stands in the pass record that was committed beforehand.
"""

import logging
import os
import uuid
from datetime import timedelta
from functools import cache

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from . import history
from .errors import Refused
from .hours import NoOpenHours, OutOfRange
from .models import Case, EnginePass, NoticeKind, Person, Timer
from .operations import notify, watching
from .prepared import Given, Prepared
from .sets import update_each

log = logging.getLogger(__name__)

BATCH = 500
ALONE = 20  # of those that run alone, so many a pass
SLICE = timedelta(milliseconds=250)
HEARTBEAT = timedelta(seconds=1)
MOST_ATTEMPTS = 8
FIRST_BACKOFF = timedelta(seconds=5)
# A process that said nothing for this long while it had cases in hand is gone.
ABANDONED = timedelta(seconds=60)
# A pass takes less than that; until then nobody else tries what is in its hands.
STILL_AT_IT = timedelta(seconds=2)
# What PostgreSQL says where one statement took too long, waited for others or ran against them: that row is
# tried again alone, and for ever; all other trouble of the database's is no row's.
ONE_STATEMENTS = {"57014", "55P03", "40P01", "40001"}
# In hand when a process died: once with others, then twice alone.
MOST_DEATHS = 3
PASSES_KEPT = timedelta(days=1)
LOADED = uuid.uuid4().hex

REACTIONS, SUBJECTS = {}, {}


def _waking(most):
    return Prepared(
        lambda: (
            Timer.objects.pending()
            .filter(wake_at__lt=Given("until"))
            .order_by("wake_at")
            .values_list("wake_at", "case_id")[:most]
        )
    )


@cache
def _peek(most):
    """The cases that are due, soonest first, and how often each was tried; without what `others` have."""
    due = Timer.objects.due(Given("now")).exclude(case_id__among=Given("others"))
    return Prepared(lambda: due.order_by("wake_at").values_list("case_id", "attempts")[:most])


@cache
def _peek_untried(most):
    due = Timer.objects.due(Given("now")).filter(attempts=0).exclude(case_id__among=Given("others"))
    return Prepared(lambda: due.order_by("wake_at").values_list("case_id")[:most])


IN_HAND = Prepared(
    lambda: (
        EnginePass.objects.filter(
            finished_at=None, started_at__gt=Given("after"), started_at__lt=Given("before")
        )
        .exclude(worker=Given("worker"))
        .values_list("in_hand")
    )
)
WAKING = _waking(BATCH)


def reacts_to(*kinds, of=None):
    """Register a reaction: `f(timers, *, cases, now)`, called with a group of one kind, in the transaction.

    `timers` are of different cases; `cases` is {id: locked case}. It must act as a set and be silent about
    timers whose subject has moved on (another occurrence, already ended). `of`: the model of the subjects; a
    timer whose subject is gone is set aside before it comes to a reaction.
    """

    def register(reaction):
        for kind in kinds:
            if kind in REACTIONS:
                raise RuntimeError(f"two reactions to {kind}")
            REACTIONS[kind] = reaction
            if of is not None:
                SUBJECTS[kind] = Prepared(
                    lambda: of._base_manager.filter(pk__among=Given("ids")).values_list("pk")
                )
        return reaction

    return register


def run_once(*, now, batch=BATCH, worker=""):
    """React to what is due at `now`; return how many timers fired. What a pass does, it commits at once.

    With `worker`, the pass is recorded, and the cases in hand are committed before anything is done to them.
    """
    return _pass(now, batch, worker)[0]


def run_until_idle(*, now, batch=BATCH, worker=""):
    """Passes until nothing is due at `now`; return how many timers fired in all."""
    total, handled = 0, True
    while handled:
        fired, handled = _pass(now, batch, worker)
        total += fired
    return total


def linger(*, seconds, clock, sleep, stopped, worker):
    """Passes for `seconds`, sleeping to the next due time in slices of at most 250 ms.

    `clock()` gives aware UTC and may jump: no pass counts on the one before.
    """
    started = beat = clock()
    until = started + timedelta(seconds=seconds)
    total = 0
    _adopt(worker, started)
    _heartbeat(worker, started)
    while not stopped():
        now = clock()
        if abs(now - beat) >= HEARTBEAT:
            _heartbeat(worker, now)
            beat = now
        fired, handled = _pass(now, BATCH, worker)
        total += fired
        if handled:
            continue
        if not started <= now < until:
            break
        next_wake = Timer.objects.next_wake()
        pause = min(SLICE, until - now, max(next_wake - now, timedelta(0)) if next_wake else SLICE)
        sleep(max(pause.total_seconds(), 0.001))
    return total


def passes_before(*, until):
    """Everything that wakes before `until`, each pass at its own instant, in the caller's transaction.

    For a replay, which has a clock of its own and commits in steps of its own; nothing is halved or put off.
    """
    while due := WAKING.all(until=until):
        now = due[0][0]
        with history.acting(by=history.ENGINE, reason=_("timer due"), now=now, via="engine"):
            react(sorted({case_id for wake_at, case_id in due if wake_at == now}), now=now)


def react(case_ids, *, now, alone=False):
    """Fire the earliest due timer of each of these cases, in the caller's transaction.

    Return what fired, and how many timers were handled: those that were set aside at once too.
    """
    cases = Case.objects.claim(case_ids)
    timers = list(Timer.objects.earliest_per_case(now, list(cases)).values())
    if not alone:
        # Where the earliest runs alone, its case waits for it.
        timers = [timer for timer in timers if timer.attempts == 0]
    groups = {}
    for timer in timers:
        groups.setdefault(timer.kind, []).append(timer)
    hopeless = _hopeless(groups)
    _set_aside(hopeless, cases, now)
    firing = [timer for timer in timers if timer not in hopeless] if hopeless else timers
    # Before the reactions, not after: a reaction that asks for another look at the rules must not mistake the
    # one that is just being done for one still to come.
    for timer in firing:
        timer.state, timer.fired_at = Timer.State.FIRED, now
    update_each(firing, ["state", "fired_at"])
    for kind, group in groups.items():
        if group := [timer for timer in group if timer not in hopeless] if hopeless else group:
            REACTIONS[kind](group, cases=cases, now=now)
    return firing, len(timers)


# --- What fails ---------------------------------------------------------------------------------------------


def _pass(now, batch, worker):
    """(timers fired, timers handled: fired, put off or set aside) of one pass at `now`."""
    # A peek outside of any transaction: an idle pass takes no lock, on SQLite not even the writer's.
    due = _peek(batch).all(now=now, others=[])
    if not due:
        return 0, 0
    if others := _in_others_hands(worker, now):
        due = _peek(batch).all(now=now, others=others)
    alone = list(dict.fromkeys(case_id for case_id, attempts in due if attempts))
    together = {case_id for case_id, attempts in due if not attempts}
    if alone and len(due) == batch:
        together = {case_id for (case_id,) in _peek_untried(batch).all(now=now, others=others)}
    fired = handled = 0
    batches = [(sorted(together), False)] if together else []
    for case_ids, is_alone in batches + [([case_id], True) for case_id in alone[:ALONE]]:
        _take_in_hand(worker, case_ids, now)
        firing, done = _react_or_halve(case_ids, now, is_alone)
        _lay_down(worker, firing, now)
        fired, handled = fired + len(firing), handled + done
    return fired, handled


def _in_others_hands(worker, now):
    """The cases that other engines took in hand just now: theirs, without trying their locks one by one.

    Only for a moment: what a process that is gone had in hand is anybody's again at once after it.
    """
    recent = {"after": now - STILL_AT_IT, "before": now + STILL_AT_IT}
    return [pk for (ids,) in IN_HAND.all(worker=worker, **recent) for pk in ids]


def _react_or_halve(case_ids, now, alone=False):
    """A batch that fails is halved until the row that fails is alone; it never stops the others."""
    try:
        with history.acting(by=history.ENGINE, reason=_("timer due"), now=now, via="engine"):
            return react(case_ids, now=now, alone=alone)
    except (OperationalError, InterfaceError) as error:
        if getattr(error.__cause__, "sqlstate", None) not in ONE_STATEMENTS:
            raise  # the database's trouble, not a row's: the next pass does it again
        failure = error
    except Exception as error:
        failure = error
    if len(case_ids) == 1:
        log.error("a timer of case %s failed", case_ids[0], exc_info=failure)
        return [], _put_off(case_ids[0], failure, now, alone)
    middle = len(case_ids) // 2
    first = _react_or_halve(case_ids[:middle], now, alone)
    second = _react_or_halve(case_ids[middle:], now, alone)
    return first[0] + second[0], first[1] + second[1]


def _put_off(case_id, error, now, alone):
    """Try again later; after enough tries set the timer aside and tell those who can mend it. What the
    database was too busy for is tried for ever."""
    with history.acting(by=history.ENGINE, reason=_("timer failed"), now=now, via="engine"):
        cases = Case.objects.claim([case_id])
        timer = Timer.objects.earliest_per_case(now, list(cases)).get(case_id)
        if timer is None or (timer.attempts and not alone):
            return 0
        timer.attempts += 1
        timer.last_error = _sentence(error, timer)
        timer.wake_at = now + FIRST_BACKOFF * 2 ** (min(timer.attempts, MOST_ATTEMPTS) - 1)
        update_each([timer], ["attempts", "last_error", "wake_at"])
        if timer.attempts >= MOST_ATTEMPTS and not isinstance(error, OperationalError):
            _set_aside({timer: timer.last_error}, cases, now)
    return 1


def _hopeless(groups):
    """{timer: sentence} for those that no further try would help."""
    found = {}
    for kind, group in groups.items():
        if kind not in REACTIONS:
            sentence = _("Nobody here knows how to do “%(kind)s”; the program that armed it is missing.")
            found.update({timer: sentence % {"kind": kind} for timer in group})
        elif kind in SUBJECTS:
            there = {pk for (pk,) in SUBJECTS[kind].all(ids=[timer.subject_id for timer in group])}
            sentence = _("What this is about (number %(subject)d) is not there any more.")
            found.update(
                {t: sentence % {"subject": t.subject_id} for t in group if t.subject_id not in there}
            )
    return found


def _set_aside(sentences, cases, now):
    """Stop trying {timer: sentence}; those who answer for the cases are told."""
    if not sentences:
        return
    for timer, sentence in sentences.items():
        timer.state, timer.last_error = Timer.State.SET_ASIDE, sentence
    update_each(sentences, ["state", "last_error"])
    teams = {cases[timer.case_id].team_id: cases[timer.case_id].team for timer in sentences}
    managers = {pk: list(Person.objects.managers_of(team)) for pk, team in teams.items()}
    notify.queue_for_somebody(
        [
            notify.Wanted(
                NoticeKind.TIMER_SET_ASIDE,
                cases[timer.case_id],
                f"timer:{timer.pk}:{now.timestamp():.0f}",
                person=person,
                facts={"timer": timer.get_kind_display(), "error": sentence},
            )
            for timer, sentence in sentences.items()
            for person in managers[cases[timer.case_id].team_id]
        ],
        now=now,
    )


def _sentence(error, timer):
    """What went wrong, for the manager who is to mend it."""
    if isinstance(error, Refused):
        return " ".join(error.messages)
    if isinstance(error, NoOpenHours | OutOfRange):
        return _(
            "A calendar that it needs has no more open hours, or too few, so it would never be due; "
            "give that calendar open hours, then try this again."
        )
    if isinstance(error, OverflowError):
        words = {"due": timer.due_at.isoformat()}
        return _("Its time, %(due)s, is outside of what a calendar counts.") % words
    return _("Something unexpected happened; show this to whoever runs the desk: %(error)s") % {
        "error": f"{type(error).__name__}: {error}"[:1000]
    }


# --- The record of passes -----------------------------------------------------------------------------------


def _process():
    """This process as long as it lives, a fork told from its parent: what an earlier one of the same name
    left in hand is not in ours."""
    return f"{LOADED}/{os.getpid()}"


def _take_in_hand(worker, case_ids, now):
    _record(worker, started_at=now, finished_at=None, in_hand=case_ids, process=_process())


def _lay_down(worker, fired, now):
    if not worker:
        return
    # Lateness counts from the later of the due instant and the one it was armed at (RULES 8).
    late = [(now - max(timer.due_at, timer.armed_at)).total_seconds() for timer in fired]
    with transaction.atomic():
        EnginePass.objects.filter(worker=worker).update(
            finished_at=now, in_hand=[], passes=F("passes") + 1, fired=F("fired") + len(fired)
        )
        watching.tally(worker=worker, lateness=late, now=now)


def _heartbeat(worker, now):
    """An idle engine says once a second that it looks."""
    _record(worker, started_at=now, finished_at=now, in_hand=[], process=_process())


def _record(worker, **fields):
    if worker and not EnginePass.objects.filter(worker=worker).update(**fields):
        EnginePass.objects.get_or_create(worker=worker, defaults=fields)


def _adopt(worker, now):
    """Take over what processes that are gone left in hand: each of it runs alone from now on.

    Those are an earlier process of our own name, and any that nobody has heard of for a while. Where a case
    is locked, somebody is at work on it after all.
    """
    gone = Q(worker=worker) | Q(started_at__lt=now - ABANDONED)
    left = EnginePass.objects.filter(gone, finished_at=None).exclude(process=_process())
    for pk in list(left.values_list("pk", flat=True)):
        with history.acting(by=history.ENGINE, reason=_("a process ended"), now=now, via="engine"):
            lock = {"skip_locked": True} if connection.features.has_select_for_update_skip_locked else {}
            record = left.select_for_update(**lock).filter(pk=pk).first()
            if record is not None:
                _blame(record, now)
                EnginePass.objects.filter(pk=pk).update(finished_at=now, in_hand=[])
    EnginePass.objects.filter(started_at__lt=now - PASSES_KEPT).exclude(finished_at=None).delete()


def _blame(record, now):
    cases = Case.objects.claim(record.in_hand)
    timers = Timer.objects.earliest_per_case(record.started_at, list(cases)).values()
    was_alone, aside = len(record.in_hand) == 1, {}
    for timer in timers:
        # With others it counts once, however many processes that had looked at the same rows ended together.
        timer.attempts = timer.attempts + 1 if was_alone else max(timer.attempts, 1)
        timer.last_error = _("The process that ran it ended before it was done.")
        if was_alone and timer.attempts > 1:
            again = now + FIRST_BACKOFF * 2 ** (timer.attempts - 1)
            timer.wake_at = max(timer.wake_at, again)  # never before its time, wherever the clock is now
    update_each(timers, ["attempts", "last_error"] + (["wake_at"] if was_alone else []))
    if was_alone:
        sentence = _("Each process that ran it ended before it was done, %(times)d times in all.")
        aside = {t: sentence % {"times": t.attempts} for t in timers if t.attempts >= MOST_DEATHS}
    _set_aside(aside, cases, now)
