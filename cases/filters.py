"""What a list of cases may be narrowed by; the same on pages and in the API."""

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Category, Channel, Customer, Standing, Team, Tier
from cases.states import Priority


class QueueFilter(django_filters.FilterSet):
    """Narrows standings. `q` is a case number, or words of the subject or the customer's name."""

    q = django_filters.CharFilter(label=_("Number, subject or customer"), method="search")
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

    class Meta:
        model = Standing
        fields = ["q", "priority", "tier", "category", "channel", "team"]

    def search(self, found, _name, words):
        numbered = Case.objects.numbered(words).values("pk")
        customers = Customer.objects.filter(name__icontains=words).values("pk")
        return found.filter(
            Q(case__in=numbered) | Q(case__subject__icontains=words) | Q(case__customer__in=customers)
        )
