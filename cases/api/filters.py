"""What lists may be narrowed by. Choices may be repeated: ?status=new&status=open."""

import django_filters as filters
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases import queues, searching
from cases.fulltext import Holding, words_of
from cases.models import (
    Case,
    Category,
    Channel,
    Clock,
    Customer,
    Message,
    Notice,
    NoticeKind,
    Person,
    Promise,
    Service,
    Survey,
    Team,
    Tier,
)
from cases.states import CaseStatus, ClockState, Metric, Priority


class CaseNumberFilter(filters.CharFilter):
    """Rows of the case with this number."""

    def __init__(self, field_name="case", **kwargs):
        super().__init__(field_name=field_name, label=_("Case number, as in C-20418"), **kwargs)

    def filter(self, found, number):
        if not number:
            return found
        return found.filter(**{f"{self.field_name}__in": Case.objects.numbered(number).values("pk")})


def one(model, **kwargs):
    return filters.ModelChoiceFilter(queryset=model.objects.all(), **kwargs)


def some(choices, **kwargs):
    return filters.MultipleChoiceFilter(choices=choices.choices, **kwargs)


def since(field_name):
    return filters.IsoDateTimeFilter(
        field_name=field_name, lookup_expr="gte", label=_("At this instant or later")
    )


def before(field_name):
    return filters.IsoDateTimeFilter(field_name=field_name, lookup_expr="lt", label=_("Before this instant"))


class CustomerFilter(filters.FilterSet):
    q = filters.CharFilter(
        method="named", label=_("Words of the name, or their beginnings: as a search of cases takes them")
    )
    tier = some(Tier)
    account_manager = one(Person)

    class Meta:
        model = Customer
        fields = ["q", "tier", "account_manager", "language", "is_vulnerable"]

    def named(self, found, _name, text):
        """By the index of words: a part from the middle of a word would be looked for in every customer."""
        words = words_of(text)
        return found.filter(Holding(Customer, words)) if words else found.none()


class CaseFilter(filters.FilterSet):
    """`customer` widens the list to every case of that customer that the reader may find."""

    q = filters.CharFilter(
        method="search",
        label=_("A number, or words of the case, its customer, its contact or what was said: the newest"),
    )
    status = some(CaseStatus)
    language = filters.ChoiceFilter(choices=settings.LANGUAGES)
    priority = some(Priority)
    channel = some(Channel)
    tier = some(Tier, field_name="customer__tier")
    customer, category, service = one(Customer), one(Category), one(Service)
    team, owner = one(Team), one(Person)
    holder, holder_team = (
        one(Person, field_name="standing__holder"),
        one(Team, field_name="standing__holder_team"),
    )
    is_unrouted = filters.BooleanFilter(field_name="team", lookup_expr="isnull", label=_("Without a team"))
    is_breached = filters.BooleanFilter(
        field_name="standing__is_breached", label=_("What is owed next is overdue")
    )
    due_before = before("standing__due_at")
    received_since, received_before = since("received_at"), before("received_at")

    class Meta:
        model = Case
        fields = ["reference", "is_restricted"]

    def search(self, found, _name, words):
        numbered = Case.objects.numbered(words).values_list("pk", flat=True)
        return found.filter(
            pk__in=[*numbered, *searching.newest(queues.Reader.of(self.request.user, timezone.now()), words)]
        )


class MessageFilter(filters.FilterSet):
    direction = some(Message.Direction)
    channel = some(Channel)
    said_since, said_before = since("occurred_at"), before("occurred_at")

    class Meta:
        model = Message
        fields = ["is_automatic"]


class ClockFilter(filters.FilterSet):
    case = CaseNumberFilter()
    metric = some(Metric)
    state = some(ClockState)
    is_open = filters.BooleanFilter(method="open_ones", label=_("Running or paused"))
    is_breached = filters.BooleanFilter(
        field_name="breached_at",
        lookup_expr="isnull",
        exclude=True,
        label=_("Its term was passed, even if it ended since"),
    )
    due_since, due_before = since("due_at"), before("due_at")

    class Meta:
        model = Clock
        fields = []

    def open_ones(self, found, _name, wanted):
        return found.filter(ended_at__isnull=wanted)


class SurveyFilter(filters.FilterSet):
    case = CaseNumberFilter()
    customer = one(Customer)
    is_answered = filters.BooleanFilter(field_name="score", lookup_expr="isnull", exclude=True)
    asked_since, asked_before = since("asked_at"), before("asked_at")

    class Meta:
        model = Survey
        fields = []


class PromiseFilter(filters.FilterSet):
    case = CaseNumberFilter()
    state = some(Promise.State)
    kind = some(Promise.Kind)
    made_by = one(Person)
    due_since, due_before = since("due_at"), before("due_at")

    class Meta:
        model = Promise
        fields = []


class NoticeFilter(filters.FilterSet):
    case = CaseNumberFilter()
    kind = some(NoticeKind)
    is_unread = filters.BooleanFilter(field_name="read_at", lookup_expr="isnull", label=_("Not read yet"))

    class Meta:
        model = Notice
        fields = []
