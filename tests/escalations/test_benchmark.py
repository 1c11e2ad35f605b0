"""What the benchmark compares does the same, so that its ratios mean something."""

import pytest
from django.db import connection

from cases.models import Clock, Notice, Standing, Timer
from escalations.benchmark import measures, world
from escalations.benchmark.contenders import CONTENDERS
from escalations.models import Escalation, Handoff

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the yardstick is a PostgreSQL statement"),
]
EACH = 50  # cases, one of them on two ladders


@pytest.fixture
def desk():
    world.grow(0, EACH * len(CONTENDERS) + 10, world.people())
    with connection.cursor() as cursor:
        for model in (Clock, Handoff, Escalation):
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 200000000)")


def effects(first, last):
    """What firing left of these cases, without what differs by nature: ids and texts."""
    mine = {"case_id__gt": first, "case_id__lte": last}
    counts = {"case_id__gt": first, "case_id__lte": last, "state": "fired"}
    clocks = Clock.objects.filter(**mine)
    return {
        "clocks": sorted(clocks.values_list("state", "metric", "term_seconds", "owed_by", "breach_kind")),
        "clock history": Clock.history.filter(id__in=clocks.values("pk")).count(),
        "late": {c.breached_at == c.late_after for c in clocks.filter(state="missed")},
        "handoffs": sorted(
            Handoff.objects.filter(escalation__case__gt=first, escalation__case__lte=last).values_list(
                "level_number", "state", "to_person", "from_person", "background", "reason"
            ),
            key=str,
        ),
        "fired": Timer.objects.filter(**counts).count(),
        "pending": Timer.objects.pending().filter(**mine).count(),
        "notices": sorted(Notice.objects.filter(**mine).values_list("kind", "channel", "state", "person")),
        "standings": sorted(Standing.objects.filter(**mine).values_list("kind", "holder", "whose", "metric")),
    }


def test_all_contenders_leave_the_same_behind_and_nothing_is_lost_doubled_or_wrong(desk):
    found = []
    for number, fire in enumerate(CONTENDERS.values()):
        last = (number + 1) * EACH
        now = world.due_before(last)
        assert fire(now) == EACH + 1
        assert measures.honest(last, now) == {"lost": 0, "doubled": 0, "wrong_level": 0}
        found.append(effects(last - EACH, last))
    assert found[0]["fired"] == EACH + 1
    assert found[0] == found[1] == found[2]
