"""How escalations, handoffs and what happens if nobody acts are shown."""

from rest_framework import serializers

from cases.api.fields import Moment, Shown, maybe_named, named
from cases.api.serializers import OnCase
from escalations import words
from escalations.models import Escalation, EscalationPath, Handoff, PassedOver


class PassedOverSerializer(Shown):
    person = maybe_named()

    class Meta:
        model = PassedOver
        fields = ["level_number", "person", "why", "detail", "at"]


class EscalationSerializer(OnCase):
    path = named()
    version = serializers.IntegerField(source="version.number", read_only=True)
    rule = maybe_named(help_text="The rule that started it.")
    trigger = serializers.CharField(source="trigger.kind", read_only=True, default=None, allow_null=True)
    holder = maybe_named()
    holder_team = maybe_named()
    passed_over = PassedOverSerializer(many=True, read_only=True)

    class Meta:
        model = Escalation
        fields = [
            "id",
            "case",
            "path",
            "version",
            "rule",
            "trigger",
            "state",
            "level_number",
            "is_at_fallback",
            "severity",
            "holder",
            "holder_team",
            "started_at",
            "ended_at",
            "outcome",
            "cool_off_until",
            "passed_over",
        ]


class HandoffSerializer(Shown):
    case = serializers.CharField(
        source="escalation.case.number", read_only=True, help_text="The case's number."
    )
    escalation = serializers.IntegerField(source="escalation_id", read_only=True)
    skill = maybe_named()
    catalogue_reason = maybe_named()
    from_person = maybe_named()
    to_person = maybe_named()
    to_team = maybe_named()
    answered_by = maybe_named()
    acknowledge_by = Moment(source="acknowledge_clock.due_at", read_only=True, default=None, allow_null=True)
    work_by = Moment(source="work_clock.due_at", read_only=True, default=None, allow_null=True)

    class Meta:
        model = Handoff
        fields = [
            "id",
            "case",
            "escalation",
            "level_number",
            "kind",
            "mode",
            "call_back_at",
            "was_reached",
            "skill",
            "from_person",
            "to_person",
            "to_team",
            "catalogue_reason",
            "reason",
            "background",
            "tried",
            "next_steps",
            "told_customer",
            "told_at",
            "told_by",
            "untold_because",
            "is_automatic",
            "made_at",
            "acknowledge_by",
            "state",
            "answered_at",
            "answered_by",
            "decline_reason",
            "work_by",
        ]


class PathSerializer(Shown):
    class Meta:
        model = EscalationPath
        fields = ["id", "name", "description", "is_default"]


class StepSerializer(serializers.Serializer):
    """Where the case goes at `at`. `because`: unacknowledged, unsolved, promise, or a target's metric."""

    at = Moment(read_only=True)
    because = serializers.CharField(read_only=True)
    condition = serializers.SerializerMethodField(help_text="`because` in words.")
    level = serializers.IntegerField(source="step.level_number", read_only=True)
    person = serializers.IntegerField(source="step.person_id", read_only=True, allow_null=True)
    team = serializers.IntegerField(source="step.team_id", read_only=True, allow_null=True)
    name = serializers.SerializerMethodField(help_text="Of the person or the team.")
    is_fallback = serializers.BooleanField(source="step.is_fallback", read_only=True)

    def get_condition(self, announced) -> str:
        return str(words.conditions().get(announced.because, ""))

    def get_name(self, announced) -> str:
        return words.holder_name(announced.step, self.context["roster"])


class PlanSerializer(serializers.Serializer):
    """What will happen to the case if nobody acts. Without any ladder its managers are told of a breach."""

    path = serializers.CharField(source="path.name", read_only=True, default=None, allow_null=True)
    escalation = serializers.IntegerField(
        source="escalation.pk", read_only=True, default=None, allow_null=True
    )
    level = serializers.IntegerField(
        source="escalation.level_number", read_only=True, default=None, allow_null=True
    )
    steps = StepSerializer(many=True, read_only=True)
    managers_told_at = Moment(read_only=True, allow_null=True)
