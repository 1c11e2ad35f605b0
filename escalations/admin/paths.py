"""Escalation paths in versions with their levels, and the matrix of rules that start them."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy, ngettext

from cases.admin.bases import SwitchedAdmin
from cases.admin.calendars import PartAdmin
from cases.admin.fields import Terms
from cases.admin.switching import SwitchMany
from cases.admin.versions import Parts, StackedPartInline, VersionAdmin, VersionsInline, WholeAdmin
from cases.console import Widgets
from cases.models import Person
from escalations.forms.steps import KINDS, StepsField, field_name, save_steps, typed
from escalations.models import EscalationPath, Level, LevelInform, LevelStep, PathVersion, Rule
from escalations.operations import matrix, publishing

from .matrix import MatrixPages
from .on_duty import OnDutyPages
from .picture import PicturePages
from .publishing import PublishPages
from .starting import StartPages
from .trying import TryPages


class LevelForm(forms.ModelForm):
    """A level, with whom else to inform as one field."""

    informed = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Also inform"),
        queryset=Person.objects.none(),
        required=False,
        widget=Widgets.LongChoices,
    )

    steps_any = StepsField(
        label=gettext_lazy("Checklist, of any kind"),
        help_text=gettext_lazy(
            "One step a line. A line that begins with ! has to be ticked before the escalation ends."
        ),
    )
    steps_functional = StepsField(label=gettext_lazy("Checklist, functional"))
    steps_hierarchical = StepsField(label=gettext_lazy("Checklist, hierarchical"))
    steps_priority = StepsField(label=gettext_lazy("Checklist, priority"))
    steps_automatic = StepsField(label=gettext_lazy("Checklist, automatic"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        steps = {}
        for step in sorted(self.instance.steps.all(), key=by_position) if self.instance.pk else ():
            steps.setdefault(step.kind, []).append(step)
        self.initial |= {field_name(kind): typed(rows) for kind, rows in steps.items()}
        self.fields["informed"].queryset = Person.objects.working().order_by("name")
        if self.instance.pk:
            self.initial["informed"] = list(self.instance.informs.values_list("person", flat=True))

    def _save_m2m(self):
        super()._save_m2m()
        wanted = set(self.cleaned_data.get("informed", ()))
        self.instance.informs.exclude(person__in=wanted).delete()
        known = set(self.instance.informs.values_list("person", flat=True))
        for person in sorted(wanted, key=lambda person: person.pk):
            if person.pk not in known:
                LevelInform.objects.create(level=self.instance, person=person)
        save_steps(self.instance, {kind: self.cleaned_data.get(field_name(kind)) or [] for kind in KINDS})


def by_position(step):
    return (step.position, step.pk)


class Levels(Parts):
    key = ("number",)


class LevelInline(Terms, StackedPartInline):
    model = Level
    form = LevelForm
    formset = Levels
    terms = ("acknowledge_seconds", "work_seconds", "remind_every_seconds")
    ordering = ("number",)
    autocomplete_fields = ("person",)
    fields = (
        ("number", "name", "responsible"),
        ("person", "team", "skill"),
        ("acknowledge_seconds", "work_seconds", "remind_every_seconds"),
        ("authority_limit", "informed", "is_around_the_clock"),
        "instructions",
        "steps_any",
        ("steps_functional", "steps_hierarchical", "steps_priority", "steps_automatic"),
    )

    @admin.display(description=gettext_lazy("Also inform"))
    def informed(self, level):
        """On pages that only show; the form has a field of this name."""
        return ", ".join(inform.person.name for inform in level.informs.all()) or "–"

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("informs__person", "steps")

    def get_fields(self, request, obj=None):
        """Where nothing is typed, the checklist is one."""
        fields = super().get_fields(request, obj)
        if self.has_change_permission(request, obj):
            return fields
        return [*(row for row in fields if "steps_" not in str(row)), "checklist"]

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), "checklist"]

    @admin.display(description=gettext_lazy("Checklist"))
    def checklist(self, level):
        return "; ".join(str(step) for step in sorted(level.steps.all(), key=by_position)) or "–"


class PathVersionsInline(VersionsInline):
    model = PathVersion
    fk_name = "path"


@admin.register(EscalationPath)
class EscalationPathAdmin(StartPages, SwitchMany, WholeAdmin):
    actions_detail = ("newest_draft", "copy")
    list_display = ("name", "description", "is_active", "is_default")
    search_fields = ("name",)
    ordering = ("-is_default", "name")
    inlines = (PathVersionsInline,)


@admin.register(PathVersion)
class PathVersionAdmin(PicturePages, PublishPages, TryPages, OnDutyPages, VersionAdmin):
    actions_detail = (*VersionAdmin.actions_detail, "preview", "try_on_past", "on_duty")
    whole = "path"
    operation = publishing.publish_path
    list_display = ("path", "number", "state", "effective_at", "published", "fallback", "note")
    list_select_related = ("path", "published_by", "fallback")
    list_filter = ("path",)
    autocomplete_fields = ("fallback",)
    inlines = (LevelInline,)

    def effects(self, version):
        running = version.path.escalations.running().count()
        words = ngettext(
            "%(number)d running escalation stays on the version it began on; new ones begin on this one.",
            "%(number)d running escalations stay on the version they began on; new ones begin on this one.",
            running,
        )
        return [words % {"number": running}]


@admin.register(Level)
class LevelAdmin(PartAdmin):
    list_display = ("version", "number", "name", "responsible", "person", "team", "skill")
    list_select_related = ("version__path", "person", "team", "skill")


@admin.register(LevelInform)
class LevelInformAdmin(PartAdmin):
    list_display = ("level", "person")
    list_select_related = ("level", "person")


@admin.register(LevelStep)
class LevelStepAdmin(PartAdmin):
    list_display = ("level", "kind", "position", "text", "is_required")
    list_select_related = ("level",)


@admin.register(Rule)
class RuleAdmin(MatrixPages, SwitchedAdmin):
    """The escalation matrix: the first rule that matches wins, blank means any."""

    switch_one, switch_name = staticmethod(matrix.switch), "rule"
    list_display = (
        "position",
        "name",
        # What is switched here is seen without scrolling.
        "is_active",
        "trigger",
        "metric",
        "category",
        "priority",
        "tier",
        "channel",
        "language",
        "path",
        "level_number",
    )
    list_display_links = ("position", "name")
    list_select_related = ("category", "path")
    list_filter = ("is_active", "path", "trigger")
    search_fields = ("name",)
    # In the order in which they are asked.
    ordering = ("position", "pk")
    layout = (
        ("position", "name"),
        ("trigger", "metric", "within_days"),
        ("category", "service"),
        ("priority", "tier"),
        ("channel", "language"),
        ("team",),
        ("reopened_at_least", "reassigned_at_least"),
        ("path", "level_number"),
        ("is_active",),
    )
