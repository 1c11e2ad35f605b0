"""What decides at intake and what cases are sorted by: it takes effect when it is saved and switched on."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from cases.console import Widgets
from cases.models import Category, Cause, IntakeRule, PauseReason, Question, Service, Tag
from cases.states import Metric

from .bases import SwitchedAdmin
from .fields import ReasonForm


class PauseReasonForm(ReasonForm):
    stops = forms.MultipleChoiceField(
        label=_("Clocks that stand still"), choices=Metric.choices, widget=Widgets.Boxes, required=False
    )


@admin.register(Service, Tag)
class NameAdmin(SwitchedAdmin):
    list_display = ("name", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name",)
    ordering = ("name",)
    reason_is_required = False


@admin.register(Category)
class CategoryAdmin(NameAdmin):
    list_display = ("name", "contact_needs", "is_about_staff", "is_active")


@admin.register(Cause)
class CauseAdmin(SwitchedAdmin):
    """Why complaints come about, to choose from when a case is answered."""

    list_display = ("position", "name", "is_active")
    list_display_links = ("position", "name")
    list_filter = ("is_active",)
    search_fields = ("name",)
    ordering = ("position", "pk")
    layout = (("position", "name"), ("is_active",))


@admin.register(PauseReason)
class PauseReasonAdmin(SwitchedAdmin):
    form = PauseReasonForm
    list_display = ("name", "code", "waits_for_customer", "is_active")
    list_filter = ("is_active",)
    ordering = ("name",)


@admin.register(IntakeRule)
class IntakeRuleAdmin(SwitchedAdmin):
    list_display = (
        "position",
        "category",
        "tier",
        "channel",
        "language",
        "account_manager",
        "team",
        "owner",
        "skill",
        "is_active",
    )
    list_display_links = ("position", "team")
    list_select_related = ("category", "account_manager", "team", "owner", "skill")
    list_filter = ("is_active", "category", "team")
    autocomplete_fields = ("account_manager", "owner")
    # In the order in which they are asked.
    ordering = ("position", "pk")
    layout = (
        ("position", "category"),
        ("tier", "channel"),
        ("language", "account_manager"),
        ("team", "owner"),
        ("skill", "is_active"),
    )


@admin.register(Question)
class QuestionAdmin(SwitchedAdmin):
    list_display = ("text", "category", "kind", "is_required", "position", "is_active")
    list_select_related = ("category",)
    list_filter = ("is_active", "category", "kind")
    search_fields = ("text",)
    # In the order in which they are asked.
    ordering = ("category__name", "position", "pk")
    reason_is_required = False
    layout = (
        ("text",),
        ("category", "position"),
        ("kind", "is_required"),
        ("choices",),
        ("help", "is_active"),
    )
