"""What the clocks of a case would be if its priority, category or service were another one, in the API."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from cases.models import Category, Service
from cases.operations import foreseeing
from cases.states import Metric, Priority

from .fields import Moment
from .inputs import one
from .reading import OfOneCase


class AimedSerializer(serializers.Serializer):
    """A clock as it would be. `due_at` is null while a pause stands."""

    clock = serializers.IntegerField(
        source="pk", read_only=True, allow_null=True, help_text="Its id; null: it would start only then."
    )
    metric = serializers.ChoiceField(Metric.choices, read_only=True)
    label = serializers.CharField(read_only=True, help_text="Of a law's: by which article.")
    term_seconds = serializers.IntegerField(read_only=True)
    due_at = Moment(read_only=True, allow_null=True)
    late_after = Moment(read_only=True, allow_null=True)
    is_breached_at_once = serializers.SerializerMethodField(
        help_text="Its term would be over already, and was not before."
    )

    def get_is_breached_at_once(self, clock) -> bool:
        return clock.due_at is not None and clock.late_after < self.context["now"] and not clock.is_breached


class StoppedSerializer(serializers.Serializer):
    """A clock that would stop: nothing is owed by it any more."""

    clock = serializers.IntegerField(source="pk", read_only=True)
    metric = serializers.ChoiceField(Metric.choices, read_only=True)
    label = serializers.CharField(read_only=True)


class UnderPrioritySerializer(serializers.Serializer):
    """What its policy owes to this priority. What a law sets does not depend on it."""

    priority = serializers.ChoiceField(Priority.choices, read_only=True)
    goes_on = AimedSerializer(source="clocks", many=True, read_only=True)
    stops = StoppedSerializer(source="gone", many=True, read_only=True)


class TermSerializer(serializers.Serializer):
    would_be = AimedSerializer(source="clock", read_only=True)
    due_before = Moment(read_only=True, allow_null=True, help_text="When it is due as things stand.")
    is_new = serializers.BooleanField(read_only=True)


class CorrectedSerializer(serializers.Serializer):
    """Everything that would be owed, what stays as it is and what laws set included."""

    policy = serializers.CharField(source="version", read_only=True)
    is_other_policy = serializers.BooleanField(source="is_other", read_only=True)
    terms = TermSerializer(many=True, read_only=True)
    stops = StoppedSerializer(source="gone", many=True, read_only=True)


class IfCorrecting(serializers.Serializer):
    """Leave out what stays; empty says that there is none, or that it is not known."""

    category = one(Category.objects.all(), required=False, allow_null=True)
    service = one(Service.objects.all(), required=False, allow_null=True)


class Foreseen(OfOneCase):
    """What would come of changing a case, before it is changed."""

    asks = "case.work"
    serializer_class = CorrectedSerializer

    @extend_schema(responses=UnderPrioritySerializer(many=True))
    @action(detail=True, url_path="if-prioritised", filterset_class=None, pagination_class=None)
    def if_prioritised(self, request, number):
        """Of each other priority: the clocks with their new due times. Nothing is changed."""
        found, now = foreseeing.by_priority(self.subject()), timezone.now()
        return Response(UnderPrioritySerializer(found, many=True, context={"now": now}).data)

    @extend_schema(parameters=[IfCorrecting], responses=CorrectedSerializer)
    @action(detail=True, url_path="if-corrected", filterset_class=None, pagination_class=None)
    def if_corrected(self, request, number):
        """Of another category or service: the terms that the case would owe by it. Nothing is changed."""
        case, now = self.subject(), timezone.now()
        said = IfCorrecting(data=request.query_params.dict())
        said.is_valid(raise_exception=True)
        found = foreseeing.by_correction(case, now=now, **said.validated_data)
        return Response(CorrectedSerializer(found, context={"now": now}).data)
