"""Skills: who has each, who is on duty for it now, when that has to be."""

from django.contrib import admin
from django.db.models import Exists, OuterRef, Prefetch
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.console import TabularInline, display
from cases.models import Duty, Person, PersonSkill, Skill

from .bases import Chosen, PeopleAdmin, ReasonedAdmin, everywhere

SHOWN_NAMES = 6


class WhoHasIt(Chosen, TabularInline):
    model = PersonSkill
    fk_name = "skill"
    autocomplete_fields = ("person",)
    ordering = ("person__name",)

    def get_queryset(self, request):
        reached = Person.objects.reachable(request.user, "people.read")
        return super().get_queryset(request).filter(person__in=reached.values("pk")).select_related("person")


@admin.register(Skill)
class SkillAdmin(ReasonedAdmin):
    list_display = ("name", "who", "on_duty", "cover")
    list_select_related = ("cover",)
    list_filter = ("people__teams",)
    search_fields = ("name", "people__name")
    ordering = ("name",)
    inlines = (WhoHasIt,)
    layout = (("name", "cover"),)

    def get_queryset(self, request):
        """With who has it, and who is on duty for it now, in the order in which they are asked: as far as
        the reader sees these people."""
        now = timezone.now()
        reached = Person.objects.reachable(request.user, "people.read")
        turns = Duty.objects.filter(starts_at__lte=now, ends_at__gt=now).select_related("person")
        turns = turns.annotate(is_reached=Exists(reached.filter(pk=OuterRef("person"))))
        return (
            super()
            .get_queryset(request)
            .prefetch_related(
                Prefetch("people", reached.working().order_by("name"), "working"),
                Prefetch("duties", turns.order_by("position", "starts_at", "pk"), "duties_now"),
            )
        )

    @display(description=_("who has it"))
    def who(self, skill):
        names = [person.name for person in skill.working]
        more = len(names) - SHOWN_NAMES
        return ", ".join(names[:SHOWN_NAMES]) + (f" + {more}" if more > 0 else "") if names else "–"

    @display(description=_("on duty now"))
    def on_duty(self, skill):
        names = (str(t.person) if t.is_reached else gettext("somebody else") for t in skill.duties_now)
        return ", ".join(names) or "–"

    def get_search_fields(self, request):
        return self.search_fields if everywhere(request) else ("name",)

    def has_add_permission(self, request):
        return super().has_add_permission(request) and everywhere(request)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and everywhere(request)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and everywhere(request)


@admin.register(PersonSkill)
class PersonSkillAdmin(PeopleAdmin):
    list_display = ("person", "skill")
    list_select_related = ("person", "skill")
    list_filter = ("skill",)
    autocomplete_fields = ("person",)
    ordering = ("person__name", "pk")
