"""What a list of cases may be narrowed by; the same on pages and in the API."""

import django_filters
from django import forms
from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cases.models import CaseTag, Category, Channel, Person, Standing, Tag, Team, Tier
from cases.states import LIVE, CaseStatus, Priority


def people(_request):
    return Person.objects.working().order_by("name", "pk")


class OneOfAllPeople(forms.Select):
    """A page shows only who is chosen; the others are fetched when the menu around it is first opened.

    Everybody twice on each page was most of what a desk of five thousand waited for. `is_whole`: all are
    shown, for who has no scripts.
    """

    is_whole = False

    def build_attrs(self, *args, **kwargs):
        attrs = super().build_attrs(*args, **kwargs)
        return attrs if self.is_whole else {**attrs, "data-people": reverse("case-list-people")}

    def optgroups(self, name, value, attrs=None):
        if self.is_whole:
            return super().optgroups(name, value, attrs)
        every, field = self.choices, self.choices.field
        try:
            chosen = [person for person in map(field.to_python, value) if person is not None]
        except forms.ValidationError:
            chosen = []  # it is nobody, and the form says so
        self.choices = [("", field.empty_label), *map(every.choice, chosen)]
        try:
            return super().optgroups(name, value, attrs)
        finally:
            self.choices = every


class QueueFilter(django_filters.FilterSet):
    """Narrows standings. What is searched for (`q`) is no filter of this: cases/searching.py.

    `with_ended`: whether what is narrowed holds ended cases too, as a search does; else their status is none
    to choose.
    """

    # Chosen so often that each has a place of its own; the others share one until they are chosen.
    first = ("status", "priority", "category", "owner", "team")

    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=CaseStatus.choices)
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
    owner = django_filters.ModelChoiceFilter(
        label=_("Owner"), queryset=people, empty_label=_("any"), widget=OneOfAllPeople
    )
    holder = django_filters.ModelChoiceFilter(
        label=_("Holder"), queryset=people, method="held_by", empty_label=_("any"), widget=OneOfAllPeople
    )
    language = django_filters.ChoiceFilter(
        label=_("Language"), field_name="case__language", choices=settings.LANGUAGES, empty_label=_("any")
    )
    tag = django_filters.ModelChoiceFilter(
        label=_("Tag"), queryset=Tag.objects.order_by("name"), method="tagged", empty_label=_("any")
    )

    class Meta:
        model = Standing
        fields = [
            "status", "priority", "tier", "category", "owner", "team", "holder", "language", "channel", "tag",
        ]  # fmt: skip

    def __init__(self, *args, with_ended=True, **kwargs):
        super().__init__(*args, **kwargs)
        self.with_ended = with_ended
        if self.data.get("people") == "all":
            for name in ("owner", "holder"):
                self.form.fields[name].widget.is_whole = True
        if not with_ended:
            live = [(value, word) for value, word in CaseStatus.choices if value in LIVE]
            self.form.fields["status"].choices = live

    @property
    def more(self):
        """The bound fields that are neither chosen nor among the first."""
        return [field for field in self.form if not field.data and field.name not in self.first]

    def held_by(self, found, _name, person):
        """As the queue's last column says it: who holds the escalation, or else whose case it is.

        Of what is live each of the two is read along its own index; "or" between them would walk everybody's.
        """
        held, owned = Q(holder=person), Q(owner=person, holder=None, holder_team=None)
        if self.with_ended:
            return found.filter(held | owned)
        live = Standing.objects.live().values("case")
        return found.filter(case__in=live.filter(held).union(live.filter(owned), all=True))

    def tagged(self, found, _name, tag):
        return found.filter(case__in=CaseTag.objects.on().filter(tag=tag).values("case"))
