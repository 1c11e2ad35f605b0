"""What stands between a case's escalation and its end, and what falls away with a case that is resolved."""

from django.utils.translation import gettext as _

from cases.closing import Blocker, blocks_resolving, ends_with_case, said_at_the_end
from cases.prepared import Given, Prepared

from .models import Escalation
from .operations import checklists
from .operations.ladder import release

RUNNING = Prepared(lambda: Escalation.objects.running().filter(case=Given("case")).order_by("pk"))


@ends_with_case
def end_escalations(case, *, by, now, outcome):
    release(RUNNING.all(case=case.pk), outcome, now=now)


@blocks_resolving
def required_steps(case):
    for item in checklists.left(case):
        if item.step.is_required:
            yield Blocker(checklists.required(item), f"step-{item.step.pk}")


@said_at_the_end
def steps_left(case):
    for item in checklists.left(case):
        if not item.step.is_required:
            yield Blocker(_("“%(step)s” is not ticked.") % {"step": item.step.text}, f"step-{item.step.pk}")
