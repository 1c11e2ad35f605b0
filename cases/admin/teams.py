"""The tree of teams: who is in each, who leads, who is away, and how much they have in hand."""

from dataclasses import dataclass, field

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from cases import loads, queues
from cases.console import TabularInline, display
from cases.models import Absence, Membership, Person, PersonSkill, Team

from .bases import Chosen, Detailed, PeopleAdmin, ReasonedAdmin, everywhere

NAME = "cases_team"


@dataclass
class Member:
    person: Person
    is_lead: bool
    is_away: bool
    skills: list


@dataclass
class Node:
    """A team with its people and the teams below it; `depth` from 0."""

    team: Team
    depth: int = 0
    members: list = field(default_factory=list)
    below: int = 0  # how many people there are in the teams below

    @property
    def leads(self):
        return [member.person for member in self.members if member.is_lead]

    @property
    def away(self):
        return sum(member.is_away for member in self.members)


class TreePages:
    """For the admin of teams."""

    entrance = "tree"

    def get_urls(self):
        own = [path("tree/", self.admin_site.admin_view(self.tree), name=f"{NAME}_tree")]
        return [*own, *super().get_urls()]

    @method_decorator(require_GET)
    def tree(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied
        teams = self.get_queryset(request).select_related("calendar").order_by("name")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Teams"),
            "opts": self.opts,
            "nodes": nodes(teams, now=timezone.now()),
            "may_add": self.has_add_permission(request),
            "media": self.media,
        }
        return render(request, "admin/teams.html", context)


def nodes(teams, *, now):
    """[Node] of `teams` in the order of the tree, those in use alone. Four queries."""
    rows = {team.pk: team for team in loads.of_teams(teams.filter(is_active=True))}
    members = _members(rows, now)
    children = {}
    for team in rows.values():
        children.setdefault(team.parent_id if team.parent_id in rows else None, []).append(team)
    found = []

    def add(team, depth):
        node = Node(team, depth, members.get(team.pk, []))
        found.append(node)
        node.below = sum(add(child, depth + 1) for child in children.get(team.pk, ()))
        return len(node.members) + node.below

    for team in children.get(None, ()):
        add(team, 0)
    return found


def _members(teams, now):
    memberships = list(
        Membership.objects.filter(team__in=teams, person__is_active=True, person__is_system=False)
        .order_by("position", "pk")
        .values_list("team", "person", "is_lead")
    )
    ids = {person for _team, person, _lead in memberships}
    people = loads.of_people(Person.objects.all()).in_bulk(ids)
    away = set(Absence.objects.current(now).filter(person__in=ids).values_list("person", flat=True))
    skills = {}
    for person, name in (
        PersonSkill.objects.filter(person__in=ids)
        .order_by("skill__name")
        .values_list("person", "skill__name")
    ):
        skills.setdefault(person, []).append(name)
    found = {}
    for team, person, is_lead in memberships:
        member = Member(people[person], is_lead, person in away, skills.get(person, []))
        found.setdefault(team, []).append(member)
    return found


class MembersInline(Chosen, TabularInline):
    model = Membership
    fk_name = "team"
    autocomplete_fields = ("person",)
    ordering = ("position", "pk")


@admin.register(Team)
class TeamAdmin(TreePages, Detailed, ReasonedAdmin):
    list_display = ("name", "parent", "calendar", "leads", "cases_open", "unassigned", "is_active")
    list_select_related = ("parent", "calendar")
    list_filter = ("is_active", "parent", "calendar")
    search_fields = ("name", "people__name")
    ordering = ("name",)
    inlines = (MembersInline,)

    def get_queryset(self, request):
        found = super().get_queryset(request)
        return found if everywhere(request) else found.filter(pk__in=Team.department_of(request.user))

    def detailed(self, queryset):
        leads = Membership.objects.filter(is_lead=True, person__is_active=True).select_related("person")
        return loads.of_teams(queryset).prefetch_related(
            Prefetch("memberships", leads.order_by("position"), "led_by")
        )

    @display(description=gettext_lazy("led by"))
    def leads(self, team):
        return ", ".join(row.person.name for row in team.led_by) or "–"

    @display(description=gettext_lazy("open cases"))
    def cases_open(self, team):
        return queues.at_most_enough(team.cases_open)

    @display(description=gettext_lazy("without an owner"))
    def unassigned(self, team):
        return queues.at_most_enough(team.unassigned)

    def has_add_permission(self, request):
        """A new team may stand anywhere: that is for those who keep them all."""
        return super().has_add_permission(request) and everywhere(request)


@admin.register(Membership)
class MembershipAdmin(PeopleAdmin):
    list_display = ("team", "person", "is_lead", "position")
    list_select_related = ("team", "person")
    list_filter = ("team",)
    autocomplete_fields = ("person",)
    ordering = ("team__name", "position", "pk")
