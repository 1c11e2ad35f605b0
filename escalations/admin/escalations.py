"""Escalations, their handoffs and whom the ladder passed over: to be read."""

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from cases.admin.bases import FactAdmin, ReadOnlyInline, page_link
from cases.admin.facts import case_link
from escalations.models import Escalation, Handoff, PassedOver


class HandoffInline(ReadOnlyInline):
    model = Handoff
    fields = (
        "made",
        "level_number",
        "kind",
        "from_person",
        "to_person",
        "to_team",
        "state",
        "answered_at",
        "reason",
    )
    readonly_fields = fields
    ordering = ("pk",)

    @admin.display(description=_("handed over"))
    def made(self, handoff):
        return page_link(handoff, date_format(timezone.localtime(handoff.made_at), "DATETIME_FORMAT"))


class PassedOverInline(ReadOnlyInline):
    model = PassedOver
    ordering = ("pk",)


@admin.register(Escalation)
class EscalationAdmin(FactAdmin):
    list_display = (
        "of_case",
        "path",
        "level_number",
        "state",
        "holder",
        "holder_team",
        "severity",
        "started_at",
        "ended_at",
    )
    list_display_links = ("path",)
    list_select_related = ("case", "path", "holder", "holder_team")
    list_filter = ("state", "path", "outcome")
    inlines = (HandoffInline, PassedOverInline)

    @admin.display(description=_("case"))
    def of_case(self, escalation):
        return case_link(escalation.case)


class OfEscalationAdmin(FactAdmin):
    case_path = "escalation__case"

    @admin.display(description=_("case"))
    def of_case(self, row):
        return case_link(row.escalation.case)


@admin.register(Handoff)
class HandoffAdmin(OfEscalationAdmin):
    list_display = (
        "made_at",
        "of_case",
        "kind",
        "level_number",
        "from_person",
        "to_person",
        "to_team",
        "state",
        "is_automatic",
    )
    list_select_related = ("escalation__case", "from_person", "to_person", "to_team")
    list_filter = ("state", "kind", "is_automatic")


@admin.register(PassedOver)
class PassedOverAdmin(OfEscalationAdmin):
    list_display = ("at", "of_case", "level_number", "person", "why", "detail")
    list_select_related = ("escalation__case", "person")
    list_filter = ("why",)
