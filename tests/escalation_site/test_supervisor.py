"""The supervisor, with small programs in the place of the product's."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# Says who it is, and starts a process of its own, as a web server does.
PARENT = """
import os, subprocess, time
print(os.getpid(), subprocess.Popen(["sleep", "60"]).pid)
time.sleep(60)
"""
STUBBORN = "import os, signal, time; signal.signal(15, signal.SIG_IGN); print(os.getpid()); time.sleep(60)"
SHORT = "print('once')"

PROGRAM = """
import sys
from escalation_site import supervisor
supervisor.PATIENCE = 1
children = [supervisor.Child(f"c{i}", [sys.executable, "-uc", code]) for i, code in enumerate(sys.argv[1:])]
supervisor.Supervisor(children, lambda line: print(line, flush=True)).run()
print("stopped", flush=True)
"""


@pytest.fixture
def supervise():
    """Starts a supervisor over programs given as source."""
    started = []

    def start(*programs):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *programs], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def pids(line):
    return [int(word) for word in line.split("|")[1].split()]


def alive(pid):
    """Whether that process still runs (one that ended but was not yet collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the second if it goes while it is read
        return False


def gone(*wanted, within=30):
    deadline = time.monotonic() + within
    while any(alive(pid) for pid in wanted) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(alive(pid) for pid in wanted)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_every_process_and_those_they_started(supervise, number):
    process = supervise(PARENT, PARENT)
    started = pids(process.stdout.readline()) + pids(process.stdout.readline())
    assert len(started) == 4 and all(alive(pid) for pid in started)

    process.send_signal(number)

    assert process.wait(timeout=60) == 0
    assert process.stdout.read().endswith("stopped\n")
    assert gone(*started)


def test_a_child_that_does_not_listen_is_killed_once_patience_ends(supervise):
    process = supervise(STUBBORN)
    started = pids(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
    assert gone(*started)


def test_a_child_that_dies_is_started_again_and_what_it_left_behind_ends(supervise):
    process = supervise(PARENT)
    leader, left_behind = pids(process.stdout.readline())
    os.kill(leader, signal.SIGKILL)
    assert "c0 ended with code -9; starting it again in 1 s" in process.stdout.readline()
    assert gone(leader, left_behind)
    assert pids(process.stdout.readline())[0] != leader


def test_a_child_that_keeps_dying_is_started_less_and_less_often(supervise):
    process = supervise(SHORT)
    lines = [process.stdout.readline().strip() for _ in range(4)]
    assert lines == [
        "c0 | once",
        "c0 ended with code 0; starting it again in 1 s",
        "c0 | once",
        "c0 ended with code 0; starting it again in 2 s",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_children_do_not_outlive_a_supervisor_that_was_killed(supervise):
    process = supervise("import os, time; print(os.getpid()); time.sleep(60)")
    started = pids(process.stdout.readline())
    process.kill()
    assert gone(*started)
