"""Who would get a case at each level of a path, in the API."""

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from cases.api.fields import Moment
from cases.api.people import OfConsole
from cases.api.reading import Reading
from escalations import duty_levels
from escalations.models import EscalationPath, PassedOver, Responsible


class PassedBySerializer(serializers.Serializer):
    person = serializers.IntegerField(read_only=True)
    why = serializers.ChoiceField(PassedOver.Why.choices, read_only=True)


class AskedSerializer(serializers.Serializer):
    """One of a team who is there, or who stands in for one who is not."""

    person = serializers.IntegerField(source="person_id", read_only=True)
    instead_of = serializers.IntegerField(read_only=True, allow_null=True)


class LevelStretchSerializer(serializers.Serializer):
    """Nobody is there where neither a person nor a team is named: the level is passed over then."""

    starts_at, ends_at = Moment(read_only=True), Moment(read_only=True)
    person = serializers.IntegerField(source="person_id", read_only=True, allow_null=True)
    team = serializers.IntegerField(source="team_id", read_only=True, allow_null=True)
    name = serializers.SerializerMethodField(help_text="Of the person or the team.")
    asked = AskedSerializer(
        source="told", many=True, read_only=True, help_text="Of a team: whoever acknowledges first has it."
    )
    passed_over = serializers.SerializerMethodField(help_text="Who would be asked before, and why not.")

    def get_name(self, stretch) -> str:
        roster = self.context["roster"]
        if stretch.person_id is not None:
            return roster.people[stretch.person_id].name
        return roster.team_names.get(stretch.team_id, "")

    @extend_schema_field(PassedBySerializer(many=True))
    def get_passed_over(self, stretch):
        return [{"person": person, "why": why} for person, why in stretch.passed]


class LevelDutySerializer(serializers.Serializer):
    number = serializers.IntegerField(source="level.number", read_only=True)
    name = serializers.CharField(source="level.name", read_only=True)
    responsible = serializers.ChoiceField(Responsible.choices, source="level.responsible", read_only=True)
    stretches = LevelStretchSerializer(
        many=True, read_only=True, allow_null=True, help_text="Null: that depends on the case."
    )


class OnDutySerializer(serializers.Serializer):
    version = serializers.IntegerField(read_only=True, help_text="The one in force.")
    until = Moment(read_only=True)
    levels = LevelDutySerializer(many=True, read_only=True)


class OnDuty(Reading):
    """Who a path would call."""

    permission_classes = [*Reading.permission_classes, OfConsole]
    asks = "rules.read"
    serializer_class = OnDutySerializer
    queryset = EscalationPath.objects.filter(is_active=True)

    @extend_schema(responses=OnDutySerializer)
    @action(detail=True, url_path="on-duty", filterset_class=None, pagination_class=None)
    def on_duty(self, request, pk):
        """Level by level, from now until the end of next week: by the very rules that the engine asks."""
        path, now = self.get_object(), timezone.now()
        version = EscalationPath.objects.filter(pk=path.pk).version_in_force(now).get(path.pk)
        if version is None:
            raise Http404
        until = duty_levels.end_of_next_week(now)
        levels, roster = duty_levels.at_each_level(version, since=now, until=until)
        shown = {"version": version.number, "until": until, "levels": levels}
        return Response(OnDutySerializer(shown, context={"roster": roster}).data)
