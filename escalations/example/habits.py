"""How the example's people work: a signature, quiet hours, an absence to come, a case opened for a reason."""

from datetime import time, timedelta

from cases.models import Case
from cases.operations import absences, profile, reading

SIGNATURE = "Lucía Ferrer\nCustomer care, Madrid"
HOLIDAY = (timedelta(days=6), timedelta(days=13))


def settle(people, *, now):
    """As each of them would enter it at `now`, when all stories are told: it steers none of them."""
    profile.introduce(by=people["lucia"], now=now, signature=SIGNATURE)
    profile.be_told(
        by=people["jonas"],
        now=now,
        mail={"assigned": True, "target_breached": True, "promise_broken": True, "timer_set_aside": False},
        quiet_from=time(21),
        quiet_until=time(7, 30),
        quiet_weekend=True,
        quiet_deputy=people["nadia"],
    )
    starts_at, ends_at = (now.replace(minute=0, second=0, microsecond=0) + ahead for ahead in HOLIDAY)
    absences.enter(
        person=people["marcus"],
        starts_at=starts_at,
        ends_at=ends_at,
        deputy=people["lucia"],
        by=people["marcus"],
        now=now,
    )
    _look_into_another_teams_case(people["jonas"], people["audre"], now)


def _look_into_another_teams_case(agent, auditor, now):
    own = Case.objects.reachable(agent).values("pk")
    lately = now - timedelta(hours=2)
    found = Case.objects.findable(agent).live().filter(received_at__lt=lately).exclude(pk__in=own)
    case = found.latest("received_at")
    reason = "The same customer disputes an invoice with us; we need to know what they were promised."
    reading.open_rest(case=case, reason=reason, by=agent, now=now - timedelta(minutes=40))
    reading.audit(case=case, by=auditor, now=now - timedelta(minutes=20), via="example")
