"""People as the console has them, in the API: what all of it shares, and who leaves with what they hold."""

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.response import Response

from cases import clashes, leaving, roles, rosters
from cases.models import Case, Person
from cases.operations import leaving as operations
from cases.operations import passing_on

from .fields import Moment, Text
from .inputs import one
from .lookups import PersonSerializer
from .reading import Reading
from .verbs import verb


class OfConsole(BasePermission):
    """What only the console has is only for those who may enter it."""

    def has_permission(self, request, view):
        return roles.may_enter_console(request.user)


class OfPeople(Reading):
    """Rows of people within the reader's reach, as the console shows them; `person_path` leads to whom it is
    about, and is empty where the rows are the people."""

    permission_classes = [*Reading.permission_classes, OfConsole]
    asks = "people.read"
    person_path = "person"

    def get_queryset(self):
        people = Person.objects.reachable(self.request.user, "people.read").values("pk")
        path = f"{self.person_path}__in" if self.person_path else "pk__in"
        return super().get_queryset().filter(**{path: people})

    def subject(self):
        return self.get_object() if self.detail else self.request.user


# --- As it is shown -----------------------------------------------------------------------------------------


class ExampleSerializer(serializers.Serializer):
    """One of the things that somebody holds; of a case its number alone."""

    kind = serializers.CharField(source="_meta.model_name", read_only=True)
    id = serializers.IntegerField(source="pk", read_only=True)
    name = serializers.SerializerMethodField()

    def get_name(self, row) -> str:
        return row.number if isinstance(row, Case) else str(row)


class HeldSerializer(serializers.Serializer):
    """One kind of thing that somebody holds. What is kept from you is not counted."""

    what = serializers.CharField(source="words", read_only=True)
    count = serializers.IntegerField(read_only=True)
    blocks = serializers.BooleanField(
        read_only=True, help_text="They cannot leave with it, and it is passed on elsewhere: see `mend`."
    )
    stays = serializers.BooleanField(read_only=True, help_text="It stays as it is and keeps nobody here.")
    mend = serializers.CharField(read_only=True)
    examples = ExampleSerializer(many=True, read_only=True)


class TurnClashSerializer(serializers.Serializer):
    """A turn to be passed on that its taker has something at the time of."""

    turn = serializers.IntegerField(source="turn.pk", read_only=True)
    starts_at, ends_at = Moment(read_only=True), Moment(read_only=True)
    stays = serializers.BooleanField(
        source="is_in_the_way",
        read_only=True,
        help_text="It needs somebody else: they are away, or have a turn of the same roster.",
    )
    what = serializers.SerializerMethodField(help_text="In a sentence.")

    def get_what(self, clash) -> str:
        return clash.sentence(is_known=self.context["is_known"])


def shown_clashes(person, to, reader, now):
    """What the turns of `person` clash with that `to` would take, as far as `reader` may know of it."""
    found = passing_on.clashes_of_turns(person, to, now=now)
    is_known = not rosters.out_of_reach({to.pk}, reader) if found else True
    shown = found if is_known else clashes.in_outline(found)
    return TurnClashSerializer(shown, many=True, context={"is_known": is_known}).data


class WhoTakes(serializers.Serializer):
    to = one(
        Person.objects.working(), required=False, help_text="Who would take the turns: see `turn_clashes`."
    )


class HoldingsSerializer(serializers.Serializer):
    person = PersonSerializer(read_only=True)
    may_part_with = serializers.BooleanField(read_only=True, help_text="Whether you may let them leave.")
    held = HeldSerializer(many=True, read_only=True)
    turn_clashes = TurnClashSerializer(
        many=True, read_only=True, allow_null=True, help_text="Null: nobody was named who would take them."
    )


class LeftSerializer(serializers.Serializer):
    """How far it is. Say it again as long as something was passed on and they are not out."""

    passed_on = serializers.IntegerField(source="passed.number", read_only=True)
    refused = serializers.ListField(source="passed.refused", child=serializers.CharField(), read_only=True)
    is_out = serializers.BooleanField(read_only=True, help_text="They work here no longer.")
    left_to_pass_on = serializers.SerializerMethodField(help_text="How many things, kept from you or not.")
    held = serializers.SerializerMethodField()

    def get_left_to_pass_on(self, left) -> int:
        return sum(one.number for one in left.held if not one.stays and not one.blocks)

    @extend_schema_field(HeldSerializer(many=True))
    def get_held(self, left):
        return HeldSerializer([one for one in left.held if one.count], many=True).data


# --- What is said -------------------------------------------------------------------------------------------


class Leaving(serializers.Serializer):
    way = serializers.ChoiceField(leaving.WAYS, help_text="Where cases and escalations go.")
    to = one(Person.objects.working(), help_text="Who takes whatever needs a name.")
    leads = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=10**18 - 1),
        required=False,
        help_text="Who leads a team next that they lead alone: ids of people by the ids of teams.",
    )
    kept_to = one(
        Person.objects.working(),
        required=False,
        allow_null=True,
        help_text="Who is named on restricted cases that are kept from you, and told which. Not you.",
    )
    reason = Text(max_length=300)

    def validate_leads(self, leads):
        teams = {str(row.team_id): row.team_id for row in passing_on.alone_led(self.context["subject"])}
        strange = [team for team in leads if team not in teams]
        if strange:
            raise serializers.ValidationError(
                _("They do not lead the team %(team)s alone; name no other lead of it.")
                % {"team": strange[0]}
            )
        people = Person.objects.working().in_bulk(leads.values())
        if len(people) != len(set(leads.values())):
            raise serializers.ValidationError(_("Name somebody who works here."))
        return {teams[team]: people[pk] for team, pk in leads.items()}


class ComingBack(serializers.Serializer):
    reason = Text(max_length=300)


# --- Endpoints ----------------------------------------------------------------------------------------------


class Partings(OfPeople):
    """Who leaves, and what becomes of what they hold."""

    person_path = ""
    serializer_class = HoldingsSerializer
    queryset = Person.objects.order_by("pk")

    @extend_schema(parameters=[WhoTakes], responses=HoldingsSerializer)
    @action(detail=True, filterset_class=None, pagination_class=None)
    def holds(self, request, pk):
        """What somebody has in hand, kind by kind, as far as you may know of it; and which of their turns of
        duty could not go to somebody, or would be beside another roster of theirs."""
        person, now = self.get_object(), timezone.now()
        said = WhoTakes(data=request.query_params.dict())
        said.is_valid(raise_exception=True)
        held = leaving.held(person, reader=request.user, now=now)
        shown = {
            "person": person,
            "may_part_with": operations.may_part_with(request.user, person),
            "held": [one for one in held if one.count],
        }
        answer = HoldingsSerializer(shown).data
        to = said.validated_data.get("to")
        answer["turn_clashes"] = shown_clashes(person, to, request.user, now) if to is not None else None
        return Response(answer)

    @verb(says=Leaving, answers=LeftSerializer, asks="people.change")
    def leave(self, person, said, *, by, now):
        """Pass on what they hold, some hundreds of things at a time; with nothing left they are let in no
        more: sessions and passwords end."""
        choice = leaving.Choice(
            said["way"], said["to"], said["reason"], said.get("leads", {}), said.get("kept_to")
        )
        return operations.leave(person=person, choice=choice, by=by, now=now)

    @verb(says=ComingBack, answers=PersonSerializer, asks="people.change", url_path="come-back")
    def come_back(self, person, said, *, by, now):
        """They are what they were, hold nothing, and have no password until one is set."""
        return operations.come_back(person=person, by=by, now=now, **said)
