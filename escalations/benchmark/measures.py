"""What a run costs: seconds, write-ahead log, processor time of both sides; and whether it is honest."""

import os
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import ProgrammingError, connection

from cases import engine
from cases.models import Timer

TICKS = os.sysconf("SC_CLK_TCK")
IDLE_ROUNDS = 300


@dataclass
class Cost:
    """One run. Processor time in seconds; the server's is None where its process cannot be seen from here."""

    fires: int = 0
    seconds: float = 0.0
    wal_bytes: int = 0
    client_cpu: float = 0.0
    server_cpu: float | None = None

    @property
    def rate(self):
        return self.fires / self.seconds


@contextmanager
def measured():
    """A Cost that is filled in on leaving; who runs inside sets `fires`."""
    cost = Cost()
    pid = _backend()
    log, server, client, began = _wal(), _cpu_of(pid), time.process_time(), time.perf_counter()
    yield cost
    cost.seconds = time.perf_counter() - began
    cost.client_cpu = time.process_time() - client
    cost.server_cpu = None if server is None else _cpu_of(pid) - server
    cost.wal_bytes = _wal() - log


def _ask(sql, params=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def _backend():
    return _ask("SELECT pg_backend_pid()")


def _wal():
    return int(_ask("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"))


def _cpu_of(pid):
    """Seconds of processor time of a server's process on this machine."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS


def deadlocks():
    return _ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def checkpoint():
    """So that no contender pays for the pages another one touched first; a privilege on some servers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
    except ProgrammingError:
        return False
    return True


def idle_us(now):
    """Microseconds of SELECT 1 and of a pass that finds nothing due, taken turn and turn about: medians."""
    assert not Timer.objects.due(now).exists()
    ones, passes = [], []
    for _round in range(IDLE_ROUNDS):
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchall()
        between = time.perf_counter()
        engine.run_once(now=now)
        passes.append(time.perf_counter() - between)
        ones.append(between - began)
    return statistics.median(ones) * 1e6, statistics.median(passes) * 1e6


def percentiles(values):
    values = sorted(values)
    return {f"p{n}": round(values[min(len(values) - 1, len(values) * n // 100)], 4) for n in (50, 95, 99)}


def resident_bytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def slope(points):
    """Least squares: y per x of [(x, y)]."""
    x_mean = statistics.fmean(x for x, _y in points)
    y_mean = statistics.fmean(y for _x, y in points)
    spread = sum((x - x_mean) ** 2 for x, _y in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread


WRONG_LEVELS = """
SELECT count(*) FROM escalations_escalation e JOIN cases_case c ON c.id = e.case_id
WHERE e.level_number <> CASE WHEN c.id <= %(fired)s THEN 2 ELSE 1 END
   OR (SELECT max(h.level_number) FROM escalations_handoff h WHERE h.escalation_id = e.id) <> e.level_number
   OR (SELECT count(*) FROM escalations_handoff h WHERE h.escalation_id = e.id AND h.state = 'waiting') <> 1
"""
DOUBLED = """
SELECT count(*) FROM (
  SELECT escalation_id, level_number FROM escalations_handoff GROUP BY 1, 2 HAVING count(*) > 1) AS twice
"""
LOST = """
SELECT count(*) FROM cases_timer WHERE state = 'pending' AND wake_at <= %(now)s
   OR state = 'set_aside' OR (state = 'pending' AND attempts > 0)
"""


def honest(fired, now):
    """After cases 1 to `fired` were due at `now`: timers lost, handoffs doubled, ladders on a wrong level."""
    with connection.cursor() as cursor:
        found = {}
        for name, sql in (("lost", LOST), ("doubled", DOUBLED), ("wrong_level", WRONG_LEVELS)):
            cursor.execute(sql, {"fired": fired, "now": now})
            (found[name],) = cursor.fetchone()
    return found
