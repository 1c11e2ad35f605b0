"""The run: grow the desk, take turns, ask whether it was honest, say what it cost."""

import math
import multiprocessing
import os
import statistics
import time
from bisect import bisect
from datetime import timedelta

from django.db import connection

from cases import engine
from cases.models import Timer

from . import defaults, measures, world
from .contenders import CONTENDERS

ROUNDS = 3
STEPS = (10_000, 100_000, 1_000_000)
# A save() a row is slow enough that a tenth of the rows gives its rate.
SHARE = {"engine": 1, "save": 0.1, "safe_sql": 1}
DUE_A_SECOND = 1000
LATENESS_SECONDS = 20
MEMORY_FIRES, MEMORY_STEPS = 100_000, 20


class Bench:
    """Cases are due in the order of their numbers; `fired` says up to which they have been."""

    def __init__(self, *, cases, due, workers, told):
        self.cases, self.due, self.workers, self.told = cases, due, workers, told
        self.fired = self.kept_in_mind = 0
        self.idle = {"select_1": [], "pass": {}}

    def run(self):
        needs = int(self.due * (ROUNDS * (sum(SHARE.values()) + 1) + sum(range(self.workers + 1)) + 1))
        needs += 2 * DUE_A_SECOND * LATENESS_SECONDS
        if needs > self.cases:
            raise ValueError(f"--cases must be at least {needs} for --due {self.due}")
        self.kept_in_mind = min(MEMORY_FIRES, max(self.cases - needs, self.due))
        self.grow()
        before = measures.deadlocks()
        costs = self.take_turns(CONTENDERS)
        rates = {name: statistics.median(c.rate for c in some) for name, some in costs.items()}
        together = self.side_by_side()
        memory = self.memory()
        late = self.lateness()
        self.told("with what Django and simple-history would create by default")
        defaults.create()
        world.vacuum()
        heavy = self.take_turns({"default_schema": CONTENDERS["engine"]})
        costs.update(heavy)
        found = measures.honest(self.fired, self.now)
        return {
            "cases": self.cases,
            "due": self.due,
            "fires_per_second": {name: round(rate) for name, rate in rates.items()},
            "ratio_to_safe_sql": round(rates["engine"] / rates["safe_sql"], 3),
            "ratio_to_save": round(rates["engine"] / rates["save"], 2),
            "workers": {str(n): round(rate) for n, rate in together.items()},
            "workers_2_to_1": round(together[2] / together[1], 2) if 2 in together else None,
            "idle_us": {
                "select_1": round(statistics.median(self.idle["select_1"]), 1),
                "pass": {str(n): round(us, 1) for n, us in self.idle["pass"].items()},
            },
            "wal_bytes_per_fire": self.per_fire(costs, "wal_bytes", 1),
            "cpu_us_per_fire": self.per_fire(costs, "server_cpu", 1e6),
            "client_cpu_us_per_fire": self.per_fire(costs, "client_cpu", 1e6),
            "lateness_s": late,
            "memory": memory,
            **found,
            "deadlocks": measures.deadlocks() - before,
        }

    @property
    def now(self):
        return world.due_before(self.fired)

    def grow(self):
        versions = world.people()
        made = 0
        for step in sorted({s for s in STEPS if s < self.cases} | {self.cases}):
            world.grow(made, step, versions)
            world.settle()
            made = step
            self.told(f"{made} cases")
            one, idle = measures.idle_us(world.BEGINNING)
            self.idle["select_1"].append(one)
            self.idle["pass"][step] = idle
        measures.checkpoint()

    def take_turns(self, contenders):
        """Each of `contenders` fires a slice of its own in each round: {name: [Cost]}."""
        costs = {name: [] for name in contenders}
        for number in range(ROUNDS):
            for name, fire in contenders.items():
                self.fired += int(self.due * SHARE.get(name, 1))
                measures.checkpoint()
                with measures.measured() as cost:
                    cost.fires = fire(self.now)
                costs[name].append(cost)
                self.told(f"round {number + 1}: {name} {cost.rate:.0f} fires/s")
        return costs

    @staticmethod
    def per_fire(costs, figure, scale):
        found = {}
        for name, some in costs.items():
            values = [getattr(c, figure) for c in some]
            if None not in values:
                found[name] = round(
                    statistics.median(v * scale / c.fires for v, c in zip(values, some, strict=True))
                )
        return found

    def side_by_side(self):
        """{number of engines: fires a second}, each a process of its own that waits for all to be ready."""
        rates = {}
        for number in range(1, self.workers + 1):
            self.fired += self.due * number
            measures.checkpoint()
            fork = multiprocessing.get_context("fork")
            start, said = fork.Barrier(number + 1), fork.Queue()
            connection.close()
            engines = [
                fork.Process(target=_engine, args=(f"benchmark {n}", self.now, start, said))
                for n in range(number)
            ]
            for process in engines:
                process.start()
            start.wait()
            began = time.perf_counter()
            fired = sum(said.get(timeout=600) for _ in engines)
            rates[number] = fired / (time.perf_counter() - began)
            for process in engines:
                process.join()
            self.told(f"{number} engines: {rates[number]:.0f} fires/s")
        return rates

    def memory(self):
        """What the engine's process keeps, over as many fires as the bench has room for."""
        points, total, step = [], 0, self.kept_in_mind // MEMORY_STEPS
        for _ in range(MEMORY_STEPS):
            self.fired += step
            total += engine.run_until_idle(now=self.now)
            points.append((total, measures.resident_bytes()))
        # The first ones fill caches.
        found = round(measures.slope(points[MEMORY_STEPS // 5 :]), 1)
        return {"fires": total, "bytes_per_fire": found, "resident_mb": points[-1][1] // 2**20}

    def lateness(self):
        """Seconds from the due instant to after the commit that fired it, at 1,000 due a second.

        The cases are due a millisecond apart, so the engine's own loop runs against a clock that shows their
        time. It asks the clock before each pass: what fired in one was committed when it asks again.
        """
        began, asked = time.perf_counter(), []
        first = self.now

        def clock():
            asked.append(first + timedelta(seconds=time.perf_counter() - began))
            return asked[-1]

        end = first + timedelta(seconds=LATENESS_SECONDS)
        engine.linger(
            seconds=LATENESS_SECONDS,
            clock=clock,
            sleep=time.sleep,
            stopped=lambda: bool(asked) and asked[-1] > end,
            worker="benchmark",
        )
        clock()
        late = [
            (asked[bisect(asked, fired_at)] - due_at).total_seconds()
            for fired_at, due_at in Timer.objects.filter(fired_at__gt=first, due_at__gt=first).values_list(
                "fired_at", "due_at"
            )
        ]
        # Some may have fallen due since it looked last.
        self.fired += math.ceil((asked[-1] - first) / world.APART)
        engine.run_until_idle(now=self.now)
        return {**measures.percentiles(late), "fires": len(late)}


def _engine(worker, now, start, said):
    with connection.cursor() as cursor:  # connects before the start
        cursor.execute("SELECT 1")
    start.wait()
    fired = engine.run_until_idle(now=now, worker=worker)
    # What the others have in hand is not fired yet; should they leave it, it is ours.
    while Timer.objects.due(now).exists():
        fired += engine.run_until_idle(now=now, worker=worker)
    said.put(fired)
    said.close()
    said.join_thread()
    os._exit(0)
