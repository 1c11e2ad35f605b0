"""Workers that follow a changed calendar, and die where they are told to.

Run as a program in the product's environment. `build CASES` makes cases on a calendar and closes a day.
`work [BOUNDARY TIMES]` does slices until nothing is left, or until it kills itself (SIGKILL) on coming for
the nth time to `between` (the clocks are written, the progress is not), `before` (the commit) or `after`
(it). `say` prints JSON of how it stands.
"""

import json
import os
import sys
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")
django.setup()

from django.db import transaction  # noqa: E402

from cases.history import INSTALLATION  # noqa: E402
from cases.models import CalendarException, CalendarVersion, Clock, Period, Recalculation, Timer  # noqa: E402
from cases.operations import publishing, recalculating, renewing  # noqa: E402
from cases.states import Metric  # noqa: E402
from tests import factories as make  # noqa: E402
from tests.journeys.boundaries import die  # noqa: E402

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
SLICE = 5


def build(cases):
    office, customer = make.calendar(), make.customer()
    make.policy(targets={(Metric.RESOLUTION, None): 16 * 3600}, calendar=office)
    for _ in range(cases):
        make.case(customer, now=MONDAY)
    with make.signed():
        version = CalendarVersion.objects.create(calendar=office, number=2)
        Period.objects.bulk_create(
            Period(version=version, weekday=day, opens=time(9), closes=time(17)) for day in range(5)
        )
        CalendarException.objects.create(version=version, on=date(2026, 3, 4), name="Closed")
    recalculating.SLICE = SLICE
    publishing.publish_calendar(version=version, by=INSTALLATION, now=TUESDAY)


def die_at(boundary, times):
    left = [times]

    def reached():
        left[0] -= 1
        if not left[0]:
            die()

    renew, exit_block = renewing.renew, transaction.Atomic.__exit__
    if boundary == "between":

        def renew_and_die(ids, **given):
            tally = renew(ids, **given)
            reached()
            return tally

        renewing.renew = renew_and_die
        return

    def around(block, *error):
        outermost = not transaction.get_connection().savepoint_ids and block.using is None
        outermost = outermost and not transaction.get_connection().atomic_blocks[:-1]
        if outermost and boundary == "before":
            reached()
        exit_block(block, *error)
        if outermost and boundary == "after":
            reached()

    transaction.Atomic.__exit__ = around


def work(boundary="", times="0"):
    if boundary:
        die_at(boundary, int(times))
    while recalculating.next_slice(now=TUESDAY + timedelta(minutes=1), size=SLICE):
        pass


def say():
    job = Recalculation.objects.get()
    dues = Counter(clock.due_at.isoformat() for clock in Clock.objects.open())
    print(
        json.dumps(
            {
                "state": job.state,
                "done": job.done,
                "later": job.later,
                "dues": dues,
                "revisions": Counter(Clock.objects.values_list("revision", flat=True)),
                "rows": Clock.history.count(),
                "timers": Timer.objects.pending().filter(kind="clock_breached").count(),
            }
        )
    )


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    {"build": lambda: build(int(rest[0])), "work": lambda: work(*rest), "say": say}[what]()
