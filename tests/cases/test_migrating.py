"""Open cases moved to another policy version on purpose: previewed, refused where it must be, done."""

from datetime import timedelta

import pytest

from cases import engine
from cases.errors import Incomplete, NotInForce, NotTheirs, Refused
from cases.history import INSTALLATION
from cases.models import Case, Clock, Recalculation, Trigger
from cases.operations import ending, migrating, pausing, recalculating
from cases.states import ClockState, Metric, Priority
from tests import factories as make
from tests.cases.test_recalculating import (
    HOUR,
    SECOND,
    at,
    closing,
    dues,
    job,
    resolution,
    the_clock,
    to_the_end,
)

pytestmark = pytest.mark.django_db
State = Recalculation.State


@pytest.fixture
def office():
    return make.calendar()


@pytest.fixture
def ana():
    return make.person("Ana")


@pytest.fixture
def slices_of_two(monkeypatch):
    monkeypatch.setattr(recalculating, "SLICE", 2)
    monkeypatch.setattr(recalculating, "TAKEN_UP_WITHIN", timedelta(0))


@pytest.fixture
def priya():
    return make.person("Priya", role="manager")


@pytest.fixture
def old(office):
    """Sixteen working hours to a resolution."""
    return make.policy(targets=resolution(16), calendar=office)


@pytest.fixture
def five(old, ana, slices_of_two):
    """Five cases of Monday 13:00: due on Wednesday at 13:00."""
    customer = make.customer()
    return [make.case(customer, now=at(2, "13:00"), by=ana, owner=ana) for _ in range(5)]


def newer(policy_version, office, hours=8, *, now, **conditions):
    return make.policy_version(policy_version.policy, resolution(hours), office, now=now, **conditions)


def migrate(old, new, by, *, now, **given):
    given.setdefault("reason", "New contract")
    return migrating.migrate_cases(from_versions=[old], to_version=new, by=by, now=now, **given)


def look(old, new, by, *, now, **given):
    return migrating.preview(from_versions=[old], to_version=new, by=by, now=now, **given)


def on(version):
    return Case.objects.filter(policy_version=version).count()


def test_few_cases_move_at_once_from_their_own_start(office, old, ana, priya):
    case = make.case(now=at(2, "13:00"), by=ana)
    new = newer(old, office, now=at(2, "14:00"))
    assert migrate(old, new, priya, now=at(2, "15:00")).state == State.FINISHED
    clock = the_clock(case)
    assert (clock.due_at, clock.policy_version, clock.term_seconds) == (at(3, "13:00"), new, 8 * HOUR)
    case.refresh_from_db()
    assert case.policy_version == new
    assert case.standing.due_at == at(3, "13:00")
    row = case.history.latest("history_id")
    assert (row.history_user_id, row.history_change_reason) == (priya.pk, "New contract")


def test_a_page_loaded_before_the_move_is_stale(office, old, ana, priya):
    case = make.case(now=at(2, "13:00"), by=ana)
    migrate(old, newer(old, office, now=at(2, "14:00")), priya, now=at(2, "15:00"))
    assert Case.objects.get().revision == case.revision + 1


def test_pauses_are_kept(office, old, ana, priya):
    case = make.case(now=at(2, "13:00"), by=ana)
    pause = pausing.pause(
        case=case,
        reason=make.pause_reason(),
        expected_end_at=at(6, "09:00"),
        by=ana,
        now=at(2, "14:00"),
    )
    pausing.resume(pause=pause, by=ana, now=at(2, "16:00"))
    migrate(old, newer(old, office, now=at(2, "16:30")), priya, now=at(2, "16:30"))
    assert the_clock(case).due_at == at(3, "15:00")


def test_many_move_slice_by_slice(office, old, five, priya):
    new = newer(old, office, 24, now=at(3, "10:00"))
    migrate(old, new, priya, now=at(3, "10:00"))
    assert (on(new), job().total, job().done) == (0, 5, 0)
    moved = []
    while recalculating.next_slice(now=at(3, "10:01"), size=2):
        moved.append((on(new), job().done))
    assert moved == [(2, 2), (4, 4), (5, 5), (5, 5)]
    assert (job().state, job().clocks, job().later) == (State.FINISHED, 5, 5)
    assert set(dues(five)) == {at(5, "13:00")}
    assert {clock.revision for clock in Clock.objects.all()} == {2}


def test_a_shorter_term_that_is_over_is_breached_by_the_move_once(office, old, five, priya):
    new = newer(old, office, 4, now=at(3, "10:00"))
    migrate(old, new, priya, now=at(3, "10:00"))
    to_the_end(at(3, "10:01"))
    assert job().breached == 5
    engine.run_until_idle(now=at(3, "10:02"))
    assert {clock.breached_at for clock in Clock.objects.all()} == {at(3, "10:01")}
    assert Trigger.objects.filter(kind="target_breached").count() == 5


@pytest.mark.parametrize(("second", "breached"), [(0, 0), (1, 5)])
def test_a_breach_that_stood_stands_and_one_not_yet_is_none(office, old, five, priya, second, breached):
    """Due on Wednesday at 13:00; moved then, to a longer term, without the engine having looked."""
    new = newer(old, office, 24, now=at(3, "10:00"))
    migrate(old, new, priya, now=at(4, "13:00") + second * SECOND)
    to_the_end(at(4, "13:00") + second * SECOND)
    assert Clock.objects.exclude(breached_at=None).count() == breached
    assert set(dues(five)) == {at(5, "13:00")}


def test_what_is_due_before_its_turn_goes_first(office, old, ana, priya, slices_of_two, monkeypatch):
    monkeypatch.setattr(recalculating, "TAKEN_UP_WITHIN", timedelta(minutes=10))
    customer = make.customer()
    cases = [make.case(customer, now=at(day, "13:00"), by=ana) for day in (3, 3, 2, 3)]
    new = newer(old, office, 24, now=at(4, "12:55"))
    migrate(old, new, priya, now=at(4, "12:55"))
    recalculating.next_slice(now=at(4, "12:56"), size=2)
    assert [case.policy_version_id == new.pk for case in Case.objects.order_by("pk")] == [
        False,
        False,
        True,
        False,
    ]
    assert the_clock(cases[2]).due_at == at(5, "13:00")
    to_the_end(at(4, "12:57"))
    assert (on(new), job().done, job().total, job().clocks) == (4, 4, 4, 4)


def test_a_target_that_is_owed_no_more_is_stopped(office, old, ana, priya):
    case = make.case(now=at(2, "13:00"), by=ana)
    new = make.policy_version(old.policy, {(Metric.FIRST_RESPONSE, None): HOUR}, office, now=at(2, "14:00"))
    assert look(old, new, priya, now=at(2, "15:00")).stopped == 1
    migrate(old, new, priya, now=at(2, "15:00"))
    assert the_clock(case).state == ClockState.STOPPED


def test_closed_cases_and_ended_clocks_stay_as_they_are(office, old, ana, priya):
    closed, still = (make.case(make.customer(name), now=at(2, "13:00"), by=ana) for name in "ab")
    ending.close(case=closed, reason="withdrawn", by=ana, now=at(2, "14:00"))
    before = Clock.objects.filter(case=closed).values().get()
    new = newer(old, office, now=at(2, "15:00"))
    migrate(old, new, priya, now=at(2, "16:00"))
    closed.refresh_from_db(), still.refresh_from_db()
    assert (closed.policy_version, still.policy_version) == (old, new)
    assert Clock.objects.filter(case=closed).values().get() == before


def test_only_what_was_chosen_moves(office, old, five, priya, ana):
    care = make.team("Care")
    with make.signed():
        Case.objects.filter(pk__in=[five[0].pk, five[1].pk]).update(priority=Priority.HIGH)
        Case.objects.filter(pk__in=[five[1].pk, five[2].pk]).update(team=care)
    new = newer(old, office, now=at(2, "15:00"))
    migrate(old, new, priya, now=at(2, "16:00"), priority=Priority.HIGH, team=care)
    to_the_end(at(2, "16:01"))
    assert list(Case.objects.filter(policy_version=new)) == [five[1]]


def test_who_closes_or_moves_a_case_meanwhile_is_not_overruled(office, old, five, priya, ana):
    new = newer(old, office, now=at(2, "15:00"))
    migrate(old, new, priya, now=at(2, "16:00"))
    ending.close(case=five[3], reason="withdrawn", by=ana, now=at(2, "16:01"))
    to_the_end(at(2, "16:02"))
    five[3].refresh_from_db()
    assert (five[3].policy_version, on(new)) == (old, 4)
    assert job().state == State.FINISHED


def test_a_calendar_that_changed_before_the_move_is_followed_first(office, old, five, priya):
    """Late by the old hours on Wednesday, in time by the new ones: moving does not find a breach."""
    closing(office, 4, now=at(3, "12:00"))
    new = newer(old, office, 24, now=at(4, "14:00"))
    migrate(old, new, priya, now=at(4, "14:00"))
    to_the_end(at(4, "14:01"))
    assert not Clock.objects.exclude(breached_at=None).exists()
    assert set(dues(five)) == {at(6, "13:00")}


# --- Looked at first --------------------------------------------------------------------------------------


def test_the_preview_says_what_would_come_and_writes_nothing(office, old, five, priya):
    new = newer(old, office, 4, now=at(3, "10:00"))
    before = list(Clock.objects.order_by("pk").values())
    seen = look(old, new, priya, now=at(3, "10:00"))
    assert (seen.cases, seen.is_capped, seen.stopped) == (5, False, 0)
    assert (seen.tally.clocks, seen.tally.breached, seen.tally.earlier, seen.tally.later) == (5, 5, 5, 0)
    assert list(Clock.objects.order_by("pk").values()) == before
    assert not Recalculation.objects.exists()


def test_the_preview_looks_at_so_many_and_says_so(office, old, five, priya, monkeypatch):
    monkeypatch.setattr(migrating, "LOOKED_AT", 4)
    seen = look(old, newer(old, office, now=at(2, "15:00")), priya, now=at(2, "16:00"))
    assert (seen.cases, seen.is_capped, seen.tally.clocks) == (4, True, 4)


def test_what_the_preview_says_is_what_happens(office, old, five, priya):
    new = newer(old, office, 12, now=at(3, "10:00"))
    seen = look(old, new, priya, now=at(3, "10:00")).tally
    migrate(old, new, priya, now=at(3, "10:00"))
    to_the_end(at(3, "10:00"))
    done = job()
    assert (done.clocks, done.earlier, done.later, done.breached) == (
        seen.clocks,
        seen.earlier,
        seen.later,
        seen.breached,
    )


# --- Refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["agent", "supervisor", "auditor", "administrator"])
@pytest.mark.parametrize("ask", [look, migrate])
def test_only_who_may_publish_moves_cases_or_looks_at_it(office, old, five, role, ask):
    new = newer(old, office, now=at(2, "15:00"))
    with pytest.raises(NotTheirs):
        ask(old, new, make.person("Xenia", role=role), now=at(2, "16:00"))


def test_without_a_reason_nothing_moves(office, old, five, priya):
    with pytest.raises(Incomplete):
        migrate(old, newer(old, office, now=at(2, "15:00")), priya, now=at(2, "16:00"), reason=" ")


def test_a_version_that_is_not_in_force_takes_no_cases(office, old, five, priya):
    replaced = newer(old, office, now=at(2, "14:00"))
    make.policy_version(old.policy, resolution(8), office, now=at(2, "15:00"), effective_at=at(3, "09:00"))
    planned = old.policy.versions.get(number=3)
    with make.signed():
        draft = old.policy.versions.create(number=4)
    assert migrate(old, replaced, priya, now=at(3, "08:59:59"))
    for version, now in ((planned, at(3, "08:59:59")), (replaced, at(3, "09:00")), (draft, at(3, "09:00"))):
        with pytest.raises(NotInForce):
            migrate(old, version, priya, now=now)
    with make.signed():
        type(old.policy).objects.filter(pk=old.policy.pk).update(is_active=False)
    with pytest.raises(NotInForce):
        migrate(old, planned, priya, now=at(3, "09:00"))


def test_where_nothing_would_move_it_is_said(office, old, priya):
    new = newer(old, office, now=at(2, "15:00"))
    with pytest.raises(Refused, match="No open case"):
        migrate(old, new, priya, now=at(2, "16:00"))
    with pytest.raises(Refused, match="No open case"):
        migrate(new, new, priya, now=at(2, "16:00"))


def test_cases_that_do_not_meet_the_conditions_are_named_and_may_be_left_out(office, old, ana, priya):
    plain = make.case(make.customer("Plain"), now=at(2, "13:00"), by=ana)
    gold = make.case(make.customer("Gold", tier="gold"), now=at(2, "13:00"), by=ana)
    hidden = make.case(
        make.customer("Hidden"), now=at(2, "13:00"), by=ana, restricted_because="a colleague is named"
    )
    other = make.policy("Gold", targets=resolution(4), calendar=office, tier="gold", position=5)
    for ask in (look, migrate):
        with pytest.raises(Refused, match=r"2 cases do not meet the conditions of Gold v1") as refused:
            ask(old, other, priya, now=at(2, "15:00"))
        assert plain.number in refused.value.messages[0]
        assert hidden.number not in refused.value.messages[0]  # restricted to others
    migrate(old, other, priya, now=at(2, "15:00"), only_matching=True)
    assert list(Case.objects.filter(policy_version=other)) == [gold]
    assert the_clock(gold).due_at == at(2, "17:00")


def test_the_installation_may_move_cases_as_well(office, old, five):
    new = newer(old, office, now=at(2, "15:00"))
    assert migrate(old, new, INSTALLATION, now=at(2, "16:00")).total == 5
