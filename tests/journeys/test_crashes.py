"""Killed at any boundary, alone or in company, engines lose nothing and do nothing twice."""

import json
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.databases import own_server
from tests.journeys.boundaries import DELIVERY, ENGINE
from tests.journeys.conftest import environment, own_database, run_on
from tests.journeys.postbox import postbox
from tests.journeys.processes import manage, program, wait_until
from tests.word import kept_its_word, rows_of

CASES, BATCH = 16, 6
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
# A second after what falls due, from the first warnings until all are with the fallback holder.
MINUTES = (50, 60, 80, 90, 100, 110, 120, 140, 160, 170, 180, 190)
INSTANTS = [START + timedelta(minutes=m, seconds=1) for m in MINUTES]


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


def engines(desk, deaths, instants=INSTANTS, **plan):
    """Run as many engines as there are lists of deaths; how their lives ended and what was refused."""
    plan = {"instants": [at.isoformat() for at in instants], "batch": BATCH, "deaths": deaths, **plan}
    lives = json.loads(program("engines", desk, json.dumps(plan)))
    assert lives.pop("amiss") == [], "the reconciler would have something to put right"
    return lives


def everything_happened(desk, mails=None):
    """All the world's deadlines are kept: as many as there are cases, and each ladder at its end."""
    read = rows_of(desk["DATABASE_URL"])
    kept_its_word(read, now=INSTANTS[-1], mails=mails)
    ladders = read("SELECT escalation_id, count(*) AS steps FROM escalations_handoff GROUP BY escalation_id")
    assert [ladder.steps for ladder in ladders] == [4] * CASES
    [ends] = read("SELECT count(*) AS them FROM escalations_escalation WHERE is_at_fallback")
    assert ends.them == CASES
    [breaches] = read("SELECT count(*) AS them FROM cases_trigger WHERE kind = 'target_breached'")
    assert breaches.them == 2 * CASES - len(range(0, CASES, 5))  # those that waited are due later


def test_undisturbed_it_keeps_its_word(desk):
    assert engines(desk, [[]]) == {"ends": {"ended with 0": 1}, "refused": []}
    everything_happened(desk)


@pytest.mark.parametrize("boundary", ENGINE)
def test_killed_at_each_boundary_again_and_again(desk, boundary):
    deaths = [[boundary, 1], [boundary, 4], [boundary, 13]]
    assert engines(desk, [deaths]) == {"ends": {"killed": 3, "ended with 0": 1}, "refused": []}
    everything_happened(desk)


def test_three_at_once_get_in_nobodys_way(desk):
    assert engines(desk, [[], [], []], batch=5) == {"ends": {"ended with 0": 3}, "refused": []}
    everything_happened(desk)
    # What two do at once the database's own rules would refuse one of them: it must not come to that.
    assert rows_of(desk["DATABASE_URL"])("SELECT * FROM cases_timer WHERE last_error <> ''") == []


def test_one_whose_clock_is_behind_does_nothing_twice_and_nothing_late(desk):
    lives = engines(desk, [[], [], []], batch=5, behind=7)
    assert lives == {"ends": {"ended with 0": 3}, "refused": []}
    everything_happened(desk)


@pytest.mark.parametrize("how_many", [2, 3])
def test_several_at_once_while_each_of_them_is_killed(desk, how_many):
    deaths = [[[boundary, 2], [boundary, 4]] for boundary in ENGINE[-how_many:]]
    # By chance the same timer may be in hand at three deaths; that it caused them is another test's matter.
    lives = engines(desk, deaths, no_suspicion=True)
    assert lives["refused"] == []  # no deadlock either
    assert lives["ends"]["ended with 0"] == how_many
    assert how_many <= lives["ends"]["killed"] <= 2 * how_many  # a second life may find all done
    everything_happened(desk)


@pytest.mark.parametrize("boundary", DELIVERY)
def test_killed_between_the_fact_and_the_mail(desk, boundary):
    until = INSTANTS[:2]  # each case was breached and handed over once
    with postbox() as box:
        desk["EMAIL_URL"] = box.url
        lives = engines(desk, [[[boundary, 1], [boundary, 30]]], instants=until, deliver=True)
    assert lives == {"ends": {"killed": 2, "ended with 0": 1}, "refused": []}
    kept_its_word(rows_of(desk["DATABASE_URL"]), now=until[-1], mails=box.taken)
    # Only what the server had taken and nobody could write down any more came twice.
    doubled = len(box.taken) - len(set(box.taken))
    assert doubled == (2 if boundary == "after_sending" else 0)


def test_a_row_that_kills_whoever_touches_it_is_set_aside_and_stops_nobody(desk):
    how_many = 2
    read = rows_of(desk["DATABASE_URL"])
    *_others, deadly = read("SELECT id, case_id FROM cases_clock WHERE metric = 'first_response' ORDER BY id")
    lives = engines(desk, [[]] * how_many, deadly=deadly.id)
    assert lives["refused"] == []
    assert lives["ends"]["ended with 0"] == how_many
    # Once with others, then twice alone; each engine may meet it before it knows of another's death.
    assert 3 <= lives["ends"]["killed"] <= 3 * how_many
    kept_its_word(read, now=INSTANTS[-1], set_aside={deadly.id})
    ladders = read("SELECT escalation_id, count(*) AS steps FROM escalations_handoff GROUP BY escalation_id")
    assert [ladder.steps for ladder in ladders] == [4] * (CASES - 1)
    [aside] = read("SELECT * FROM cases_timer WHERE state = 'set_aside'")
    assert "ended before it was done" in aside.last_error
    told = read(f"SELECT * FROM cases_notice WHERE kind = 'timer_set_aside' AND case_id = {deadly.case_id}")
    assert told
    others = f"SELECT id FROM cases_clock WHERE metric = 'first_response' AND id <> {deadly.id}"
    beside_it = read(
        "SELECT due_at, fired_at FROM cases_timer WHERE kind = 'clock_breached' AND state = 'fired'"
        f" AND subject_id IN ({others})"
    )
    assert len(beside_it) == CASES - 1
    assert max(timer.fired_at - timer.due_at for timer in beside_it) < timedelta(minutes=1)


@contextmanager
def again_and_again(desk, disturb, times, every):
    """`disturb(over)` so many times, in the background, every so many seconds from when both engines are at
    work, however long they take to begin; `over` is set when they have ended."""
    over, read = threading.Event(), rows_of(desk["DATABASE_URL"])

    def at_work():
        return over.is_set() or len(read("SELECT worker FROM cases_enginepass")) == 2

    def run():
        wait_until(at_work, every=0.01)
        for _time in range(times):
            disturb(over)
            if over.wait(every):
                break

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def lock_out(database):
    """Keep every other writer out of the file for longer than it has patience."""
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"), timeout=20)) as rude:
        rude.execute("BEGIN IMMEDIATE")
        time.sleep(0.25)
        rude.rollback()


def cut_off(database):
    """End every other session of this database."""
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_the_database_taken_away_again_and_again(desk):
    database = desk["DATABASE_URL"]
    taken_away = lock_out if connection.vendor == "sqlite" else cut_off
    # A file is kept from others for a moment only, and a fast machine is soon done.
    often = {"times": 40, "every": 0.05} if connection.vendor == "sqlite" else {"times": 12, "every": 0.4}
    with again_and_again(desk, lambda over: taken_away(database), **often):
        lives = engines(desk, [[], []], patience=0.1)
    assert lives["ends"] == {"ended with 0": 2}
    assert len(lives["refused"]) >= 2, "nothing was in the way of anybody"
    everything_happened(desk)


if connection.vendor == "sqlite":

    def test_a_full_disk(desk):
        lives = engines(desk, [[], []], room=100_000)
        assert lives["ends"] == {"ended with 0": 2}
        assert set(lives["refused"]) <= {"disk I/O error", "database or disk is full"}
        assert len(lives["refused"]) >= 3, "the disk was never full"
        everything_happened(desk)

else:

    @pytest.fixture(scope="module")
    def small_disk():
        """A folder on a disk of its own with little room, which only root may mount."""
        folder = Path(tempfile.mkdtemp(prefix="desk-disk-"))
        mount = ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
            yield None
        else:
            yield folder
            subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(folder)

    @pytest.fixture(scope="module")
    def server(small_disk):
        """A PostgreSQL of our own, its tables on the small disk if there is one."""
        with own_server(data=small_disk / "tables" / "data" if small_disk else None) as server:
            yield server

    @pytest.fixture(scope="module")
    def cases_there(tmp_path_factory, server):
        folder = tmp_path_factory.mktemp("cases-there")
        with own_database(folder, server=server.url) as database:
            product = environment(folder, database)
            manage(product, "migrate", "--verbosity=0")
            program("crash_world", product, str(CASES), START.isoformat())
            yield database

    @pytest.fixture
    def desk_there(tmp_path, server, cases_there):
        with own_database(tmp_path, template=cases_there, server=server.url) as database:
            # PostgreSQL 15 hands out the numbers that a copied sequence had in stock without a word in its
            # log until the next checkpoint; if the power goes before, it hands them out again.
            run_on("CHECKPOINT", server.url)
            yield environment(tmp_path, database)

    def test_the_server_loses_its_power_and_comes_back(server, desk_there):
        def again(over):
            server.stop()
            server.start()

        # The first time each of the two has begun; a fast machine may be done before the last.
        with again_and_again(desk_there, again, times=4, every=0.3):
            lives = engines(desk_there, [[], []])
        assert lives["ends"] == {"ended with 0": 2}
        assert len(lives["refused"]) >= 2, "nobody noticed"
        everything_happened(desk_there)

    def test_a_full_disk(small_disk, server, desk_there):
        if small_disk is None:
            pytest.skip("only root may mount a small disk: nothing was tested on PostgreSQL with a full one")

        def refused():
            return server.said().count("No space left")

        def fill(over):
            """Until it was in somebody's way."""
            before = refused()
            with suppress(OSError), small_disk.joinpath("in-the-way").open("wb", buffering=0) as file:
                while file.write(bytes(2**16)):
                    pass
            while refused() == before and not over.is_set():
                time.sleep(0.05)
            small_disk.joinpath("in-the-way").unlink()

        with again_and_again(desk_there, fill, times=5, every=0.4):
            lives = engines(desk_there, [[], []])
        assert lives["ends"] == {"ended with 0": 2}
        assert any("No space left" in why for why in lives["refused"]), "the disk was never full"
        everything_happened(desk_there)
