"""The real processes, both ways to run: a case runs late and its holder is told in time, and once."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cases import history
from tests.journeys.processes import HUNG, ROOT, is_ready, left_running, wait_until

FIRINGS = 24
IN_TIME = 3.0  # seconds, at the 95th percentile
ROUNDS = 3  # a machine on which everybody waits may spoil one; an engine that is slow spoils all


def watching(product):
    """The program that opens late cases and watches their holder's list, with all of them open."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.late_cases", str(FIRINGS)],
        cwd=ROOT,
        env=product,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout.readline() == "open\n"
    return program


def seen_by(program):
    out, _ = program.communicate(timeout=HUNG)
    assert program.returncode == 0
    return json.loads(out)


def engines(folder):
    """The engine's worker, by its command line."""
    return [pid for pid in left_running(folder) if b"engine@" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_the_notice_is_in_the_holders_list_in_time(running):
    for _round in range(ROUNDS):
        seen = seen_by(watching(running))
        assert len(seen["late"]) == seen["opened"] == FIRINGS
        assert seen["late"][0] > 0  # due exactly now is not late
        assert seen["handoffs"] == seen["notices"] == FIRINGS
        assert seen["signed"] == [history.ENGINE.pk]
        p95, worst = seen["late"][math.ceil(0.95 * FIRINGS) - 1], seen["late"][-1]
        print(f"from due to the holder's list, {FIRINGS} firings: p95 {p95:.3f} s, worst {worst:.3f} s")
        if p95 <= IN_TIME:
            break
    assert p95 <= IN_TIME


def test_an_engine_killed_in_the_middle_loses_nothing_and_does_nothing_twice(running):
    program = watching(running)
    time.sleep(6)  # the first have fallen due, the last have not
    (engine,) = engines(running["VAR_DIR"])
    os.kill(engine, signal.SIGKILL)
    seen = seen_by(program)
    assert len(seen["late"]) == seen["handoffs"] == seen["notices"] == FIRINGS
    wait_until(lambda: is_ready(running))
