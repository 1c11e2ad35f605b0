"""Notice that a customer is escalated again: as a set, of all escalations that a transaction starts.

Nothing is asked of the database where no rule in force listens.
"""

from datetime import timedelta

from django.db.models import Q

from cases.models import Customer, Trigger, TriggerKind
from cases.operations import triggers
from cases.prepared import Given, Prepared
from escalations.models import Escalation

DAY = timedelta(days=1)
# What such a rule started is its own answer: it counts for no other.
OWN = Q(trigger__kind=TriggerKind.ESCALATED_AGAIN)
BEFORE = Prepared(
    lambda: (
        Escalation.objects.filter(customer__among=Given("customers"), started_at__gte=Given("since"))
        .exclude(OWN)
        .order_by("pk")
        .values_list("pk", "customer_id", "started_at")
    )
)


def days_counted(rules):
    """How many days back some of `rules` (those in force) count; None where none counts."""
    return max((rule.within_days for rule in rules if rule.within_days is not None), default=None)


def notice(started, *, days, now):
    """Record a trigger on the locked case of each of `started` (Escalations just added at `now`) whose
    customer had another one within `days`, and ask for a look at the rules.

    What a rule started upon such a trigger is none of them, so that no rule ever answers itself.
    """
    started = [e for e in started if e.trigger is None or e.trigger.kind != TriggerKind.ESCALATED_AGAIN]
    if days is None or not started:
        return
    customers = sorted({e.customer_id for e in started})
    # After the cases, and in order as they are: of two that start at once, the later one sees the other.
    list(Customer.objects.select_for_update(no_key=True).filter(pk__in=customers).order_by("pk").only("pk"))
    before, batch = {}, {e.pk for e in started}
    for pk, customer, at in BEFORE.all(customers=customers, since=now - days * DAY):
        before.setdefault(customer, []).append((pk, at))
    triggers.record(
        [
            Trigger(
                case_id=e.case_id,
                kind=TriggerKind.ESCALATED_AGAIN,
                days_since=days_between(last, now),
                occurred_at=now,
            )
            for e in started
            if (last := _last_before(e, before.get(e.customer_id, ()), batch)) is not None
        ],
        now=now,
    )


def _last_before(escalation, theirs, batch):
    """When the last of `theirs` ((id, started at), …) before `escalation` started, or None. Of its own batch
    those with a lower id are before it; any other that can be seen was there first, whatever its id."""
    return max((at for pk, at in theirs if pk < escalation.pk or pk not in batch), default=None)


def days_between(earlier, later):
    """Within how many days the two lie: whole stretches of 24 hours, rounded up, at least one."""
    return max(-((earlier - later) // DAY), 1)
