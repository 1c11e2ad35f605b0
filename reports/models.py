"""How much happened on each day: counted by the worker, so that a page reads a few thousand rows and not all
cases."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Happened(models.TextChoices):
    """What is counted. The `detail` of a count says which: a metric, a level, a step of reports/steps.py."""

    RECEIVED = "received", _("received")
    RESOLVED = "resolved", _("resolved")
    REOPENED = "reopened", _("reopened")
    MET = "met", _("ended in time")
    MISSED = "missed", _("ended late")
    BREACHED = "breached", _("breached")
    LEVEL = "level", _("reached a level")
    FALLBACK = "fallback", _("reached the fallback holder")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")


class DailyCount(models.Model):
    """How often something happened on one day of the installation's time zone, in one team. Derived,
    unaudited: reports/counting.py counts it again and again."""

    NO_TEAM = 0

    day = models.DateField()
    kind = models.CharField(max_length=12, choices=Happened.choices)
    detail = models.CharField(max_length=16, blank=True)
    # The case's team as it was when this was counted; 0 of a case that has none, for a unique key.
    team_key = models.BigIntegerField()
    # Of cases kept from most people, which only auditors see counted.
    is_restricted = models.BooleanField(default=False)
    number = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("daily count")
        verbose_name_plural = _("daily counts")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "kind", "detail", "team_key", "is_restricted"], name="dailycount_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=Happened.values), name="dailycount_kind_is_known"
            ),
        ]

    def __str__(self):
        return f"{self.day} {self.kind} {self.detail}: {self.number}"


class Counting(models.Model):
    """When the days were last counted, and how long that took: one row. Unaudited."""

    ONLY = 1

    counted_at = models.DateTimeField()
    took_seconds = models.FloatField(default=0)

    class Meta:
        verbose_name = _("counting of the days")
        verbose_name_plural = _("countings of the days")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="counting_is_one")]

    def __str__(self):
        return f"{self.counted_at:%Y-%m-%d %H:%M}"
