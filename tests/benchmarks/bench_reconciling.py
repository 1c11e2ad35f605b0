"""Cases a second that the reconciler looks at: python tests/benchmarks/bench_reconciling.py [CASES]

On the PostgreSQL server that DATABASE_URL names, in a test database of its own, which is dropped after.
100,000 open cases, or as many as said, each on a ladder with a term to acknowledge, a first response and a
resolution owed, five pending timers and a standing, all made by SQL. A round over all of it finds nothing, or
what was built is wrong; then one that mends a case in a hundred, whose timers were deleted.
"""

import os
import resource
import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")

import django  # noqa: E402

django.setup()

from django.db import connection  # noqa: E402

from cases import history, reconciling  # noqa: E402
from cases.models import Timer  # noqa: E402
from escalations.benchmark import world  # noqa: E402

HOURS = {"first_response": (4, 3), "resolution": (40, 30)}  # metric: due, at risk after so many hours

CLOCKS = """
INSERT INTO cases_clock (case_id, metric, calendar_id, term_seconds, used_seconds, at_risk_percent, ends_on,
    label, state, started_at, due_at, late_after, at_risk_at, revision, breach_kind)
SELECT c.id, %(metric)s, k.id, 3600 * %(due)s, 0, 75, 'resolved', '', 'running', c.received_at,
    c.received_at + %(due)s * interval '1 hour', c.received_at + %(due)s * interval '1 hour',
    c.received_at + %(at_risk)s * interval '1 hour', 1, 'clock_breached'
FROM cases_case c, cases_calendar k WHERE k.is_default
"""
TIMERS = """
INSERT INTO cases_timer (case_id, kind, subject_id, step, occurrence, due_at, wake_at, armed_at, state,
    attempts, last_error)
SELECT case_id, kind, id, 0, revision, at, at + after, started_at, 'pending', 0, ''
FROM cases_clock, LATERAL (VALUES
    ('clock_breached', late_after, interval '1 microsecond'), ('clock_at_risk', at_risk_at, interval '0')
) AS t (kind, at, after) WHERE breach_kind = 'clock_breached'
"""


def build(number):
    world.grow(0, number, world.people())
    world.settle()
    with (
        history.acting(by=history.INSTALLATION, reason="benchmark", now=world.BEGINNING, via="program"),
        connection.cursor() as cursor,
    ):
        for metric, (due, at_risk) in HOURS.items():
            cursor.execute(CLOCKS, {"metric": metric, "due": due, "at_risk": at_risk})
        cursor.execute(TIMERS)
    world.vacuum()


def rounds(what, number, most=3):
    taken = []
    for _round in range(most):
        began = perf_counter()
        report = reconciling.whole_round(now=world.BEGINNING)
        taken.append(perf_counter() - began)
        assert report.cases == number and not report.failed
        if what == "nothing wrong":
            assert not report.repairs, report.findings
    seconds = sorted(taken)[len(taken) // 2]
    repairs = len(report.repairs)
    print(f"{what}: {number / seconds:,.0f} cases/s ({seconds:.1f} s, {repairs} repairs)", flush=True)
    return repairs


def main(number):
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        build(number)
        rounds("nothing wrong", number)
        deleted, _kinds = Timer.objects.filter(case_id__in=range(1, number, 100)).delete()
        assert rounds("one case in a hundred without timers", number, most=1) == deleted
        print(f"memory at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
    finally:
        connection.creation.destroy_test_db("", verbosity=0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
