"""What the case page says of its case and customer: tags, and how content they were."""

from django import template

from cases.models import CaseTag, Survey

register = template.Library()


@register.inclusion_tag("cases/_tags.html")
def tags_of(case, may_work):
    """What is on `case` now; who works it may change it."""
    on = CaseTag.objects.on().filter(case=case).select_related("tag").order_by("tag__name")
    return {"case": case, "tags": [row.tag for row in on], "may_work": may_work}


@register.simple_tag
def satisfaction_of(customer):
    """What the customer's answers to surveys come to (a Satisfaction), or None. One query."""
    return Survey.objects.satisfaction(customer)
