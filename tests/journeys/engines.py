"""Engines that walk through given instants, and die where they are told to; each is started again.

Run as a program in the product's environment, with JSON: {"instants": [ISO, ...], "batch": 16, "deaths":
[[["after_claim", 2], ...], ...]}: one list for each of the engines that run at once. With "deliver" they
empty the outbox afterwards; with "patience" SQLite's busy timeout is so many seconds; with "room" no file may
grow by more than so many bytes, until one tried and is given as many again; "deadly" is the clock whose
breach kills whoever reacts to it; with "no_suspicion" no timer is held guilty of a death; with "behind" every
other engine's clock is so many seconds behind. Each life is a process of its own; it prints JSON of what
they met.
"""

import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")
django.setup()

from django.db import InterfaceError, OperationalError, connection  # noqa: E402
from django.db.models import Max  # noqa: E402

from cases import engine  # noqa: E402
from cases.models import Case, EnginePass, Notice, Timer  # noqa: E402
from cases.operations import delivering  # noqa: E402
from cases.reconciling import comparing  # noqa: E402
from cases.states import TimerKind  # noqa: E402
from tests.journeys import boundaries  # noqa: E402

MOST_TROUBLE = 200  # times that a life may meet the database's refusal before it gives up
# A supervisor waits a second; until then the database has noticed that nobody is there any more.
BEFORE_A_LIFE = 0.2
AFTER_TROUBLE = 0.1  # seconds; a worker's next tick comes later


def walk(instants, worker, behind):
    """Everything that is due at each instant, in whatever company; an instant's end is awaited together.

    What a death or a failure put off is waited for as well, at the instant to which it was. The clock is
    everybody's: where another engine waited for that, it is as late here, and what came of it is due.
    """
    for now in instants:
        while True:
            now = max(now, furthest() or now)
            look(now - behind, worker)
            if Timer.objects.due(now).exists():
                time.sleep(0.001)
                continue
            again = Timer.objects.pending().filter(attempts__gt=0).order_by("wake_at").first()
            if again is not None:
                now = max(now, again.wake_at)
            elif furthest() == now:
                break


def furthest():
    """The latest instant at which any engine looked: a pass is on record before it does anything."""
    return EnginePass.objects.aggregate(at=Max("started_at"))["at"]


def look(now, worker):
    """What an engine does when it is woken, on a clock that stands still."""
    engine.linger(seconds=0, clock=lambda: now, sleep=time.sleep, stopped=lambda: False, worker=worker)


def empty_the_outbox(now):
    """Deliver until nothing waits; where a dead process holds a lease, as of the instant it is over."""
    while Notice.objects.filter(state=Notice.State.QUEUED).exists():
        if not delivering.deliver_due(now=now):
            now += timedelta(seconds=30)


def live(plan, worker, death, told, behind):
    """One life; `told` is a pipe for what the database refused."""
    engine.BATCH = plan["batch"]
    if plan.get("no_suspicion"):
        engine.MOST_DEATHS = 1 + sum(len(some) for some in plan["deaths"])
    if death:
        boundaries.die_at(*death)
    if "deadly" in plan:
        boundaries.die_of(TimerKind.CLOCK_BREACHED, plan["deadly"])
    if "patience" in plan and connection.vendor == "sqlite":
        connection.settings_dict["OPTIONS"]["timeout"] = plan["patience"]
    room = plan.get("room")
    if room:
        _give(room)
    instants = [datetime.fromisoformat(text) for text in plan["instants"]]
    for _trouble in range(MOST_TROUBLE):
        try:
            walk(instants, worker, timedelta(seconds=behind))
            if plan.get("deliver"):
                empty_the_outbox(instants[-1])
            return 0
        except (OperationalError, InterfaceError) as error:
            os.write(told, json.dumps(" ".join(str(error).split())[:200]).encode() + b"\n")
            connection.close()
            time.sleep(AFTER_TROUBLE)
            if room:
                _give(room)
    return 1


def _give(room):
    """Let the database's files grow by `room` bytes from here on, and no further."""
    largest = max(path.stat().st_size for path in Path(connection.settings_dict["NAME"]).parent.glob("desk*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + room, resource.RLIM_INFINITY))


def start(plan, number, death, told):
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        behind = plan.get("behind", 0) if number % 2 else 0
        code = live(plan, f"engine-{number}", death, told, behind)
        connection.close()
    finally:
        sys.stdout.flush()
        os._exit(code)


def main(plan):
    """Keep every engine going until each has lived once without dying; {ends, refused, amiss}."""
    heard, told = os.pipe()
    deaths = [list(some) for some in plan["deaths"]]
    running = {start(plan, n, some.pop(0) if some else None, told): n for n, some in enumerate(deaths)}
    ends = Counter()
    while running:
        pid, status = os.wait()
        number = running.pop(pid)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        ends["killed" if killed else f"ended with {os.waitstatus_to_exitcode(status)}"] += 1
        if killed:
            time.sleep(BEFORE_A_LIFE)
            death = deaths[number].pop(0) if deaths[number] else None
            running[start(plan, number, death, told)] = number
    os.close(told)
    with os.fdopen(heard) as lines:
        refused = [json.loads(line) for line in lines]
    print(json.dumps({"ends": ends, "refused": refused, "amiss": amiss()}))


def amiss():
    """What the reconciler would have something to put right: a text for each case, empty if it has none."""
    for _trouble in range(MOST_TROUBLE):
        try:
            cases = Case.objects.in_bulk()
            return [_said(cases[pk]) for pk in sorted(comparing.suspects(cases))]
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(AFTER_TROUBLE)


def _said(case):
    scope = comparing.Scope({case.pk: case})
    found = {
        "drifted": {
            clock.pk: (was, comparing.Schedule.of(clock)) for clock, was in comparing.drifted(scope).items()
        },
        "timers": comparing.timers_amiss(scope),
        "standing": comparing.standings_amiss(scope),
    }
    return f"case {case.pk}: {found}"


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
