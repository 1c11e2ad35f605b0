"""Who is away, day by day of a month, and who stands in; entered on the workspace's own page."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from cases import display
from cases.console import TabularInline, Widgets
from cases.errors import ConflictOfInterest, Incomplete, InThePast, NotTheirs, Overlaps
from cases.models import Absence, Person, Team
from cases.operations import absences

from .bases import Chosen, PeopleAdmin
from .operated import OperatedAdmin, OperatedForm, OperatedRow, OperatedRows

NAME = "cases_absence"
A_DAY = timedelta(days=1)
SHOWN = 200


class WhichMonth(forms.Form):
    month = forms.RegexField(
        r"^\d{4}-(0[1-9]|1[0-2])$", required=False, label=gettext_lazy("Month"), widget=Widgets.Text
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("People of"),
        queryset=Team.objects.filter(is_active=True).order_by("name"),
        required=False,
        widget=Widgets.Choice,
        empty_label=gettext_lazy("All who are away"),
    )


@dataclass(frozen=True)
class Line:
    """A person's month: of each day "" (there), "part" or "all" (away), and their absences in words."""

    person: Person
    days: list
    absences: list  # (span, deputy or None, whether the deputy is away too, address or "")


class CalendarPages:
    """For the admin of absences."""

    entrance = "calendar"

    def get_urls(self):
        own = [path("calendar/", self.admin_site.admin_view(self.calendar), name=f"{NAME}_calendar")]
        return [*own, *super().get_urls()]

    @method_decorator(require_GET)
    def calendar(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        form = WhichMonth(request.GET)
        form.is_valid()
        first = _first(form.cleaned_data.get("month"), now)
        team = form.cleaned_data.get("team")
        days = _days(first)
        lines = _lines(self._people(request, team, days), days, now)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Absences"),
            "opts": self.opts,
            "form": WhichMonth(initial={"month": f"{first:%Y-%m}", "team": team}),
            "first": first,
            "days": [day for day, _end in days],
            "today": timezone.localtime(now).date(),
            "lines": lines,
            "there": _there(lines, len(days)) if team else None,
            "before": _address(request, first - A_DAY),
            "after": _address(request, first + timedelta(days=32)),
            "may_enter": self.has_add_permission(request),
            "media": self.media,
        }
        return render(request, "admin/absences.html", context)

    def _people(self, request, team, days):
        people = Person.objects.reachable(request.user, "people.read").filter(is_active=True)
        if team is not None:
            people = people.filter(memberships__team=team)
        else:
            away = Absence.objects.filter(starts_at__lt=days[-1][1], ends_at__gt=days[0][0])
            people = people.filter(pk__in=away.values("person"))
        return list(people.order_by("name", "pk")[:SHOWN])


def _first(month, now):
    today = timezone.localtime(now).date()
    year, number = map(int, month.split("-")) if month else (today.year, today.month)
    return date(min(max(year, 2000), 2200), number, 1)


def _days(first):
    """[(midnight, next midnight)] of a month, in the reader's zone."""
    following = (first + timedelta(days=32)).replace(day=1)
    midnights = [
        timezone.make_aware(datetime.combine(first + A_DAY * n, datetime.min.time()))
        for n in range((following - first).days + 1)
    ]
    return list(zip(midnights, midnights[1:], strict=False))


def _lines(people, days, now):
    since, until = days[0][0], days[-1][1]
    rows = Absence.objects.filter(person__in=people, starts_at__lt=until, ends_at__gt=since)
    rows = list(rows.select_related("deputy").order_by("starts_at"))
    deputies = {row.deputy_id for row in rows if row.deputy_id}
    both = {}
    for row in Absence.objects.filter(person__in=deputies, starts_at__lt=until, ends_at__gt=since):
        both.setdefault(row.person_id, []).append(row)
    found = []
    for person in people:
        mine = [row for row in rows if row.person_id == person.pk]
        days_of = [_of_day(mine, day, end) for day, end in days]
        found.append(Line(person, days_of, [_said(row, both, now) for row in mine]))
    return found


def _said(row, both, now):
    """(when, deputy, whether they are away then as well, where it is changed while it has not begun)."""
    theirs = both.get(row.deputy_id, ())
    is_away_too = any(o.starts_at < row.ends_at and o.ends_at > row.starts_at for o in theirs)
    address = reverse("away-change", args=[row.pk]) if row.starts_at > now else ""
    return display.stretch(row.starts_at, row.ends_at), row.deputy, is_away_too, address


def _of_day(absences, day, end):
    touching = [row for row in absences if row.starts_at < end and row.ends_at > day]
    if not touching:
        return ""
    covered = sum((min(row.ends_at, end) - max(row.starts_at, day) for row in touching), timedelta())
    return "all" if covered >= end - day else "part"


def _there(lines, number):
    """How many of a team are there on each day; somebody who is away for part of it is."""
    return [sum(line.days[day] != "all" for line in lines) for day in range(number)]


def _address(request, day):
    query = request.GET.copy()
    query["month"] = f"{day:%Y-%m}"
    return f"{reverse(f'admin:{NAME}_calendar')}?{query.urlencode()}"


class WhenAway(admin.SimpleListFilter):
    title = gettext_lazy("when")
    parameter_name = "when"

    def lookups(self, request, model_admin):
        return (("now", _("away now")), ("to_come", _("to come")), ("over", _("over")))

    def queryset(self, request, queryset):
        now = timezone.now()
        return {
            "now": queryset.current(now),
            "to_come": queryset.filter(starts_at__gt=now),
            "over": queryset.filter(ends_at__lte=now),
        }.get(self.value(), queryset)


# Where a form says what the operation refuses.
AT_FIELD = {
    NotTheirs: "person",
    Incomplete: "ends_at",
    InThePast: "starts_at",
    Overlaps: "starts_at",
    ConflictOfInterest: "deputy",
}


def save(row, said, by, now):
    """What the console's forms say of the absence `row`, through the operation; returns the one it is now."""
    times = {name: said[name] for name in ("starts_at", "ends_at", "deputy")}
    reason = said.get("change_reason", "")
    if row.pk is None:
        return absences.enter(person=row.person, by=by, now=now, reason=reason, **times)
    return absences.change(absence=row, by=by, now=now, reason=reason, **times)


class AbsenceRows(OperatedRows):
    """The absences on a person's own page."""

    at = AT_FIELD

    def operate(self, form, now):
        return save(form.instance, form.cleaned_data, self.asker, now)

    def take_away(self, row, now):
        absences.end(absence=row, by=self.asker, now=now)


class AbsenceInline(Chosen, TabularInline):
    model = Absence
    fk_name = "person"
    form = OperatedRow
    formset = AbsenceRows
    autocomplete_fields = ("deputy",)
    ordering = ("-starts_at",)

    def get_formset(self, request, obj=None, **kwargs):
        rows = super().get_formset(request, obj, **kwargs)
        rows.asker = request.user
        return rows


class AbsenceForm(OperatedForm):
    """As the workspace's page /away/: the same operations, the same sentences."""

    at = AT_FIELD

    def operate(self, now):
        return save(self.instance, self.cleaned_data, self.asker, now)


@admin.register(Absence)
class AbsenceAdmin(CalendarPages, OperatedAdmin, PeopleAdmin):
    form = AbsenceForm
    list_display = ("person", "starts_at", "ends_at", "deputy")
    list_select_related = ("person", "deputy")
    list_filter = (WhenAway, "person__teams")
    search_fields = ("person__name", "deputy__name")
    autocomplete_fields = ("person", "deputy")
    ordering = ("-starts_at", "-pk")

    def get_readonly_fields(self, request, obj=None):
        """Whose it is does not change."""
        return ("person",) if obj else ()

    def take_away(self, request, obj, now):
        absences.end(absence=obj, by=request.user, now=now)
