"""What managers offer agents and holders to choose from, and what came of it."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from cases.admin.bases import FactAdmin, SwitchedAdmin
from cases.admin.facts import case_link
from escalations.models import AskBack, EscalationReason, Option, OptionUse, StepTick

from .escalations import OfEscalationAdmin


@admin.register(Option)
class OptionAdmin(SwitchedAdmin):
    """The ladder of remedies: the lowest is tried first, skipping one asks why."""

    list_display = (
        "position",
        "name",
        "kind",
        "amount_ceiling",
        "path",
        "from_level",
        "category",
        "is_active",
    )
    list_display_links = ("position", "name")
    list_select_related = ("path", "category")
    list_filter = ("is_active", "kind", "path")
    search_fields = ("name",)
    # In the order in which they are tried.
    ordering = ("position", "pk")
    layout = (
        ("position", "name"),
        ("kind", "amount_ceiling"),
        ("path", "from_level"),
        ("category", "is_active"),
        ("description",),
        ("wording",),
    )


@admin.register(EscalationReason)
class EscalationReasonAdmin(SwitchedAdmin):
    """Why cases are escalated, to choose from."""

    list_display = ("position", "name", "kind", "is_active")
    list_display_links = ("position", "name")
    list_filter = ("is_active", "kind")
    search_fields = ("name",)
    ordering = ("position", "pk")
    layout = (("position", "name"), ("kind", "is_active"))


@admin.register(OptionUse)
class OptionUseAdmin(FactAdmin):
    list_display = ("at", "of_case", "option", "outcome", "amount", "by")
    list_select_related = ("case", "option", "by")
    list_filter = ("outcome",)

    @admin.display(description=_("case"))
    def of_case(self, use):
        return case_link(use.case)


@admin.register(StepTick)
class StepTickAdmin(OfEscalationAdmin):
    list_display = ("at", "of_case", "step", "by")
    list_select_related = ("escalation__case", "step", "by")


@admin.register(AskBack)
class AskBackAdmin(OfEscalationAdmin):
    case_path = "handoff__escalation__case"
    list_display = ("asked_at", "of_case", "asked_by", "asked_of", "answered_at")
    list_select_related = ("handoff__escalation__case", "asked_by", "asked_of")

    @admin.display(description=_("case"))
    def of_case(self, question):
        return case_link(question.handoff.escalation.case)
