"""What a list of cases may be narrowed by; the same on pages and in the API."""

import django_filters
from django.utils.translation import gettext_lazy as _

from cases.models import CaseTag, Category, Channel, Standing, Tag, Team, Tier
from cases.states import Priority


class QueueFilter(django_filters.FilterSet):
    """Narrows standings. What is searched for (`q`) is no filter of this: cases/searching.py."""

    priority = django_filters.MultipleChoiceFilter(label=_("Priority"), choices=Priority.choices)
    tier = django_filters.MultipleChoiceFilter(
        label=_("Tier"), field_name="case__customer__tier", choices=Tier.choices
    )
    category = django_filters.ModelChoiceFilter(
        label=_("Category"),
        field_name="case__category",
        queryset=Category.objects.order_by("name"),
        empty_label=_("any"),
    )
    channel = django_filters.ChoiceFilter(
        label=_("Channel"), field_name="case__channel", choices=Channel.choices, empty_label=_("any")
    )
    team = django_filters.ModelChoiceFilter(
        label=_("Team"), queryset=Team.objects.filter(is_active=True).order_by("name"), empty_label=_("any")
    )
    tag = django_filters.ModelChoiceFilter(
        label=_("Tag"), queryset=Tag.objects.order_by("name"), method="tagged", empty_label=_("any")
    )

    class Meta:
        model = Standing
        fields = ["priority", "tier", "category", "channel", "team", "tag"]

    def tagged(self, found, _name, tag):
        return found.filter(case__in=CaseTag.objects.on().filter(tag=tag).values("case"))
