"""A desk whose cases fall due, for tests that break what should see to them.

Run as a program in the product's environment: `python -m tests.journeys.crash_world CASES [START]`. With
START (ISO) the cases come then and their terms are those of an office; without it they come now, and all
is over within seconds. It prints when that is.
"""

import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")
django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from cases.operations import pausing, promising  # noqa: E402
from cases.states import Metric  # noqa: E402
from tests import factories as make  # noqa: E402


@dataclass(frozen=True)
class Terms:
    """In seconds; those that end are counted from when the cases come, one `apart` from the other."""

    received: float  # before they come
    response: int
    resolution: int
    promised: float
    paused_until: float
    acknowledge: tuple
    remind: int | None
    apart: float
    over: float  # every ladder is with its fallback holder


OFFICE = Terms(0, 3600, 170 * 60, 75 * 60, 100 * 60, (1800, 1800, 3600), 1200, 0, 190 * 60)
QUICK = Terms(3595, 3600, 3615, 6, 7, (2, 2, 3), None, 0.05, 28)


def build(cases, terms, now):
    """Each case's response falls due and climbs three levels to the fallback; some promise, some wait."""

    def after(seconds, n=0):
        return now + timedelta(seconds=seconds + n * terms.apart)

    ana, jonas, priya = make.person("Ana"), make.person("Jonas"), make.person("Priya", role="manager")
    marta, tomas = make.person("Marta", role="supervisor"), make.person("Tomas", role="supervisor")
    care = make.team("Care", people=[ana], lead=marta)
    make.policy(
        targets={
            (Metric.FIRST_RESPONSE, None): terms.response,
            (Metric.RESOLUTION, None): terms.resolution,
        }
    )
    levels = [
        {"person": who, "acknowledge_seconds": term, "remind_every_seconds": terms.remind}
        for who, term in zip((jonas, marta, tomas), terms.acknowledge, strict=True)
    ]
    make.rule(make.path(levels=levels, fallback=priya), metric=Metric.FIRST_RESPONSE)
    reason, customer = make.pause_reason(), make.customer()
    for n in range(cases):
        case = make.case(
            customer, now=now, by=ana, owner=ana, team=care, received_at=after(-terms.received, n)
        )
        if n % 4 == 0:
            due_at = after(terms.promised, n)
            promising.promise(case=case, what="The credit note", due_at=due_at, by=ana, now=now)
        if n % 5 == 0:
            ends_at = after(terms.paused_until, n)
            pausing.pause(case=case, reason=reason, expected_end_at=ends_at, by=ana, now=now)
    return after(terms.over, cases)


if __name__ == "__main__":
    start = datetime.fromisoformat(sys.argv[2]) if len(sys.argv) > 2 else None
    # All at once for the engines that are there: however long it takes, none meets a case that is half made.
    with transaction.atomic():
        over = build(int(sys.argv[1]), OFFICE if start else QUICK, start or timezone.now())
    print(over.isoformat())
