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
from escalations.models import EscalationPath, Level, LevelInform, PathVersion, Rule
from escalations.operations import matrix, publishing

from .matrix import MatrixPages
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

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
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
    )

    @admin.display(description=gettext_lazy("Also inform"))
    def informed(self, level):
        """On pages that only show; the form has a field of this name."""
        return ", ".join(inform.person.name for inform in level.informs.all()) or "–"

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("informs__person")


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
class PathVersionAdmin(PicturePages, PublishPages, TryPages, VersionAdmin):
    actions_detail = (*VersionAdmin.actions_detail, "preview", "try_on_past")
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


@admin.register(Rule)
class RuleAdmin(MatrixPages, SwitchedAdmin):
    """The escalation matrix: the first rule that matches wins, blank means any."""

    switch_one, switch_name = staticmethod(matrix.switch), "rule"
    list_display = (
        "position",
        "name",
        "trigger",
        "metric",
        "category",
        "priority",
        "tier",
        "channel",
        "language",
        "path",
        "level_number",
        "is_active",
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
