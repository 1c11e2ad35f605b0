"""Options, their uses, and questions about handoffs in the API; and the catalogues they come from."""

import django_filters
from django.db.models import Exists, OuterRef, Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from cases.api import errors
from cases.api.fields import Moment, Shown, Text, maybe_named, named
from cases.api.filters import CaseNumberFilter, before, one, since, some
from cases.api.inputs import WRITTEN, Said, Versioned
from cases.api.lookups import Lookup
from cases.api.reading import OfCases, OfOneCase
from cases.api.serializers import OnCase
from cases.api.verbs import verb
from cases.models import Case, Person
from escalations.errors import AlreadyAsked, OverTheLimit
from escalations.models import AskBack, EscalationReason, Option, OptionUse
from escalations.operations import asking, options

errors.answers(status.HTTP_409_CONFLICT, AlreadyAsked)
errors.answers(status.HTTP_403_FORBIDDEN, OverTheLimit)


# What may come of an option that was tried.
TRIED = [choice for choice in OptionUse.Outcome.choices if choice[0] != OptionUse.Outcome.SKIPPED]


def euros(**kwargs):
    return serializers.DecimalField(max_digits=12, decimal_places=2, help_text="In EUR.", **kwargs)


# --- What is shown ------------------------------------------------------------------------------------------


class OptionSerializer(Shown):
    path, category = maybe_named(), maybe_named()

    class Meta:
        model = Option
        fields = [
            "id",
            "position",
            "name",
            "kind",
            "description",
            "wording",
            "amount_ceiling",
            "path",
            "from_level",
            "category",
        ]


class EscalationReasonSerializer(Shown):
    class Meta:
        model = EscalationReason
        fields = ["id", "position", "name", "kind"]


class OptionUseSerializer(OnCase):
    escalation = serializers.IntegerField(source="escalation_id", read_only=True, allow_null=True)
    option, by = named(), named()

    class Meta:
        model = OptionUse
        fields = [
            "id",
            "case",
            "escalation",
            "option",
            "outcome",
            "amount",
            "skipped_because",
            "note",
            "by",
            "at",
        ]


class OfferedSerializer(serializers.Serializer):
    """One option that you may try on the case, and what came of it so far."""

    option = OptionSerializer(read_only=True)
    outcome = serializers.CharField(source="last.outcome", read_only=True, default=None, allow_null=True)
    at = Moment(source="last.at", read_only=True, default=None, allow_null=True)


class PowerSerializer(serializers.Serializer):
    """How far you may go on the case by yourself. Options come lowest first; skipping one asks why."""

    limit = euros(read_only=True)
    options = OfferedSerializer(many=True, read_only=True)


class AskBackSerializer(Shown):
    case = serializers.CharField(
        source="handoff.escalation.case.number", read_only=True, help_text="The case's number."
    )
    handoff = serializers.IntegerField(source="handoff_id", read_only=True)
    asked_by, asked_of, answered_by = named(), named(), maybe_named()

    class Meta:
        model = AskBack
        fields = [
            "id",
            "case",
            "handoff",
            "text",
            "asked_by",
            "asked_of",
            "asked_at",
            "answer",
            "answered_by",
            "answered_at",
        ]


# --- What is said -------------------------------------------------------------------------------------------


class Using(Versioned):
    option = serializers.PrimaryKeyRelatedField(queryset=Option.objects.filter(is_active=True))
    outcome = serializers.ChoiceField(OptionUse.Outcome.choices)
    amount = euros(required=False, allow_null=True)
    note = Text(required=False)
    skipped_because = Text(
        required=False, help_text="Why this one is skipped or, of another outcome, those below it."
    )
    reply = Text(required=False, help_text="What is written to the customer with it.")
    channel = serializers.ChoiceField(WRITTEN, required=False)


class AskingBack(Said):
    text = Text()


# --- What is asked ------------------------------------------------------------------------------------------


class OptionUseFilter(django_filters.FilterSet):
    case = CaseNumberFilter()
    outcome = some(OptionUse.Outcome)
    option, by = one(Option), one(Person)
    since, before = since("at"), before("at")

    class Meta:
        model = OptionUse
        fields = ["escalation"]


class QuestionFilter(django_filters.FilterSet):
    case = CaseNumberFilter("handoff__escalation__case")
    asked_of, asked_by = one(Person), one(Person)
    is_open = django_filters.BooleanFilter("answered_at", lookup_expr="isnull")

    class Meta:
        model = AskBack
        fields = ["handoff"]


class OptionUses(ListModelMixin, RetrieveModelMixin, OfCases):
    """Options that were tried on cases, what came of them, and why others were skipped."""

    serializer_class = OptionUseSerializer
    filterset_class = OptionUseFilter
    queryset = OptionUse.objects.select_related("case", "option", "by")


class AskBacks(ListModelMixin, RetrieveModelMixin, OfCases):
    """What was asked back about handoffs, and the answers."""

    serializer_class = AskBackSerializer
    filterset_class = QuestionFilter
    case_path = "handoff__escalation__case"
    queryset = AskBack.objects.select_related(
        "handoff__escalation__case", "asked_by", "asked_of", "answered_by"
    )

    def get_queryset(self):
        """Of the cases one reaches; and what one was asked oneself, out of whose hands the case has gone."""
        reader, case = self.request.user, OuterRef(self.case_path)
        reached = Exists(Case.objects.reachable(reader, self.asks).filter(pk=case))
        asked = Q(asked_of=reader.pk) & Exists(Case.objects.findable(reader).filter(pk=case))
        return super(OfCases, self).get_queryset().filter(reached | asked)

    @verb(says=AskingBack, answers=AskBackSerializer, asks="case.work")
    def answer(self, question, said, *, by, now):
        """Your answer stands with the handoff, and whoever asked is told."""
        return asking.answer(question=question, by=by, now=now, **said)


class CaseOptions(OfOneCase):
    """What may be tried on one case before anybody else is asked, or by who holds it."""

    serializer_class = PowerSerializer

    @extend_schema(responses=PowerSerializer)
    @action(detail=True, asks="case.work")
    def options(self, request, number):
        """How much you may grant on the case by yourself, and which options are yours, lowest first."""
        case = self.subject()
        escalation = options.running_of(case)
        power = {
            "limit": options.limit_of(request.user, escalation),
            "options": options.offered(case, escalation, request.user),
        }
        return Response(PowerSerializer(power).data)

    @verb(says=Using, answers=OptionUseSerializer, status=201, url_path="use-option")
    def use_option(self, case, said, *, by, now):
        """An option was offered, accepted, declined, or is skipped. A reply goes out with it."""
        return options.use(case=case, by=by, now=now, **said)


class Options(Lookup):
    """The ladder of remedies, lowest first."""

    serializer_class = OptionSerializer
    queryset = Option.objects.filter(is_active=True).select_related("path", "category")


class Reasons(Lookup):
    """Why cases are escalated."""

    serializer_class = EscalationReasonSerializer
    queryset = EscalationReason.objects.filter(is_active=True)


ROUTES = [
    ("option-uses", OptionUses, "api-option-use"),
    ("ask-backs", AskBacks, "api-ask-back"),
    ("cases", CaseOptions, "api-case-option"),
    ("options", Options, "api-option"),
    ("escalation-reasons", Reasons, "api-escalation-reason"),
]
