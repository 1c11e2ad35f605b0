"""All processes as in production and more of them than needed: workers are killed, the broker goes away, the
database's sessions are cut, the clock is set, and every deadline is kept."""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection

from tests.journeys.conftest import Redis, environment, own_database
from tests.journeys.postbox import postbox
from tests.journeys.processes import ROOT, program, wait_until
from tests.word import kept_its_word, rows_of

CASES = 20
AWAY = 60  # seconds without a broker: much longer than a tick lives and than a worker lingers
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
WORKER = [
    "worker",
    *("--queues", "engine,delivery", "--pool", "threads", "--concurrency", "4"),
    *("--include", "tests.journeys.boundaries"),
    *QUIET,
]


class Kept:
    """Processes that are started again when they end, as by a supervisor; `ended` says which did, and how."""

    def __init__(self, product, folder):
        self.product, self.folder = product, folder
        self.wanted, self.running, self.ended = {}, {}, []

    def start(self, name, *command, **until_killed):
        """Run `command` under `name`; `until_killed`: what its environment has until it was killed once."""
        self.wanted[name] = command, until_killed
        with self.folder.joinpath(f"{name}.log").open("a") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "celery", "--quiet", "--app", "escalation_site", *command],
                cwd=ROOT,
                env={**self.product, **until_killed},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def look_after(self):
        for name, process in list(self.running.items()):
            code = process.poll()
            if code is not None:
                self.ended.append((name, code))
                command, until_killed = self.wanted[name]
                self.start(name, *command, **({} if code == -signal.SIGKILL else until_killed))


class MovedFile:
    """The embedded broker, which goes away with its disk: nobody can make a new one in its place."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "broker.sqlite3"
        self.url = f"sqla+sqlite:///{self.file}"

    def start(self):
        if self.file.is_dir():
            self.file.rmdir()
        for part in self.folder.glob("*.away"):
            part.rename(part.with_suffix(""))

    def stop(self):
        for part in self.folder.glob("broker.sqlite3*"):
            part.rename(f"{part}.away")
        self.file.mkdir()


@pytest.fixture
def broker(tmp_path):
    kind = MovedFile if connection.vendor == "sqlite" else Redis
    server = kind(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def box():
    with postbox() as server:
        yield server


@pytest.fixture
def desk(tmp_path, migrated, broker, box):
    with own_database(tmp_path, template=migrated) as database:
        yield {**environment(tmp_path, database, broker.url), "EMAIL_URL": box.url, "LEASE": "3"}


@pytest.fixture
def processes(desk, tmp_path):
    """Two workers for all there is to do, each with a short first life, and two beats."""
    kept = Kept(desk, tmp_path)
    for n, death in ((1, "before_commit:2"), (2, "while_sending:5")):
        kept.start(f"worker-{n}", *WORKER, "--hostname", f"worker{n}@%h", DIE_AT=death)
    for n in (1, 2):
        kept.start(f"beat-{n}", "beat", "--pidfile=", "--schedule", str(tmp_path / f"beat-{n}"))
    yield kept
    for process in kept.running.values():
        process.kill()
        process.wait()


def cut_off(database):
    """End every other session of this database; SQLite has none."""
    if not database.startswith("sqlite"):
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def stored(instant):
    """An instant in SQL, whatever zone the server is in."""
    return f"{instant:%Y-%m-%d %H:%M:%S}+00:00"


def test_every_deadline_is_kept_and_every_mail_arrives(desk, processes, broker, box):
    read = rows_of(desk["DATABASE_URL"])

    def count(sql):
        processes.look_after()
        [row] = read(f"SELECT count(*) AS them FROM {sql}")
        return row.them

    wait_until(lambda: count("cases_enginepass") >= 2)
    program("crash_world", desk, str(CASES))
    # Some have been handed over; the resolution of all falls due while nobody looks.
    wait_until(lambda: count("escalations_handoff") >= CASES // 2)
    cut_off(desk["DATABASE_URL"])
    broker.stop()
    back = time.monotonic() + AWAY
    while time.monotonic() < back:
        processes.look_after()
        time.sleep(0.1)
    broker.start()
    cut_off(desk["DATABASE_URL"])
    wait_until(
        lambda: (
            not count("cases_timer WHERE state = 'pending'")
            and not count("cases_notice WHERE state = 'queued'")
        )
    )
    assert -signal.SIGKILL in {code for _name, code in processes.ended}, "nobody was killed"
    kept_its_word(read, now=datetime.now(UTC), mails=box.taken)
    assert count("escalations_escalation WHERE is_at_fallback") == CASES
    # Each ladder has three levels and its end, and none is left out without a word.
    assert count("escalations_handoff") + count("escalations_passedover") == 4 * CASES


def test_a_clock_set_an_hour_forward_and_back_loses_and_doubles_nothing(desk, tmp_path):
    read, ahead, begun = rows_of(desk["DATABASE_URL"]), tmp_path / "ahead", datetime.now(UTC)
    ahead.write_text("0")
    kept = Kept({**desk, "CLOCK": str(ahead)}, tmp_path)

    def count(sql):
        kept.look_after()
        [row] = read(f"SELECT count(*) AS them FROM {sql}")
        return row.them

    def set_forward():
        """By an hour; all that is due until then happens."""
        ahead.write_text("3600")
        until = stored(datetime.now(UTC) + timedelta(hours=1))
        due = f"cases_timer WHERE state = 'pending' AND wake_at <= '{until}'"
        wait_until(lambda: not count(due))

    def what_happened_by_the_right_clock():
        """What is still in the making when the clock is set back was begun by the wrong one."""
        return count(f"escalations_handoff WHERE made_at < '{stored(begun + timedelta(minutes=30))}'")

    try:
        kept.start("worker", *WORKER, "--hostname", "worker@%h")
        kept.start("beat", "beat", "--pidfile=", "--schedule", str(tmp_path / "beat"))
        program("crash_world", desk, str(CASES))
        wait_until(lambda: count("escalations_handoff") > 0)
        set_forward()
        before = what_happened_by_the_right_clock()
        ahead.write_text("0")
        back = datetime.now(UTC)
        looked = f"started_at BETWEEN '{stored(back)}' AND '{stored(back + timedelta(minutes=20))}'"
        wait_until(lambda: count(f"cases_enginepass WHERE {looked}"))
        time.sleep(3)
        assert what_happened_by_the_right_clock() == before, "what had happened happened again"
        set_forward()
        wait_until(lambda: not count("cases_timer WHERE state = 'pending'"))
        assert count("escalations_escalation WHERE is_at_fallback") == CASES
    finally:
        for process in kept.running.values():
            process.kill()
            process.wait()
    kept_its_word(read, now=datetime.now(UTC) + timedelta(hours=1))
