"""Calendars in versions: working periods, exceptions and holidays in a time zone. The past of a calendar
never changes."""

from datetime import time

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from cases.history import History
from cases.hours import WorkingHours
from cases.prepared import Given, Prepared

from .person import validate_time_zone
from .version import Version, published_whole

MIDNIGHT = time(0, 0)
# How long a publication waits for those who work by the hours in force.
PATIENCE = "5s"


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class CalendarQuerySet(models.QuerySet):
    def lock_for_publishing(self):
        """Wait for everybody who works by hours they hold, and let nobody hold some until this is over.

        The table, not the row: its queue is a fair one, where a row's next reader would slip in before us.
        Whoever comes meanwhile waits behind us, so we do not wait for long: raises OperationalError.
        """
        if connection.vendor == "postgresql":
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
                cursor.execute(f'LOCK TABLE "{self.model._meta.db_table}" IN EXCLUSIVE MODE')
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")

    def hours(self, ids=None, *, held=False):
        """{calendar id: WorkingHours} of the given calendars; what is unchanged comes from the process's
        memory. `held`: whoever publishes one of them waits until this transaction is over."""
        calendars = ALL.all() if ids is None else (HELD if held else SOME).all(ids=set(ids))
        known, stale = {}, []
        for calendar in calendars:
            revision, hours = _HOURS.get(calendar.pk, (None, None))
            if hours is not None and revision == calendar.revision:
                known[calendar.pk] = hours
            else:
                stale.append(calendar)
        versions = CalendarVersion.objects.filter(calendar__in=stale).published() if stale else ()
        by_calendar = {}
        for version in versions:
            by_calendar.setdefault(version.calendar_id, []).append(version)
        for calendar in stale:
            hours = known[calendar.pk] = spliced(by_calendar.get(calendar.pk, []), calendar.time_zone)
            if calendar.revision is not None:
                _HOURS[calendar.pk] = (calendar.revision, hours)
        return known


ALL = Prepared(lambda: Calendar.objects.all())
SOME = Prepared(lambda: Calendar.objects.filter(pk__among=Given("ids")))
# Locked by what the foreign keys to them lock anyway.
HELD = Prepared(lambda: Calendar.objects.filter(pk__among=Given("ids")).order_by("pk"), lock="FOR KEY SHARE")
# {calendar id: (revision, hours)}: publishing gives a new revision, so that no process computes with hours
# out of force.
# A random one, not a counter: a publication that was rolled back must not leave its number to the next.
_HOURS = {}


class Calendar(models.Model):
    """Working hours by name. What they are is in its versions; each publication gives a new `revision`."""

    KEPT = True

    name = models.CharField(_("name"), max_length=120, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=50, validators=[validate_time_zone])
    revision = models.UUIDField(null=True, editable=False)
    is_default = models.BooleanField(_("default"), default=False, editable=False)
    objects = CalendarQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="calendar_one_default"
            )
        ]

    def __str__(self):
        return self.name

    @property
    def hours(self):
        return Calendar.objects.hours([self.pk])[self.pk]


class CalendarVersionQuerySet(models.QuerySet):
    def published(self):
        return (
            self.exclude(published_at=None)
            .order_by("calendar_id", "effective_at", "number")
            .prefetch_related("periods", "exceptions", "holidays")
        )


class CalendarVersion(Version):
    """What a calendar says from `effective_at` on. The first one governs all time before the second."""

    calendar = models.ForeignKey(
        Calendar, models.PROTECT, related_name="versions", verbose_name=_("calendar")
    )
    objects = CalendarVersionQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("calendar version")
        verbose_name_plural = _("calendar versions")
        constraints = [
            models.UniqueConstraint(fields=["calendar", "number"], name="calendarversion_number_once"),
            published_whole(),
        ]

    def __str__(self):
        return f"{self.calendar} v{self.number}"

    def working_hours(self, tz):
        weekly = {}
        for period in self.periods.all():
            weekly.setdefault(period.weekday, []).append((period.opens, period.closes))
        exceptions = {}
        for exception in self.exceptions.all():
            intervals = exceptions.setdefault(exception.on, [])
            if exception.opens is not None:
                intervals.append((exception.opens, exception.closes))
        return WorkingHours(
            tz=tz,
            weekly=weekly,
            exceptions=exceptions,
            exception_names={e.on: e.name for e in self.exceptions.all()},
            holidays=[(h.first_on, h.last_on, h.name) for h in self.holidays.all()],
        )


def spliced(versions, tz):
    """One WorkingHours out of a calendar's published versions in order; a calendar without any never
    opens."""
    if not versions:
        return WorkingHours(tz=tz, weekly={})
    # Of two that begin at the same instant the later one rules: the other was replaced before it began.
    ruling = {v.effective_at if i else None: v for i, v in enumerate(versions)}
    return WorkingHours.spliced((since, version.working_hours(tz)) for since, version in ruling.items())


class OpenInterval(models.Model):
    """A stretch of a day, half-open [opens, closes); a closing 00:00 is the midnight at its end."""

    class Meta:
        abstract = True

    def clean(self):
        if (
            self.opens is not None
            and self.closes is not None
            and self.closes != MIDNIGHT
            and self.closes <= self.opens
        ):
            raise ValidationError(
                {"closes": _("Closing must come after opening; 00:00 means midnight at the day's end.")}
            )


class Period(OpenInterval):
    """Open hours of a weekday; a day may have several."""

    FROZEN_WITH = "version"
    SAME_BY = ("weekday", "opens")

    version = models.ForeignKey(CalendarVersion, models.CASCADE, related_name="periods")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))
    history = History()

    class Meta:
        verbose_name = _("open hours")
        verbose_name_plural = _("open hours")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes=MIDNIGHT) | models.Q(closes__gt=models.F("opens")),
                name="period_closes_after_open",
                violation_error_message=_(
                    "Closing must come after opening; 00:00 means midnight at the day’s end."
                ),
            ),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="period_weekday_is_known"),
            models.UniqueConstraint(fields=["version", "weekday", "opens"], name="period_once"),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class CalendarException(OpenInterval):
    """One date with hours of its own instead of the weekday's; without hours, a closed day."""

    FROZEN_WITH = "version"
    SAME_BY = ("on", "opens")

    version = models.ForeignKey(CalendarVersion, models.CASCADE, related_name="exceptions")
    on = models.DateField(_("date"))
    opens = models.TimeField(_("opens"), null=True, blank=True)
    closes = models.TimeField(_("closes"), null=True, blank=True)
    name = models.CharField(_("why"), max_length=120)
    history = History()

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        constraints = [
            models.CheckConstraint(
                # A comparison with null refuses nothing: that both are there has to be said.
                condition=models.Q(opens=None, closes=None)
                | models.Q(opens__isnull=False, closes__isnull=False, closes=MIDNIGHT)
                | models.Q(opens__isnull=False, closes__isnull=False, closes__gt=models.F("opens")),
                name="calendarexception_hours_in_order",
                violation_error_message=_(
                    "Give both hours, closing after opening, or neither: then the day is closed."
                ),
            )
        ]

    def __str__(self):
        return f"{self.on:%Y-%m-%d} {self.name}"


class Holiday(models.Model):
    """Closed dates, first to last, both included."""

    FROZEN_WITH = "version"
    SAME_BY = ("first_on", "name")

    version = models.ForeignKey(CalendarVersion, models.CASCADE, related_name="holidays")
    first_on = models.DateField(_("first day"))
    last_on = models.DateField(_("last day"))
    name = models.CharField(_("name"), max_length=120)
    country = models.CharField(_("country"), max_length=2, blank=True)
    region = models.CharField(_("region"), max_length=8, blank=True)
    history = History()

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_on__gte=models.F("first_on")),
                name="holiday_ends_after_start",
                violation_error_message=_("The last day cannot come before the first."),
            )
        ]

    def __str__(self):
        return f"{self.first_on:%Y-%m-%d} {self.name}"
