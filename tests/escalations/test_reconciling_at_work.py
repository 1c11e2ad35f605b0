"""The reconciler beside engines and people at work: what changes while it reads is no finding."""

import random
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from cases import engine, reconciling
from cases.errors import Refused
from cases.models import Case, Timer, TimerRepair
from tests import factories as make
from tests.escalations import days

PEOPLE = (
    days.replies,
    days.writes,
    days.pauses,
    days.promises,
    days.prioritises,
    days.escalates,
    days.acknowledges,
    days.resolves,
)


@pytest.mark.django_db(transaction=True)
def test_beside_engines_and_people_at_work_nothing_is_taken_for_wrong():
    desk = days.desk()
    for _n in range(12):
        make.case(desk.customer, now=desk.now, team=desk.teams[0], owner=desk.ana)
    began, failures, over = desk.now, [], threading.Event()

    def works(work):
        def run():
            try:
                while not over.is_set():
                    work()
            except Exception as error:
                failures.append(error)
            finally:
                over.set()
                connection.close()

        return threading.Thread(target=run)

    numbers = random.Random(7)

    def people():
        """Until they have done enough and the reconciler has gone round among it."""
        for number in range(1000):
            if over.is_set() or (number >= 50 and len(looked) >= 5):
                break
            desk.now += timedelta(minutes=7)
            with suppress(Refused, IndexError):  # nothing to choose from yet
                numbers.choice(PEOPLE)(desk, numbers.choice)
        over.set()

    def reconciler():
        report = reconciling.whole_round(now=desk.now, size=5)
        failures.extend(report.failed)
        looked.append(report.cases)

    looked = []
    threads = [works(people), works(reconciler), works(lambda: engine.run_once(now=desk.now))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    assert failures == []
    assert TimerRepair.objects.count() == 0
    assert len(looked) >= 5 and min(looked) > 0
    assert Timer.objects.filter(fired_at__gt=began).exists()
    assert Case.objects.count() > 12
