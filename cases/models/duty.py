"""Who is on duty for a skill: turns, one by one, and the weekly patterns that they are made of."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases import roles
from cases.history import History

from .person import Person, Skill, validate_time_zone

SAY_WEEKS = _("Say every how many weeks: a whole number from 1 (every week) to 12.")


class DutyPattern(models.Model):
    """The same turns again and again: on these days of the week, from and until these times of a zone.

    Its turns are written as rows some weeks ahead (operations/duties.py), because who is on duty is asked of
    the turns alone. `every_weeks` counts from the week of `first_on`: two people with 2 take turns.
    """

    KEPT = True

    skill = models.ForeignKey(Skill, models.PROTECT, related_name="patterns", verbose_name=_("skill"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="patterns", verbose_name=_("person"))
    # Digits, Monday is 0: "01234".
    weekdays = models.CharField(_("days of the week"), max_length=7)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"), help_text=_("Not later than the beginning: it ends on the next day."))
    time_zone = models.CharField(
        _("time zone"), max_length=50, default="UTC", validators=[validate_time_zone]
    )
    every_weeks = models.PositiveSmallIntegerField(
        _("every, weeks"),
        default=1,
        validators=[MinValueValidator(1, SAY_WEEKS), MaxValueValidator(12, SAY_WEEKS)],
        help_text=_("Counted from the week of the first day: 2 is every other week."),
    )
    first_on = models.DateField(_("first day"))
    last_on = models.DateField(_("last day"), null=True, blank=True, help_text=_("Empty: no end."))
    position = models.PositiveSmallIntegerField(
        _("position"), default=1, help_text=_("Lowest is asked first.")
    )
    # Days ("2026-03-05") whose turn somebody took out: no writing of its turns brings them back.
    left_out = models.JSONField(_("days left out"), default=list, blank=True, editable=False)
    # Up to and with which day its turns are written.
    filled_until = models.DateField(null=True, editable=False)
    history = History(excluded_fields=["filled_until"])

    class Meta:
        verbose_name = _("pattern of duty")
        verbose_name_plural = _("patterns of duty")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on=None) | Q(last_on__gte=F("first_on")),
                name="dutypattern_ends_after_start",
                violation_error_message=_("The last day has to be the first one or a later one."),
            ),
            models.CheckConstraint(
                condition=Q(every_weeks__range=(1, 12)), name="dutypattern_every_so_many_weeks"
            ),
            models.CheckConstraint(condition=~Q(weekdays=""), name="dutypattern_has_a_day"),
        ]

    def __str__(self):
        return f"{self.skill}: {self.person}"

    def leave_out(self, day):
        """No turn on `day` (a date) any more. Not saved."""
        self.left_out = sorted({*self.left_out, day.isoformat()})

    def leaves_out(self, day):
        """Whether somebody took the turn of `day` (a date) out."""
        return day.isoformat() in self.left_out

    def clean(self):
        """For the console; the operation says the same."""
        if self.person_id is not None and not roles.may(self.person, "escalation.hold"):
            words = {"who": self.person}
            raise ValidationError(
                {"person": _("%(who)s could not hold a case; name somebody here who works cases.") % words}
            )
        if not set(self.weekdays or "") <= set("0123456"):
            raise ValidationError({"weekdays": _("Choose days of the week.")})


class Duty(models.Model):
    """One turn of a roster: who is on duty for a skill, from when until when.

    Of a pattern it has the day on which it stands there; `instead_of` is whose turn it was by the pattern,
    or before somebody else took it.
    """

    skill = models.ForeignKey(Skill, models.PROTECT, related_name="duties", verbose_name=_("skill"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="duties", verbose_name=_("person"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    position = models.PositiveSmallIntegerField(
        _("position"), default=1, help_text=_("Lowest is asked first.")
    )
    pattern = models.ForeignKey(
        DutyPattern,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="turns",
        db_index=False,
        verbose_name=_("pattern"),
    )
    on = models.DateField(_("day of the pattern"), null=True, blank=True, editable=False)
    instead_of = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("instead of"),
    )
    history = History()

    class Meta:
        verbose_name = _("turn of duty")
        verbose_name_plural = _("turns of duty")
        indexes = [
            # What a roster reads: the turns that are not over.
            models.Index(fields=["ends_at"], name="duty_by_its_end"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="duty_ends_after_start",
                violation_error_message=_("A turn of duty has to end after it begins."),
            ),
            models.UniqueConstraint(
                fields=["pattern", "on"],
                condition=Q(pattern__isnull=False),
                name="duty_once_a_day_of_a_pattern",
            ),
        ]

    def __str__(self):
        return f"{self.skill}: {self.person}"
