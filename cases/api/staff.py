"""People, teams, who is in which, who has which skill, and what each role may: as the console lists them."""

import django_filters
from django.db.models import Count, Prefetch
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from cases import loads, queues, roles
from cases.models import Membership, Person, PersonSkill, Skill, Team

from .fields import Shown, maybe_named, named
from .filters import one
from .people import OfConsole, OfPeople
from .reading import Reading

# --- As it is shown -----------------------------------------------------------------------------------------


def counted(help_text):
    """Counted no further than anybody needs to know."""
    most = queues.ENOUGH
    return serializers.SerializerMethodField(help_text=f"{help_text}; of more than {most}: “{most}+”.")


class MembershipSerializer(Shown):
    """Lowest `position` is asked first."""

    team, person = named(), named()

    class Meta:
        model = Membership
        fields = ["id", "team", "person", "is_lead", "position"]


class PersonSkillSerializer(Shown):
    person, skill = named(), named()

    class Meta:
        model = PersonSkill
        fields = ["id", "person", "skill"]


class StaffSerializer(Shown):
    """Somebody who works here, or did, with where they belong and what they have in hand."""

    manager, calendar = maybe_named(), maybe_named()
    teams, skills = named(many=True), named(many=True)
    owns, holds = counted("Open cases of theirs"), counted("Open cases they hold on a ladder")

    class Meta:
        model = Person
        fields = [
            "id",
            "username",
            "name",
            "title",
            "role",
            "email",
            "manager",
            "calendar",
            "time_zone",
            "language",
            "money_limit",
            "is_active",
            "teams",
            "skills",
            "owns",
            "holds",
        ]

    def get_owns(self, person) -> str:
        return queues.at_most_enough(person.owns)

    def get_holds(self, person) -> str:
        return queues.at_most_enough(person.holds)


class StaffTeamSerializer(Shown):
    parent, calendar = maybe_named(), named()
    leads = named(source="led_by", many=True)
    cases_open = counted("Its open cases")
    unassigned = counted("Of these, without an owner")
    holds = counted("Open cases that wait for it on a ladder")

    class Meta:
        model = Team
        fields = [
            "id",
            "name",
            "parent",
            "calendar",
            "is_active",
            "leads",
            "cases_open",
            "unassigned",
            "holds",
        ]

    def to_representation(self, team):
        team.led_by = [row.person for row in team.lead_rows]
        return super().to_representation(team)

    def get_cases_open(self, team) -> str:
        return queues.at_most_enough(team.cases_open)

    def get_unassigned(self, team) -> str:
        return queues.at_most_enough(team.unassigned)

    def get_holds(self, team) -> str:
        return queues.at_most_enough(team.holds)


class RoleSerializer(serializers.Serializer):
    role = serializers.ChoiceField(roles.Role.choices, read_only=True)
    name = serializers.CharField(read_only=True)
    people = serializers.IntegerField(read_only=True, help_text="Who works here, as far as you see them.")
    may = serializers.DictField(
        child=serializers.ChoiceField([scope.name.lower() for scope in roles.Scope if scope]),
        read_only=True,
        help_text="What this role may do, and how far it reaches; what is left out it may not.",
    )


# --- What lists may be narrowed by --------------------------------------------------------------------------


class MembershipFilter(django_filters.FilterSet):
    team, person = one(Team), one(Person)

    class Meta:
        model = Membership
        fields = ["is_lead"]


class PersonSkillFilter(django_filters.FilterSet):
    person, skill = one(Person), one(Skill)
    team = one(Team, field_name="person__memberships__team")

    class Meta:
        model = PersonSkill
        fields = []


class StaffFilter(django_filters.FilterSet):
    team = one(Team, field_name="memberships__team")
    skill = one(Skill, field_name="personskill__skill")
    role = django_filters.ChoiceFilter(choices=roles.Role.choices)
    manager = one(Person)

    class Meta:
        model = Person
        fields = ["is_active"]


class StaffTeamFilter(django_filters.FilterSet):
    parent = one(Team)

    class Meta:
        model = Team
        fields = ["is_active"]


# --- Endpoints ----------------------------------------------------------------------------------------------


class Memberships(ListModelMixin, RetrieveModelMixin, OfPeople):
    """Who is in which team, of the people within your reach."""

    serializer_class = MembershipSerializer
    filterset_class = MembershipFilter
    queryset = Membership.objects.select_related("team", "person")


class PeopleSkills(ListModelMixin, RetrieveModelMixin, OfPeople):
    """Who has which skill, of the people within your reach."""

    serializer_class = PersonSkillSerializer
    filterset_class = PersonSkillFilter
    queryset = PersonSkill.objects.select_related("person", "skill")


class Staff(ListModelMixin, RetrieveModelMixin, OfPeople):
    """The people within your reach, those who left too, with where they belong and what is in their hands."""

    person_path = ""
    serializer_class = StaffSerializer
    filterset_class = StaffFilter
    queryset = Person.objects.filter(is_system=False).select_related("manager", "calendar")

    def get_queryset(self):
        teams, skills = Team.objects.order_by("name"), Skill.objects.order_by("name")
        found = loads.of_people(super().get_queryset())
        return found.prefetch_related(Prefetch("teams", teams), Prefetch("skills", skills))


class StaffTeams(ListModelMixin, RetrieveModelMixin, Reading):
    """The teams of your department, or all, as far as your role reaches, with what waits in them."""

    permission_classes = [*Reading.permission_classes, OfConsole]
    asks = "people.read"
    serializer_class = StaffTeamSerializer
    filterset_class = StaffTeamFilter
    queryset = Team.objects.select_related("parent", "calendar")

    def get_queryset(self):
        leads = Membership.objects.filter(is_lead=True, person__is_active=True).select_related("person")
        found = loads.of_teams(super().get_queryset())
        if roles.scope(self.request.user, self.asks) < roles.Scope.ALL:
            found = found.filter(pk__in=Team.department_of(self.request.user))
        return found.prefetch_related(Prefetch("memberships", leads.order_by("position", "pk"), "lead_rows"))


class Roles(Reading):
    """What each role may do: the one table of roles. It is changed nowhere."""

    permission_classes = [*Reading.permission_classes, OfConsole]
    asks = "people.read"
    serializer_class = RoleSerializer
    queryset = Person.objects.none()  # a table, not rows
    pagination_class = None

    @extend_schema(operation_id="roles_list", responses=RoleSerializer(many=True))
    def list(self, request):
        """Role by role, with how many people have it, as far as you see them."""
        reach = Person.objects.reachable(request.user, "people.read").filter(is_active=True)
        numbers = dict(reach.order_by().values_list("role").annotate(Count("pk")))
        shown = [
            {
                "role": role.value,
                "name": role.label,
                "people": numbers.get(role.value, 0),
                "may": {
                    what: granted[role].name.lower()
                    for what, granted in roles.MAY.items()
                    if granted.get(role)
                },
            }
            for role in roles.Role
        ]
        return Response(RoleSerializer(shown, many=True).data)
