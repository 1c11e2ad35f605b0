"""Calendars: their versions with open hours, exceptions and holidays; public holidays by country."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases.console import HistoryAdmin, action
from cases.hours import WorkingHours
from cases.hours_words import sentences
from cases.models import (
    Calendar,
    CalendarException,
    CalendarVersion,
    Clock,
    Holiday,
    Period,
    Recalculation,
)
from cases.operations import publishing
from cases.year_picture import FIRST_YEAR, LAST_YEAR, draw

from .bases import ReadOnly
from .public_holidays import ChosenHolidays, Compared, HolidaySource
from .recalculations import tell
from .versions import PartInline, Parts, VersionAdmin, VersionsInline, WholeAdmin, posted

# More open clocks than this are "many": the page that asks does not count them all.
MANY = 1000


class Intervals(Parts):
    """Hours that overlap are said where they are typed, not only when the version is published."""

    day = None

    def clean(self):
        super().clean()
        days = {}
        for row in self.said():
            if row.get("opens") is not None and row.get("closes") is not None:
                days.setdefault(row[self.day], []).append((row["opens"], row["closes"]))
        where = {"weekday": "weekly", "on": "exceptions"}[self.day]
        if found := sentences(WorkingHours(tz="UTC", **{where: days}), codes={"periods_overlap"}):
            raise ValidationError(found)


class WeeklyIntervals(Intervals):
    key = ("weekday", "opens")
    day = "weekday"


class DatedIntervals(Intervals):
    day = "on"


class PeriodInline(PartInline):
    model = Period
    formset = WeeklyIntervals
    ordering = ("weekday", "opens")


class ExceptionInline(PartInline):
    model = CalendarException
    formset = DatedIntervals
    ordering = ("on", "opens")
    fields = ("on", "opens", "closes", "name")


class HolidayInline(PartInline):
    model = Holiday
    ordering = ("first_on",)
    fields = ("first_on", "last_on", "name")


class CalendarVersionsInline(VersionsInline):
    model = CalendarVersion
    fk_name = "calendar"


@admin.register(Calendar)
class CalendarAdmin(WholeAdmin):
    list_display = ("name", "time_zone", "versions_count")
    search_fields = ("name",)
    ordering = ("name",)
    inlines = (CalendarVersionsInline,)
    fixed_when_published = ("time_zone",)
    actions_detail = ("newest_draft", "year")

    @action(
        description=gettext_lazy("A year…"), url_path="year", icon="calendar_view_month", permissions=["view"]
    )
    def year(self, request, object_id):
        """That of the version in force, else of the newest one."""
        calendar = self.get_object(request, str(object_id))
        versions = calendar.versions.order_by("-effective_at", "-number") if calendar else None
        in_force = calendar and versions.filter(published_at__isnull=False, effective_at__lte=timezone.now())
        version = calendar and (in_force.first() or calendar.versions.order_by("-number").first())
        if not version:
            raise Http404
        return redirect(self.version_address("year", version.pk))

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .annotate(published=Count("versions", filter=~Q(versions__published_at=None)))
        )

    @admin.display(description=gettext_lazy("published versions"))
    def versions_count(self, calendar):
        return calendar.published


@admin.register(CalendarVersion)
class CalendarVersionAdmin(VersionAdmin):
    whole = "calendar"
    operation = publishing.publish_calendar
    findings = publishing.calendar_findings
    list_display = ("calendar", "number", "state", "effective_at", "published", "note")
    list_filter = ("calendar",)
    inlines = (PeriodInline, ExceptionInline, HolidayInline)
    actions_detail = ("publish", "compare", "year", "add_holidays", "new_draft")

    def offered_on(self, version):
        return (*super().offered_on(version), "year")

    @action(
        description=gettext_lazy("A year…"), url_path="year", icon="calendar_view_month", permissions=["view"]
    )
    def year(self, request, object_id):
        """What is open, day by day, in the year of `?year=`; without one, in this year there."""
        version = self.version_or_404(request, object_id)
        hours = version.working_hours(version.calendar.time_zone)
        asked = request.GET.get("year", "")
        this = timezone.now().astimezone(hours.tz).year
        number = int(asked) if asked.isdecimal() and len(asked) == 4 else this
        number = min(max(number, FIRST_YEAR), LAST_YEAR)
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(version)s in %(year)d") % {"version": version, "year": number},
            "opts": self.opts,
            "original": version,
            "year": draw(hours, number),
            "zone": version.calendar.time_zone,
            "earlier": number - 1 if number > FIRST_YEAR else None,
            "later": number + 1 if number < LAST_YEAR else None,
            "back": self.address("change", version.pk),
            "media": self.media,
        }
        return render(request, "admin/calendar_year.html", context)

    def effects(self, version):
        open_clocks = Clock.objects.open().filter(calendar=version.calendar)[: MANY + 1].count()
        if open_clocks > MANY:
            return [
                _("More than %(number)d open clocks run on this calendar; they are worked out anew.")
                % {"number": MANY}
            ]
        words = ngettext(
            "%(number)d open clock runs on this calendar; it is worked out anew.",
            "%(number)d open clocks run on this calendar; they are worked out anew.",
            open_clocks,
        )
        return [words % {"number": open_clocks}]

    def after_publishing(self, request, version):
        """What was done at once is said; what goes on has a page that shows how far it is."""
        job = Recalculation.objects.filter(calendar_version=version).first()
        if job is None:
            return super().after_publishing(request, version)
        return tell(request, job) or super().after_publishing(request, version)

    @action(
        description=gettext_lazy("Public holidays…"), url_path="holidays", icon="event", permissions=["draft"]
    )
    def add_holidays(self, request, object_id):
        """Names country, region and years; lists what that brings; saves what was left ticked."""
        version = self.version_or_404(request, object_id)
        if not self.has_change_permission(request, version):
            raise PermissionDenied
        source = HolidaySource(request.GET or None)
        listed = source.is_bound and source.is_valid()
        compared = source.compared_with(version) if listed else Compared([], [], [])
        form = ChosenHolidays(posted(request), compared=compared)
        if listed and request.method == "POST" and form.is_valid():
            added, taken = form.save(version, **source.where())
            words = [
                ngettext("%(number)d holiday added.", "%(number)d holidays added.", added) % {"number": added}
            ]
            if taken:
                out = ngettext("%(number)d holiday taken out.", "%(number)d holidays taken out.", taken)
                words.append(out % {"number": taken})
            messages.success(request, " ".join(words))
            return redirect(self.address("change", version.pk))
        return self.ask(
            request,
            version,
            form,
            source=source,
            listed=listed,
            compared=compared,
            template="admin/public_holidays.html",
            title=_("Public holidays for %(version)s") % {"version": version},
            button=_("Write what is ticked"),
        )


class PartAdmin(ReadOnly, HistoryAdmin):
    """Parts of versions have pages of their own for their history; they are written with their version."""

    is_in_index = False
    ordering = ("-pk",)


VERSION = gettext_lazy("version")


@admin.register(Period)
class PeriodAdmin(PartAdmin):
    list_display = ("version", "weekday", "opens", "closes")
    words = {"version": VERSION}
    list_select_related = ("version__calendar",)


@admin.register(CalendarException)
class CalendarExceptionAdmin(PartAdmin):
    list_display = ("version", "on", "opens", "closes", "name")
    words = {"version": VERSION}
    list_select_related = ("version__calendar",)


@admin.register(Holiday)
class HolidayAdmin(PartAdmin):
    list_display = ("version", "first_on", "last_on", "name", "country", "region")
    words = {"version": VERSION}
    list_select_related = ("version__calendar",)
