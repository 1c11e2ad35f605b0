"""Customers, what is on cases, and the asker's notices, to read and filter."""

from django.db.models import Avg, Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from cases.errors import NoOpenHour
from cases.hours import NoOpenHours
from cases.models import Case, CaseLink, Clock, Customer, Message, Notice, Promise, Survey
from cases.operations import promising, replacing, seeing
from cases.views.attached import content_of
from cases.views.delivery import mails_of
from cases.views.finding import may

from . import filters, inputs, serializers, shown_customers, shown_messages, shown_receipts
from .reading import OfCases, OfOneCase, Reading
from .verbs import verb

# Of one customer, grouped.
ANSWERED = (
    Survey.objects.answered()
    .filter(customer=OuterRef("pk"), case__is_restricted=False)
    .order_by()
    .values("customer")
)


class Customers(ListModelMixin, RetrieveModelMixin, Reading):
    """Customers with their contacts."""

    asks = "customer.read"
    serializer_class = shown_customers.CustomerSerializer
    filterset_class = filters.CustomerFilter
    queryset = Customer.objects.select_related("account_manager").prefetch_related("contacts")

    def get_queryset(self):
        """How content they are is counted for one customer, never for a list of them."""
        if self.action != "retrieve":
            return super().get_queryset()
        return (
            super()
            .get_queryset()
            .annotate(
                satisfaction=Subquery(ANSWERED.annotate(mean=Avg("score")).values("mean")),
                surveys_answered=Coalesce(Subquery(ANSWERED.annotate(n=Count("pk")).values("n")), 0),
            )
        )


class Clocks(ListModelMixin, RetrieveModelMixin, OfCases):
    """The running and ended targets of the cases you reach."""

    serializer_class = serializers.ClockSerializer
    filterset_class = filters.ClockFilter
    queryset = Clock.objects.select_related(
        "case", "policy_version__policy", "calendar", "owed_by", "owed_by_team"
    )

    @extend_schema(responses=shown_receipts.ReceiptSerializer)
    @action(detail=True, filterset_class=None)
    def receipt(self, request, pk):
        """Why it is due when it is due, line by line."""
        clock = self.get_object()
        pauses = clock.case.pauses.select_related("reason").order_by("started_at", "pk")
        if clock.ended_at is not None:
            pauses = pauses.filter(started_at__lt=clock.ended_at)
        try:
            receipt = clock.receipt(pauses=pauses)
        except NoOpenHours as error:
            raise NoOpenHour(str(error)) from error
        return Response(shown_receipts.ReceiptSerializer(receipt).data)


class Promises(ListModelMixin, RetrieveModelMixin, OfCases):
    """Dates told to customers."""

    serializer_class = serializers.PromiseSerializer
    filterset_class = filters.PromiseFilter
    queryset = Promise.objects.select_related("case", "made_by")

    @verb(says=inputs.Nothing, answers=serializers.PromiseSerializer)
    def keep(self, promise, said, *, by, now):
        """What was promised was done, in time or not."""
        promising.keep(promise=promise, by=by, now=now, **said)
        return promise

    @verb(says=inputs.Reason, answers=serializers.PromiseSerializer)
    def withdraw(self, promise, said, *, by, now):
        """The promise fell away, and the customer knows why."""
        promising.withdraw(promise=promise, by=by, now=now, **said)
        return promise

    @verb(says=inputs.Replacing, answers=serializers.PromiseSerializer, status=201)
    def replace(self, promise, said, *, by, now):
        """Give the customer a new date for an open or broken promise, and tell them; the new promise."""
        return replacing.replace(promise=promise, by=by, now=now, **said)


class Surveys(ListModelMixin, RetrieveModelMixin, OfCases):
    """What customers were asked once a case was closed, and what they answered. Nobody answers in their
    stead: that is done on the page to which their link leads."""

    serializer_class = serializers.SurveySerializer
    filterset_class = filters.SurveyFilter
    queryset = Survey.objects.select_related("case")


class Conversation(OfOneCase):
    """What was said on a case."""

    asks = "case.find"
    serializer_class = shown_messages.MessageSerializer
    queryset = Message.objects.select_related("author", "contact", "case").prefetch_related("attachments")
    filterset_class = filters.MessageFilter

    @extend_schema(responses=shown_messages.MessageSerializer(many=True))
    @action(detail=True)
    def messages(self, request, number):
        """The newest first. Who may only find the case does not see what was said among us."""
        case = self.subject()
        said = self.get_queryset().filter(case=case)
        if not may(request.user, "case.read", case):
            said = said.exclude(direction=Message.Direction.INTERNAL)
        page = self.paginate_queryset(self.filter_queryset(said))
        shown = shown_messages.MessageSerializer(page, many=True, context={"mails": mails_of(page)})
        return self.get_paginated_response(shown.data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(
        detail=True,
        url_path="attachments/(?P<attachment>[0-9]+)",
        url_name="attachment",
        filterset_class=None,
        pagination_class=None,
    )
    def attachment(self, request, number, attachment):
        """The content of a file that came with a message, to download."""
        return content_of(attachment, case=self.subject(), reader=request.user)


class Links(OfOneCase):
    """How a case stands to others."""

    asks = "case.find"
    serializer_class = serializers.CaseLinkSerializer

    @extend_schema(responses=serializers.CaseLinkSerializer(many=True))
    @action(detail=True, filterset_class=None)
    def links(self, request, number):
        """The newest first, also those that have ended; only to cases that you may find."""
        known = Case.objects.findable(request.user)
        found = CaseLink.objects.of(self.subject().pk).filter(
            Exists(known.filter(pk=OuterRef("source"))), Exists(known.filter(pk=OuterRef("target")))
        )
        page = self.paginate_queryset(found.select_related("source", "target").order_by("-pk"))
        return self.get_paginated_response(serializers.CaseLinkSerializer(page, many=True).data)


class Parties(OfOneCase):
    """Who is named on a case."""

    asks = "case.read"
    serializer_class = serializers.PartySerializer

    @extend_schema(responses=serializers.PartySerializer(many=True))
    @action(detail=True, filterset_class=None)
    def parties(self, request, number):
        """The newest first; also those who are not named any more."""
        page = self.paginate_queryset(self.subject().parties.select_related("case", "person").order_by("-pk"))
        return self.get_paginated_response(serializers.PartySerializer(page, many=True).data)


class Notices(ListModelMixin, RetrieveModelMixin, Reading):
    """Your own notices in the app, save those of cases that are no longer yours to know of."""

    asks = "profile.change"
    serializer_class = shown_messages.NoticeSerializer
    filterset_class = filters.NoticeFilter
    queryset = Notice.objects.select_related("case")

    def get_queryset(self):
        return super().get_queryset().in_app_for(self.request.user)

    def subject(self):
        return self.get_object() if self.detail else self.request.user

    @verb(says=inputs.NoWords, answers=shown_messages.NoticeSerializer, asks="profile.change")
    def read(self, notice, said, *, by, now):
        """You have seen it. When it was first seen stays."""
        seeing.see(by=by, now=now, notice=notice.pk)
        notice.refresh_from_db(fields=["read_at"])
        return notice

    @verb(
        says=inputs.ReadingAll,
        answers=shown_messages.SeenSerializer,
        asks="profile.change",
        detail=False,
        url_path="read-all",
    )
    def read_all(self, person, said, *, by, now):
        """You have seen all of them, or all up to the newest that was before your eyes."""
        return {"number": seeing.see(by=by, now=now, **said)}
