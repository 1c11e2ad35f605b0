"""Opens cases whose first response falls due one after the other, and watches for each to reach its holder.

Run as a program beside the product's own processes: `python -m tests.journeys.late_cases COUNT`. It prints
a line when all are open, then JSON: for each case the seconds from its due instant to the notice in the list.
"""

import json
import os
import sys
import time
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from cases.models import Notice, Person, Timer  # noqa: E402
from cases.states import Metric, TimerKind  # noqa: E402
from escalations.models import Handoff  # noqa: E402
from tests import factories as make  # noqa: E402

TERM = timedelta(hours=1)
AHEAD = timedelta(seconds=5)  # from opening the first case to its due instant
APART = timedelta(milliseconds=400)
PATIENCE = 600  # seconds to wait for the last


def world():
    """One team, one policy with one target, one path that hands a late case to Marta."""
    found = Person.objects.filter(username="marta").first()
    if found:
        return found
    marta = make.person("Marta", role="supervisor")
    make.team("Care", people=[make.person("Ana")], lead=marta)
    make.policy(targets={(Metric.FIRST_RESPONSE, None): TERM.total_seconds()}, now=timezone.now() - 2 * TERM)
    make.rule(make.path(levels=[{"person": marta}], fallback=marta), metric=Metric.FIRST_RESPONSE)
    make.customer()
    return marta


def open_cases(count):
    """{case id: the instant from which it is late}, the first `AHEAD` of now, the others `APART`.

    One that a busy machine opened too late for that is late from when its timer was armed.
    """
    customer = make.Customer.objects.get()
    first = timezone.now() + AHEAD
    cases = [
        make.case(customer, now=timezone.now(), received_at=first + APART * i - TERM) for i in range(count)
    ]
    timers = Timer.objects.filter(kind=TimerKind.CLOCK_BREACHED, case__in=cases)
    return {timer.case_id: max(timer.due_at, timer.armed_at) for timer in timers}


def watch(holder, due):
    """{case id: seconds late}, as a reader of the holder's list sees them arrive."""
    seen, deadline = {}, time.monotonic() + PATIENCE
    notices = Notice.objects.in_app_for(holder).filter(kind="handoff", case__in=due)
    while len(seen) < len(due) and time.monotonic() < deadline:
        for case in notices.exclude(case__in=seen).values_list("case_id", flat=True):
            seen[case] = (timezone.now() - due[case]).total_seconds()
        time.sleep(0.02)
    return seen


def main(count):
    holder = world()
    due = open_cases(count)
    print("open", flush=True)
    late = watch(holder, due)
    handoffs = Handoff.objects.filter(escalation__case__in=due)
    signed = {h.history.get().history_user_id for h in handoffs}
    notices = Notice.objects.in_app_for(holder).filter(kind="handoff", case__in=due)
    print(
        json.dumps(
            {
                "opened": len(due),
                "late": sorted(late.values()),
                "handoffs": handoffs.count(),
                "notices": notices.count(),
                "signed": sorted(signed),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
