"""A level's checklist in the API: what is shown of a step, and what is said to tick it."""

from rest_framework import serializers

from cases.api.fields import Moment
from cases.api.inputs import Said
from escalations.models import LevelStep


class ItemSerializer(serializers.Serializer):
    """One step of the checklist, and who ticked it when."""

    step = serializers.IntegerField(source="step.pk", read_only=True)
    text = serializers.CharField(source="step.text", read_only=True)
    is_required = serializers.BooleanField(
        source="step.is_required", read_only=True, help_text="The escalation does not end without it."
    )
    ticked_by = serializers.CharField(source="tick.by.name", read_only=True, default=None, allow_null=True)
    ticked_at = Moment(source="tick.at", read_only=True, default=None, allow_null=True)


class Ticking(Said):
    step = serializers.PrimaryKeyRelatedField(queryset=LevelStep.objects.all())
    is_done = serializers.BooleanField(help_text="False takes the tick back.")
