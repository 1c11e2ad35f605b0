"""Rosters in the API: turns, the patterns that make them, and who is on duty in a week."""

from datetime import timedelta

import django_filters
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from cases import rosters
from cases.models import Duty, DutyPattern, Person, Skill, Team, Weekday
from cases.models.person import validate_time_zone
from cases.operations import duties, turns

from .fields import Moment, NamedSerializer, OfParts, Shown, Text, named
from .filters import before, one, since
from .inputs import one as one_of
from .people import OfPeople
from .verbs import carry_out, documented, verb

# --- As it is shown -----------------------------------------------------------------------------------------


class TurnSerializer(Shown):
    """Lowest `position` is asked first."""

    skill, person = named(), named()
    pattern = serializers.IntegerField(source="pattern_id", read_only=True, allow_null=True)
    instead_of = serializers.SerializerMethodField(
        help_text="Whose turn it was; null too where that is not for you to know."
    )

    class Meta:
        model = Duty
        fields = ["id", "skill", "person", "starts_at", "ends_at", "position", "pattern", "on", "instead_of"]

    @extend_schema_field(NamedSerializer(allow_null=True))
    def get_instead_of(self, turn):
        return NamedSerializer(turn.instead_of).data if turn.instead_is_seen else None


class BesidesSerializer(serializers.Serializer):
    """Another roster on which the same person is on duty at the same time."""

    skill = named(source="other.skill")
    starts_at, ends_at = Moment(read_only=True), Moment(read_only=True)


class GivenTurnSerializer(TurnSerializer):
    """A turn as somebody has it now. Two rosters at once are allowed, and are said in `besides`."""

    besides = serializers.SerializerMethodField()

    class Meta(TurnSerializer.Meta):
        fields = [*TurnSerializer.Meta.fields, "besides"]

    @extend_schema_field(BesidesSerializer(many=True))
    def get_besides(self, turn):
        return BesidesSerializer(duties.besides(turn, timezone.now()), many=True).data


class TakenOutSerializer(serializers.Serializer):
    turn = TurnSerializer(
        read_only=True, allow_null=True, help_text="As it ended; null: it had not begun and does not happen."
    )


class PatternSerializer(Shown):
    """The same turns each week, or every so many: from and until these times of its zone."""

    skill, person = named(), named()
    weekdays = serializers.SerializerMethodField(help_text="Monday is 0.")
    left_out = serializers.ListField(child=serializers.DateField(), read_only=True)

    class Meta:
        model = DutyPattern
        fields = [
            "id",
            "skill",
            "person",
            "weekdays",
            "starts",
            "ends",
            "time_zone",
            "every_weeks",
            "first_on",
            "last_on",
            "position",
            "left_out",
            "filled_until",
        ]

    def get_weekdays(self, pattern) -> list[int]:
        return [int(day) for day in pattern.weekdays]


class WhoSerializer(serializers.Serializer):
    """Somebody; without an id where it is not for you to know who."""

    id = serializers.IntegerField(source="pk", read_only=True, default=None, allow_null=True)
    name = serializers.CharField(read_only=True)


class StretchSerializer(OfParts):
    parts = ("starts_at", "ends_at")
    starts_at, ends_at = Moment(read_only=True), Moment(read_only=True)


class ClashSerializer(StretchSerializer):
    parts = ("starts_at", "ends_at", "one", "other")
    one, other = WhoSerializer(read_only=True), WhoSerializer(read_only=True)


class OnDutyNowSerializer(OfParts):
    parts = ("person", "absence")
    person = WhoSerializer(read_only=True)
    away_until = Moment(source="absence.ends_at", read_only=True, default=None, allow_null=True)


class PlacedSerializer(serializers.Serializer):
    turn = serializers.IntegerField(source="turn.pk", read_only=True)
    person = WhoSerializer(source="who", read_only=True)
    starts_at = Moment(source="turn.starts_at", read_only=True)
    ends_at = Moment(source="turn.ends_at", read_only=True)
    position = serializers.IntegerField(source="turn.position", read_only=True)
    is_away = serializers.BooleanField(read_only=True, help_text="For a part of it at least.")


class SkillWeekSerializer(serializers.Serializer):
    skill = named()
    on_duty_now = OnDutyNowSerializer(source="now", many=True, read_only=True, help_text="As they are asked.")
    turns = PlacedSerializer(source="blocks", many=True, read_only=True)
    gaps = StretchSerializer(many=True, read_only=True, help_text="To come: nobody is there.")
    overlaps = ClashSerializer(many=True, read_only=True, help_text="To come: two have the same place.")


@extend_schema_serializer(many=False)
class RosterSerializer(serializers.Serializer):
    """One week, Monday to Sunday of your zone."""

    starts_at = serializers.SerializerMethodField()
    ends_at = Moment(source="until", read_only=True)
    skills = SkillWeekSerializer(many=True, read_only=True)

    @extend_schema_field(Moment())
    def get_starts_at(self, week):
        return Moment().to_representation(week.days[0])


# --- What is said -------------------------------------------------------------------------------------------


def position():
    return serializers.IntegerField(
        min_value=1, max_value=32767, required=False, help_text="Lowest is asked first."
    )


class Adding(serializers.Serializer):
    skill = one_of(Skill.objects.all())
    person = one_of(Person.objects.working())
    starts_at, ends_at = Moment(), Moment()
    position = position()
    reason = Text(max_length=300, required=False)


class Moving(serializers.Serializer):
    """Leave out what stays."""

    starts_at, ends_at = Moment(required=False), Moment(required=False)
    position = position()
    reason = Text(max_length=300, required=False)


class Swapping(serializers.Serializer):
    """Who takes it: a person, or whoever has the turn that goes in return."""

    to = one_of(Person.objects.working(), required=False)
    in_return = one_of(
        Duty.objects.select_related("person"), required=False, help_text="A turn of theirs to come."
    )
    reason = Text(max_length=300)

    def validate(self, said):
        if "in_return" in said:
            said.setdefault("to", said["in_return"].person)
        if "to" not in said:
            raise serializers.ValidationError(
                {"to": [_("Name who takes the turn, or choose a turn in return.")]}
            )
        return said


class TakingOut(serializers.Serializer):
    reason = Text(max_length=300, required=False)


class KeepingPattern(serializers.Serializer):
    skill = one_of(Skill.objects.all())
    person = one_of(Person.objects.working())
    weekdays = serializers.ListField(
        child=serializers.ChoiceField(Weekday.choices), allow_empty=False, help_text="Monday is 0."
    )
    starts = serializers.TimeField()
    ends = serializers.TimeField(help_text="Not later than the beginning: it ends on the next day.")
    time_zone = serializers.CharField(
        max_length=50, validators=[validate_time_zone], help_text="As in Europe/Madrid."
    )
    every_weeks = serializers.IntegerField(
        min_value=1, max_value=12, required=False, help_text="Counted from the week of the first day."
    )
    position = position()
    first_on = serializers.DateField()
    last_on = serializers.DateField(required=False, allow_null=True, help_text="Null: no end.")
    reason = Text(max_length=300, required=False)

    def validate_weekdays(self, days):
        return "".join(sorted({str(day) for day in days}))

    def validate(self, said):
        there = self.context["subject"]
        first = said.get("first_on") or there.first_on
        last = said.get("last_on", there and there.last_on)
        if last is not None and last < first:
            raise serializers.ValidationError(
                {"last_on": [_("The last day has to be the first one or a later one.")]}
            )
        return said


class ChangingPattern(KeepingPattern):
    """Leave out what stays."""

    def get_fields(self):
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields


class WhichWeek(serializers.Serializer):
    week = serializers.DateField(required=False, help_text="Any day of it; this week, if left out.")
    skill = one_of(Skill.objects.all(), required=False, help_text="All with a roster, if left out.")


# --- What lists may be narrowed by --------------------------------------------------------------------------


class TurnFilter(django_filters.FilterSet):
    """`ends_since` now is what is not over."""

    skill, person = one(Skill), one(Person)
    team = one(Team, field_name="person__memberships__team")
    ends_since, starts_before = since("ends_at"), before("starts_at")

    class Meta:
        model = Duty
        fields = []


class PatternFilter(django_filters.FilterSet):
    skill, person = one(Skill), one(Person)

    class Meta:
        model = DutyPattern
        fields = []


# --- Endpoints ----------------------------------------------------------------------------------------------


class Turns(ListModelMixin, RetrieveModelMixin, OfPeople):
    """Who is on duty for what, from when until when: of the people within your reach."""

    serializer_class = TurnSerializer
    filterset_class = TurnFilter
    asks_for = {"create": "people.change"}
    queryset = Duty.objects.select_related("skill", "person", "instead_of")

    def get_queryset(self):
        seen = Person.objects.reachable(self.request.user, "people.read").filter(pk=OuterRef("instead_of"))
        return super().get_queryset().annotate(instead_is_seen=Exists(seen))

    def as_it_is(self, turn):
        """The turn as the database has it; whoever just changed it may see what came of it."""
        return self.get_queryset().get(pk=turn.pk)

    @documented(says=Adding, answers=GivenTurnSerializer, status=201)
    def create(self, request):
        """Somebody of your people is on duty from then until then."""
        return carry_out(self, request, None, add, says=Adding, answers=GivenTurnSerializer, status=201)

    @verb(says=Moving, answers=GivenTurnSerializer, asks="people.change")
    def move(self, turn, said, *, by, now):
        """Give it other times or another position; of one that has begun another end."""
        return self.as_it_is(turns.move(turn=turn, by=by, now=now, **said))

    @verb(says=Swapping, answers=GivenTurnSerializer, asks="people.change")
    def swap(self, turn, said, *, by, now):
        """It goes to somebody else, for this once; of one that runs, what is left of it. Both are told."""
        return self.as_it_is(duties.swap(turn=turn, by=by, now=now, **said))

    @verb(says=TakingOut, answers=TakenOutSerializer, asks="people.change", url_path="take-out")
    def take_out(self, turn, said, *, by, now):
        """It does not happen, or ends now; its pattern does not bring it back."""
        ended = turns.take_out(turn=turn, by=by, now=now, **said)
        return {"turn": ended and self.as_it_is(ended)}


def add(view, subject, said, *, by, now):
    return view.as_it_is(turns.add(by=by, now=now, **said))


class Patterns(ListModelMixin, RetrieveModelMixin, OfPeople):
    """The turns that come again each week, of the people within your reach."""

    serializer_class = PatternSerializer
    filterset_class = PatternFilter
    asks_for = {"create": "people.change"}
    queryset = DutyPattern.objects.select_related("skill", "person")

    @documented(says=KeepingPattern, answers=PatternSerializer, status=201)
    def create(self, request):
        """The same turns each week, written some weeks ahead; whoever has them is told."""
        return carry_out(
            self, request, None, keep, says=KeepingPattern, answers=PatternSerializer, status=201
        )

    @verb(says=ChangingPattern, answers=PatternSerializer, asks="people.change")
    def change(self, pattern, said, *, by, now):
        """Its turns are written anew from now on; those that somebody else took stay. It ends by its last
        day."""
        return keep(self, pattern, said, by=by, now=now)


def keep(view, pattern, said, *, by, now):
    reason = said.pop("reason", "")
    pattern = pattern or DutyPattern()
    for name, value in said.items():
        setattr(pattern, name, value)
    duties.keep(pattern=pattern, by=by, now=now, reason=reason)
    return view.get_queryset().get(pk=pattern.pk)


class Roster(OfPeople):
    """Who is on duty, and where nobody is."""

    serializer_class = RosterSerializer
    queryset = Duty.objects.none()  # a week is put together, not listed
    pagination_class = None

    @extend_schema(operation_id="roster_retrieve", parameters=[WhichWeek], responses=RosterSerializer)
    def list(self, request):
        """A week of the roster, skill by skill: who is on duty now and when, and the gaps to come. A skill
        that somebody beyond your reach covers is covered."""
        said = WhichWeek(data=request.query_params.dict())
        said.is_valid(raise_exception=True)
        now = timezone.now()
        day = said.validated_data.get("week") or timezone.localtime(now).date()
        week = rosters.week(
            monday=day - timedelta(days=day.weekday()),
            zone=timezone.get_current_timezone_name(),
            now=now,
            reader=request.user,
            skill=said.validated_data.get("skill"),
        )
        return Response(RosterSerializer(week).data)
