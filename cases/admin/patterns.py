"""Patterns of duty: the turns that come again each week."""

from datetime import date, timedelta

from django import forms
from django.contrib import admin, messages
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases import comparing, display
from cases.console import Widgets
from cases.console import display as column
from cases.models import DutyPattern, Weekday
from cases.operations import duties

from .bases import PeopleAdmin
from .fields import ReasonForm


class PatternForm(ReasonForm):
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Days of the week"),
        choices=[(str(day.value), day.label) for day in Weekday],
        widget=Widgets.Boxes,
        coerce=str,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["weekdays"] = list(self.instance.weekdays)

    def clean_weekdays(self):
        return "".join(sorted(self.cleaned_data["weekdays"]))


@admin.register(DutyPattern)
class DutyPatternAdmin(PeopleAdmin):
    """The turns that come again each week. It ends by its last day; what was written of the past stays."""

    form = PatternForm
    is_in_index = False
    list_display = ("skill", "person", "days", "times", "every_weeks", "first_on", "last_on", "position")
    list_display_links = ("skill", "person")
    list_select_related = ("skill", "person")
    list_filter = ("skill",)
    search_fields = ("person__name", "skill__name")
    autocomplete_fields = ("person",)
    ordering = ("skill__name", "position", "person__name", "pk")
    layout = (
        ("skill", "person"),
        ("weekdays",),
        ("starts", "ends", "time_zone"),
        ("every_weeks", "position"),
        ("first_on", "last_on"),
    )

    readonly_fields = ("days_left_out",)

    def get_readonly_fields(self, request, obj=None):
        return self.readonly_fields if obj and obj.left_out else ()

    def get_fields(self, request, obj=None):
        shown = [("days_left_out",)] if obj and obj.left_out else []
        return [*super().get_fields(request, obj), *shown]

    @column(description=gettext_lazy("days left out"))
    def days_left_out(self, pattern):
        """On which a turn was taken out by hand; who wants one there adds it by hand."""
        return ", ".join(date_format(date.fromisoformat(day), "D j M Y") for day in pattern.left_out)

    @column(description=gettext_lazy("days of the week"))
    def days(self, pattern):
        return comparing.words(pattern, DutyPattern._meta.get_field("weekdays"))

    @column(description=gettext_lazy("from – until"))
    def times(self, pattern):
        city = display.zone_city(pattern.time_zone)
        return f"{date_format(pattern.starts, 'H:i')} – {date_format(pattern.ends, 'H:i')}, {city}"

    def save_model(self, request, obj, form, change):
        reason = form.cleaned_data["change_reason"]
        written = duties.keep(pattern=obj, by=request.user, now=timezone.now(), reason=reason)
        words = ngettext("%(n)d turn is written.", "%(n)d turns are written.", written)
        messages.info(request, words % {"n": written})

    def get_form(self, request, obj=None, change=False, **kwargs):
        """What the operation refuses is said on the form."""
        form = super().get_form(request, obj, change, **kwargs)

        class Checked(form):
            def clean(self):
                said = super().clean()
                last, today = said.get("last_on"), timezone.localdate()
                if not change and last is not None and last < today - timedelta(days=1):
                    self.add_error(
                        "last_on",
                        _("This pattern would be over already; give it a last day to come, or none."),
                    )
                return said

        return Checked
