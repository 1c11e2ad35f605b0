"""What the case page tells of its customer beyond the case: what they have from us, what was escalated."""

from django import template

from cases.models import Case
from escalations.models import Escalation

register = template.Library()

SERVICES, PAST = 8, 4


@register.simple_tag
def services_of(customer):
    """What they have from us, by name."""
    return list(customer.subscriptions.select_related("service").order_by("service__name", "pk")[:SERVICES])


@register.simple_tag
def past_escalations(case, reader):
    """What ended of their customer's escalations, the newest first, on other cases the reader may know of.

    What runs stands with the open cases; what this one has been through, in its own panel.
    """
    theirs = Case.objects.findable(reader).filter(customer=case.customer_id).exclude(pk=case.pk)
    found = Escalation.objects.filter(
        state=Escalation.State.ENDED, case__in=theirs.values("pk")
    ).select_related("case", "path")
    return list(found.order_by("-pk")[:PAST])
