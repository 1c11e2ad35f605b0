"""How customers, cases and what is on them are shown."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cases.models import (
    Case,
    CaseLink,
    CaseReading,
    Clock,
    Party,
    Pause,
    Promise,
    Standing,
    Survey,
)
from cases.states import Metric

from .fields import NamedSerializer, Shown, maybe_named, named
from .shown_customers import CustomerOfCaseSerializer


class PauseSerializer(Shown):
    reason = serializers.CharField(source="reason.code", read_only=True, help_text="The reason's code.")
    name = serializers.CharField(source="reason.name", read_only=True)
    stops = serializers.ListField(child=serializers.ChoiceField(Metric.choices), read_only=True)
    started_by = named()

    class Meta:
        model = Pause
        fields = [
            "id",
            "reason",
            "name",
            "stops",
            "note",
            "started_at",
            "expected_end_at",
            "ended_at",
            "started_by",
        ]


class StandingSerializer(Shown):
    """What a case owes next: what, whose, when."""

    clock = serializers.IntegerField(source="clock_id", read_only=True, allow_null=True)
    promise = serializers.IntegerField(source="promise_id", read_only=True, allow_null=True)
    whose = maybe_named()
    whose_team = maybe_named()

    class Meta:
        model = Standing
        fields = [
            "kind",
            "metric",
            "clock",
            "promise",
            "whose",
            "whose_team",
            "due_at",
            "at_risk_at",
            "is_breached",
            "resumes_at",
            "pause_reason",
        ]


class CaseSerializer(Shown):
    """`revision` goes up with each change; send it with a verb to be refused where somebody was faster."""

    number = serializers.CharField(read_only=True)
    customer = CustomerOfCaseSerializer(read_only=True)
    contact = maybe_named()
    category = maybe_named()
    service = maybe_named()
    team = maybe_named()
    owner = maybe_named(help_text="Accountable from start to end.")
    holder = maybe_named(source="standing.holder", help_text="Who holds its escalation now.")
    holder_team = maybe_named(source="standing.holder_team")
    policy = serializers.CharField(source="policy_version", read_only=True)
    owed_next = StandingSerializer(source="standing", read_only=True)
    open_pauses = PauseSerializer(many=True, read_only=True)
    tags = serializers.SerializerMethodField()

    class Meta:
        model = Case
        fields = [
            "number",
            "subject",
            "status",
            "impact",
            "urgency",
            "priority",
            "customer",
            "contact",
            "category",
            "service",
            "channel",
            "language",
            "reference",
            "team",
            "owner",
            "holder",
            "holder_team",
            "policy",
            "owed_next",
            "open_pauses",
            "tags",
            "is_restricted",
            "received_at",
            "resolved_at",
            "closed_at",
            "reopened_count",
            "reassigned_count",
            "revision",
        ]

    @extend_schema_field(NamedSerializer(many=True))
    def get_tags(self, case):
        return NamedSerializer([row.tag for row in case.tags_on], many=True).data


class OnCase(Shown):
    case = serializers.CharField(source="case.number", read_only=True, help_text="The case's number.")


class PromiseSerializer(OnCase):
    made_by = named()
    replaced_by = serializers.IntegerField(source="replaced_by_id", read_only=True, allow_null=True)

    class Meta:
        model = Promise
        fields = [
            "id",
            "case",
            "what",
            "kind",
            "due_at",
            "told_at",
            "told_by_channel",
            "made_by",
            "state",
            "broken_at",
            "ended_at",
            "replaced_by",
        ]


class PartySerializer(OnCase):
    """Who is named on a case: with access to it, or as the subject of the complaint; former ones too."""

    person = named()

    class Meta:
        model = Party
        fields = ["id", "case", "person", "kind", "reason"]


class SurveySerializer(OnCase):
    class Meta:
        model = Survey
        fields = [
            "id",
            "case",
            "asked_at",
            "expires_at",
            "called_back_at",
            "score",
            "comment",
            "answered_at",
        ]


class ClockSerializer(OnCase):
    """Met while elapsed working time <= the term; shows `due_at`, is breached strictly after `late_after`."""

    policy = serializers.CharField(source="policy_version", read_only=True, allow_null=True)
    calendar = named()
    owed_by = maybe_named()
    owed_by_team = maybe_named()

    class Meta:
        model = Clock
        fields = [
            "id",
            "case",
            "metric",
            "label",
            "state",
            "policy",
            "calendar",
            "term_seconds",
            "used_seconds",
            "at_risk_percent",
            "ends_on",
            "started_at",
            "at_risk_at",
            "due_at",
            "late_after",
            "warned_at",
            "breached_at",
            "ended_at",
            "elapsed_seconds",
            "owed_by",
            "owed_by_team",
        ]


class CaseLinkSerializer(Shown):
    """`source` is `kind` of `target`, such as merged into it."""

    source = serializers.CharField(source="source.number", read_only=True, help_text="A case's number.")
    target = serializers.CharField(source="target.number", read_only=True, help_text="A case's number.")

    class Meta:
        model = CaseLink
        fields = ["id", "source", "kind", "target", "made_at", "ended_at"]


class CaseReadingSerializer(OnCase):
    class Meta:
        model = CaseReading
        fields = ["id", "case", "reason", "at", "until"]
