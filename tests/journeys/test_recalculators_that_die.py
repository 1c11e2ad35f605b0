"""Killed anywhere, alone or in company, the workers that follow a changed calendar do every case once."""

import json
import signal
import subprocess
import sys

import pytest

from tests.journeys.conftest import environment, own_database
from tests.journeys.processes import HUNG, ROOT, program

CASES, SLICE = 24, 5
OLD, NEW = "2026-03-04T12:00:00+00:00", "2026-03-05T12:00:00+00:00"


@pytest.fixture
def desk(tmp_path, migrated):
    with own_database(tmp_path, template=migrated) as database:
        desk = environment(tmp_path, database)
        program("recalculators", desk, "build", str(CASES))
        yield desk


def said(desk):
    return json.loads(program("recalculators", desk, "say"))


def start(desk, *death):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.recalculators", "work", *death], cwd=ROOT, env=desk
    )


def every_case_once(desk):
    assert said(desk) == {
        "state": "finished",
        "done": CASES,
        "later": CASES,
        "dues": {NEW: CASES},
        "revisions": {"2": CASES},
        "rows": 2 * CASES,  # its beginning and its one change
        "timers": CASES,
    }


@pytest.mark.parametrize(("boundary", "kept"), [("between", 5), ("before", 5), ("after", 10)])
def test_killed_in_its_second_slice_it_resumes_at_the_last_one_committed(desk, boundary, kept):
    assert start(desk, boundary, "2").wait(timeout=HUNG) == -signal.SIGKILL
    left = said(desk)
    assert (left["state"], left["done"], left["dues"]) == (
        "in_progress",
        kept,
        {NEW: kept, OLD: CASES - kept},
    )
    program("recalculators", desk, "work")
    every_case_once(desk)


def test_of_two_at_once_one_dies_and_the_other_does_the_rest(desk):
    dying, living = start(desk, "between", "1"), start(desk)
    assert living.wait(timeout=HUNG) == 0
    dying.wait(timeout=HUNG)  # killed, unless the other left it nothing
    program("recalculators", desk, "work")
    every_case_once(desk)
