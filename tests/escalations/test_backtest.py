"""A back-test over real rows: the version in force plays what happened, a draft what would have; the job."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.errors import NotTheirs, WrongMove
from cases.models import Membership
from escalations.backtest import counting, reading
from escalations.backtest.rosters import Rosters
from escalations.backtest.run import Run, backtest, question
from escalations.errors import CannotBacktest
from escalations.models import BackTest, PathVersion, Rule
from escalations.operations import backtesting
from tests import factories as make
from tests.escalations import past_days

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
State = BackTest.State


@pytest.fixture(scope="module")
def made(for_all_of_the_module, now):
    world = past_days.desk()
    world.pause_reason = make.pause_reason(stops=("ownership", "next_update", "resolution"))
    world.since, world.over = now - DAY, past_days.lived(world, now)
    world.version = world.path.versions.get()
    return world


@pytest.fixture
def w(made, db):
    return deepcopy(made)


def draft(w, **terms):
    """A draft of the path with other times to acknowledge: `level1=600`."""
    with make.signed(w.over):
        version = PathVersion.objects.create(
            path=w.path, number=w.path.versions.count() + 1, fallback=w.priya
        )
        for level in w.version.levels.order_by("number"):
            level.pk, level.version = None, version
            level.acknowledge_seconds = terms.get(f"level{level.number}", level.acknowledge_seconds)
            level.save()
    return version


def asked(w, version=None, **more):
    window = {"since": w.since, "until": w.over, "now": w.over, "with_proposals": False}
    return question(version=version or w.version, **{**window, **more})


def played(w, version=None, name=counting.DRAFT, **more):
    """[(case, really, played)]: each as [(level, who, minutes of the case's day)] of its calls."""
    run = Run(asked(w, version, **more))
    found = []
    for case, really in reading.slice_after(0, 100, since=run.since, until=run.until, kinds=run.kinds):
        found.append((case.pk, steps(really), steps(run.play(case)[name])))
    return found


def steps(ladders):
    """Of a ladder's calls; the engine comes a moment after its instant, the play at it."""
    return [
        [
            (
                call.level_number,
                call.is_fallback,
                call.person_id or -call.team_id,
                round(call.at.timestamp()),
            )
            for call in ladder.calls
        ]
        for ladder in ladders
    ]


def test_the_version_in_force_plays_out_exactly_what_happened(w):
    found = played(w)
    assert sum(len(calls) for _pk, really, _play in found for calls in really) > 15
    for pk, really, play in found:
        assert play == really, pk
    assert [(pk, really) for pk, really, _p in played(w, name=counting.NOW)] == [(p, r) for p, r, _x in found]


def test_what_was_passed_over_is_what_was_recorded(w):
    counted = backtest(version=w.version, since=w.since, until=w.over, now=w.over)
    assert counted["draft"] == counted["now"] == counted["really"]
    assert counted["really"]["passed"]
    assert counted["different"] == {"all": 0, "cases": []}


def test_a_shorter_term_calls_the_next_level_sooner_and_reality_stays_as_it_was(w):
    counted = backtest(version=draft(w, level1=600), since=w.since, until=w.over, now=w.over)
    really, now, would = (counted[name] for name in counting.SCENARIOS)
    assert now == really
    assert would["by_level"]["2"] > really["by_level"]["2"]
    assert would["ladders"] == really["ladders"]


def test_only_what_began_in_the_window_is_counted(w, now):
    first = backtest(version=w.version, since=w.since, until=now + DAY, now=w.over)
    assert first["really"]["ladders"] == 1 and first["draft"] == first["really"]
    rest = backtest(version=w.version, since=now + DAY, until=w.over, now=w.over)
    both = backtest(version=w.version, since=w.since, until=w.over, now=w.over)
    assert first["really"]["ladders"] + rest["really"]["ladders"] == both["really"]["ladders"]


def test_a_case_is_asked_about_as_it_was_then(w):
    """The rule asks for a priority that the cases have only today."""
    with make.signed(w.over):
        Rule.objects.filter(pk=w.rule.pk).update(priority=4)
        type(w.cases[0]).objects.update(priority=4)
    counted = backtest(version=w.version, since=w.since, until=w.over, now=w.over)
    assert counted["now"]["ladders"] == 1  # what was begun by hand


def test_proposed_rules_count_where_they_are_asked_for(w):
    with make.signed(w.over):
        Rule.objects.filter(pk=w.rule.pk).update(is_active=False)
    window = {"version": w.version, "since": w.since, "until": w.over, "now": w.over}
    without, with_them = backtest(**window), backtest(**window, with_proposals=True)
    assert without["draft"]["ladders"] == 1
    assert with_them["draft"] == with_them["really"]
    assert with_them["now"]["ladders"] == 1


def test_a_member_who_left_meanwhile_was_one_then(w, now):
    with make.signed(w.over):
        Membership.objects.filter(person=w.jonas).delete()
    rosters = Rosters(since=w.since, until=w.over + DAY)
    assert rosters.at(now).members[w.team.pk] == (w.ana.pk, w.jonas.pk)
    assert rosters.at(w.over).members[w.team.pk] == (w.ana.pk,)
    assert rosters.at(datetime(2020, 1, 1, tzinfo=UTC)).members[w.team.pk] == (w.ana.pk, w.jonas.pk)


def test_slices_give_the_same_as_the_whole_and_cost_the_same(w):
    run, whole, parts = Run(asked(w)), counting.nothing(), counting.nothing()
    run.slice(0, whole)
    cursor, costs = 0, []
    while cursor is not None:
        with CaptureQueriesContext(connection) as captured:
            cursor = run.slice(cursor, parts, size=2)
        costs.append(len(captured))
    assert parts == whole
    with CaptureQueriesContext(connection) as captured:
        run.slice(0, counting.nothing(), size=100)
    assert len(captured) == max(costs) <= 9


@pytest.mark.parametrize("what", ["future", "reversed", "no level"])
def test_what_cannot_be_tried_is_refused_in_a_sentence(w, now, what):
    more = {"future": {"until": w.over + DAY}, "reversed": {"until": w.since}, "no level": {}}[what]
    version = w.version
    if what == "no level":
        with make.signed():
            version = PathVersion.objects.create(path=w.path, number=9)
    with pytest.raises(CannotBacktest):
        asked(w, version, **more)


# --- The job ----------------------------------------------------------------------------------------------


@pytest.fixture
def job(w):
    return begun(w)


def begun(w, **more):
    given = {"version": w.version, "since": w.since, "until": w.over, "by": w.priya, "now": w.over}
    return backtesting.begin(**{**given, **more})


def worked(now, size=3):
    worker, slices = backtesting.Worker(size), 0
    while worker.next_slice(now=now):
        slices += 1
    return slices


def test_it_moves_slice_by_slice_and_its_result_stays(w, job):
    assert (job.total, job.done, job.state) == (7, 0, State.IN_PROGRESS)
    worker = backtesting.Worker(3)
    worker.next_slice(now=w.over)
    job.refresh_from_db()
    assert (job.done, job.state) == (3, State.IN_PROGRESS)
    worked(w.over)
    job.refresh_from_db()
    assert (job.done, job.state, job.finished_at) == (7, State.FINISHED, w.over)
    assert job.counted == backtest(version=w.version, since=w.since, until=w.over, now=w.over)


def test_what_is_changed_meanwhile_changes_nothing_of_it(w):
    version = draft(w)
    job = begun(w, version=version)
    backtesting.Worker(3).next_slice(now=w.over)
    with make.signed(w.over):
        version.levels.update(acknowledge_seconds=1)
        Rule.objects.update(is_active=False)
    worked(w.over)
    job.refresh_from_db()
    assert job.counted["draft"] == job.counted["really"]


def test_one_slice_is_in_one_hand_until_that_hand_is_given_up(w, job):
    backtesting._take(w.over)
    assert worked(w.over) == 0
    assert worked(w.over + timedelta(seconds=59)) == 0
    assert worked(w.over + timedelta(seconds=60)) == 4


def test_a_slice_done_twice_is_counted_once(w, job):
    first = backtesting._take(w.over)
    second = backtesting._take(w.over + timedelta(minutes=1))
    run = Run(job.question)
    for taken in (first, second):
        cursor = run.slice(taken.cursor, taken.counted, 3)
        backtesting._put(taken, w.over, counted=taken.counted, done=taken.counted["cases"], cursor=cursor)
    job.refresh_from_db()
    assert job.done == job.counted["cases"] == 3


def test_cancelled_it_stops_and_keeps_what_it_counted(w, job):
    worker = backtesting.Worker(3)
    worker.next_slice(now=w.over)
    taken = backtesting._take(w.over)
    backtesting.cancel(job=job, by=w.priya, now=w.over)
    backtesting._put(taken, w.over, done=6)
    job.refresh_from_db()
    assert (job.state, job.done, job.finished_at) == (State.CANCELLED, 3, w.over)
    assert worked(w.over) == 0
    with pytest.raises(WrongMove):
        backtesting.cancel(job=job, by=w.priya, now=w.over)


def test_one_that_fails_says_so_and_does_not_hold_up_the_next(w, job, monkeypatch):
    def fails(*args, **kwargs):
        raise ValueError("no such hour")

    with monkeypatch.context() as broken:
        broken.setattr(Run, "slice", fails)
        worked(w.over)
    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, "ValueError: no such hour")
    again = begun(w)
    worked(w.over)
    again.refresh_from_db()
    assert again.state == State.FINISHED


def test_a_version_is_tried_once_at_a_time(w, job):
    with pytest.raises(CannotBacktest, match="going on"):
        begun(w)
    worked(w.over)
    begun(w)


def test_only_who_may_draft_begins_and_cancels_it(w, job):
    for by in (w.ana, make.person("Olga", role="auditor"), make.person("Adam", role="administrator")):
        with pytest.raises(NotTheirs):
            begun(w, by=by)
        with pytest.raises(NotTheirs):
            backtesting.cancel(job=job, by=by, now=w.over)
    backtesting.cancel(job=job, by=make.person("Sofia", role="supervisor"), now=w.over)


def test_more_than_two_years_are_too_many(w):
    with pytest.raises(CannotBacktest, match="Two|two"):
        begun(w, since=w.over - timedelta(days=731, seconds=1))
    begun(w, since=w.over - timedelta(days=731))


def test_a_draft_that_is_thrown_away_leaves_its_result(w):
    version = draft(w)
    job = begun(w, version=version)
    with make.signed(w.over):
        version.delete()
    worked(w.over)
    job.refresh_from_db()
    assert (job.version, job.title, job.state) == (None, "Complaints v2", State.FINISHED)


# --- The command ------------------------------------------------------------------------------------------


def test_the_command_reports_as_json_with_names(w, capsys):
    since, until = w.since.isoformat(), w.over.isoformat()
    call_command("backtest_path", "Complaints", f"--since={since}", f"--until={until}", "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["version"] == "Complaints v1"
    assert report["draft"] == report["really"]
    assert {row["who"] for row in report["really"]["load"]} >= {"Care", "Marta", "Priya"}
    assert {"cases", "breaches", "seconds", "peak_memory_mb", "assumptions"} <= set(report)


def test_the_command_reports_in_words(w, capsys):
    draft(w, level1=600)
    since, until = w.since.date().isoformat(), w.over.isoformat()
    call_command("backtest_path", "Complaints", f"--since={since}", f"--until={until}")
    said = capsys.readouterr().out
    assert "Complaints v2" in said and "at level 2" in said


@pytest.mark.parametrize(("path", "since"), [("Nothing", "2026-01-01"), ("Complaints", "yesterday")])
def test_the_command_says_what_it_would_accept(w, path, since):
    with pytest.raises(CommandError, match="Complaints|2026-03-02"):
        call_command("backtest_path", path, f"--since={since}")
