"""Killed at any boundary, alone or in company, engines lose nothing and do nothing twice."""

import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.journeys.boundaries import DELIVERY, ENGINE
from tests.journeys.conftest import environment, own_database
from tests.journeys.postbox import postbox
from tests.journeys.processes import ROOT
from tests.word import kept_its_word, rows_of

pytestmark = pytest.mark.xdist_group("processes")

CASES, BATCH = 40, 16
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
# Every ten minutes and a second, from before the first warning until all are with the fallback holder.
INSTANTS = [START + timedelta(minutes=m, seconds=1) for m in range(40, 200, 10)]


def program(module, product, *arguments, timeout=120):
    done = subprocess.run(
        [sys.executable, "-m", f"tests.journeys.{module}", *arguments],
        cwd=ROOT,
        env=product,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def desk_full_of_cases(tmp_path_factory, migrated):
    """The URL of a database with cases that fall due, to be copied."""
    folder = tmp_path_factory.mktemp("cases")
    with own_database(folder, template=migrated) as database:
        program("crash_world", environment(folder, database), str(CASES), START.isoformat())
        yield database


@pytest.fixture
def desk(tmp_path, desk_full_of_cases):
    """A copy of it: the environment of its processes."""
    with own_database(tmp_path, template=desk_full_of_cases) as database:
        yield environment(tmp_path, database)


def engines(desk, deaths, **plan):
    """Run as many engines as there are lists of deaths; how their lives ended and what was refused."""
    plan = {"instants": [at.isoformat() for at in INSTANTS], "batch": BATCH, "deaths": deaths, **plan}
    return json.loads(program("engines", desk, json.dumps(plan)))


def everything_happened(desk, mails=None):
    """All the world's deadlines are kept: as many as there are cases, and each ladder at its end."""
    read = rows_of(desk["DATABASE_URL"])
    kept_its_word(read, now=INSTANTS[-1], mails=mails)
    ladders = read(
        "SELECT escalation_id, count(*) AS steps FROM escalations_handoff GROUP BY escalation_id"
    )
    assert [ladder.steps for ladder in ladders] == [4] * CASES
    [ends] = read("SELECT count(*) AS them FROM escalations_escalation WHERE is_at_fallback")
    assert ends.them == CASES
    [breaches] = read("SELECT count(*) AS them FROM cases_trigger WHERE kind = 'target_breached'")
    assert breaches.them == 2 * CASES - CASES // 5  # those that waited are due later


def test_undisturbed_it_keeps_its_word(desk):
    assert engines(desk, [[]]) == {"ends": {"ended with 0": 1}, "refused": []}
    everything_happened(desk)


@pytest.mark.parametrize("boundary", ENGINE)
def test_killed_at_each_boundary_again_and_again(desk, boundary):
    deaths = [[boundary, 1], [boundary, 3], [boundary, 8], [boundary, 20]]
    assert engines(desk, [deaths]) == {"ends": {"killed": 4, "ended with 0": 1}, "refused": []}
    everything_happened(desk)
