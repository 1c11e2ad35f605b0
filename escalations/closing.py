"""What falls away with a case that is resolved or closed: nobody has to hold it any more."""

from cases.closing import ends_with_case
from cases.prepared import Given, Prepared

from .models import Escalation
from .operations.ladder import release

RUNNING = Prepared(lambda: Escalation.objects.running().filter(case=Given("case")).order_by("pk"))


@ends_with_case
def end_escalations(case, *, by, now, outcome):
    release(RUNNING.all(case=case.pk), outcome, now=now)
