"""The tags of one case, on its page."""

from django import template

from cases.models import CaseTag

register = template.Library()


@register.inclusion_tag("cases/_tags.html")
def tags_of(case, may_work):
    """What is on `case` now; who works it may change it."""
    on = CaseTag.objects.on().filter(case=case).select_related("tag").order_by("tag__name")
    return {"case": case, "tags": [row.tag for row in on], "may_work": may_work}
