"""A timer that always fails, among ten thousand due with it: it delays nobody and is not forgotten."""

import math
from collections import Counter
from datetime import timedelta

import pytest

from cases import engine
from cases.models import Case, Notice, Timer
from cases.operations import timers
from cases.states import Metric, TimerKind
from tests import factories as make

pytestmark = pytest.mark.django_db
OTHERS = 10_000


@pytest.fixture
def fired(monkeypatch):
    """How often each subject's effect was recorded; that of the poison never is."""
    effects = Counter()

    def react(group, *, cases, now):
        poisoned = [timer for timer in group if timer.subject_id == 0]
        if poisoned:
            raise LookupError("no rung above this one")
        effects.update(timer.subject_id for timer in group)

    monkeypatch.setitem(engine.REACTIONS, TimerKind.HOLDER_REMINDER, react)
    monkeypatch.delitem(engine.SUBJECTS, TimerKind.HOLDER_REMINDER)
    return effects


def cases_that_owe_nothing(how_many, now):
    """Their ids, in order; written as one set."""
    make.policy(targets={(Metric.RESOLUTION, None): 10**8})
    first = make.case(now=now)
    Timer.objects.all().delete()
    copied = {field.attname: getattr(first, field.attname) for field in Case._meta.concrete_fields}
    del copied["id"]
    with make.signed(now):
        Case.objects.bulk_create((Case(**copied) for _n in range(how_many - 1)), batch_size=1000)
    return list(Case.objects.order_by("pk").values_list("pk", flat=True))


def due(cases, at, poison):
    """A timer for each case, in the order of the cases; that of the case at `poison` has subject 0."""
    timers.save(
        timers.arm(
            case_id=pk,
            kind=TimerKind.HOLDER_REMINDER,
            subject_id=0 if n == poison else pk,
            due_at=at,
            now=at,
        )
        for n, pk in enumerate(cases)
    )


@pytest.mark.parametrize("poison", [0, OTHERS // 2], ids=["first", "amid them"])
def test_it_delays_ten_thousand_others_by_no_more_than_a_batch(fired, now, poison):
    manager = make.person("Priya", role="manager")
    due(cases_that_owe_nothing(OTHERS + 1, now), now, poison)
    passes = math.ceil((OTHERS + 1) / engine.BATCH)
    for _pass in range(passes + 1):
        engine.run_once(now=now)
    assert len(fired) == OTHERS
    assert set(fired.values()) == {1}
    put_off = Timer.objects.get(state="pending")
    assert (put_off.subject_id, put_off.due_at, put_off.wake_at > now) == (0, now, True)

    tries, at = put_off.attempts, put_off.wake_at
    while Timer.objects.filter(state="pending").exists():
        engine.run_until_idle(now=at)
        tries, at = tries + 1, Timer.objects.get(subject_id=0).wake_at
    aside = Timer.objects.get(state="set_aside")
    assert (aside.attempts, tries) == (engine.MOST_ATTEMPTS, engine.MOST_ATTEMPTS)
    assert "no rung above this one" in aside.last_error
    [told] = Notice.objects.in_app_for(manager)
    assert told.facts["error"] == aside.last_error
    assert len(fired) == OTHERS and set(fired.values()) == {1}
    assert engine.run_until_idle(now=at + timedelta(days=400)) == 0


def test_as_many_poisoned_as_a_batch_holds_stop_nobody_either(fired, now, monkeypatch):
    """They fall due before all others, and again at the very instant at which others do."""

    def fail(group, *, cases, now):
        raise LookupError("never")

    monkeypatch.setitem(engine.REACTIONS, TimerKind.PROMISE_AT_RISK, fail)
    monkeypatch.delitem(engine.SUBJECTS, TimerKind.PROMISE_AT_RISK)
    batch = 40
    cases = cases_that_owe_nothing(5 * batch, now)
    due(cases[:batch], now - timedelta(seconds=1), None)
    Timer.objects.update(kind=TimerKind.PROMISE_AT_RISK)
    due(cases[batch : 4 * batch], now, None)
    for _pass in range(1 + 3):  # theirs, and what three batches take
        engine.run_once(now=now, batch=batch)
    assert len(fired) == 3 * batch

    later = Timer.objects.filter(state="pending").latest("wake_at").wake_at
    due(cases[4 * batch : 5 * batch], later, None)
    engine.run_once(now=later, batch=batch)
    assert len(fired) == 4 * batch
