"""What the reconciler found wrong and put right, and how far its round has come."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.history import History
from cases.states import TimerKind


class TimerRepairQuerySet(models.QuerySet):
    def tally(self):
        """{finding: how many there ever were}, every kind of finding named."""
        counted = self.order_by().values_list("finding").annotate(models.Count("pk"))
        return dict.fromkeys(TimerRepair.Finding.values, 0) | dict(counted)


class TimerRepair(models.Model):
    """One thing the reconciler put right: a timer, a clock's schedule, or a case's standing. Never changed.

    `was_due_at` is what it found, `due_at` what it left; a timer that was missing has no former one, a stray
    one no later one.
    """

    KEPT = True

    class Finding(models.TextChoices):
        MISSING = "missing", _("missing")
        UNDONE = "undone", _("fired without effect")
        MOVED = "moved", _("at the wrong time")
        STRAY = "stray", _("wanted by nothing")
        SCHEDULE = "schedule", _("clock at the wrong time")
        STANDING = "standing", _("standing out of date")

    case = models.ForeignKey(
        "cases.Case", models.PROTECT, related_name="timer_repairs", verbose_name=_("case")
    )
    finding = models.CharField(_("finding"), max_length=10, choices=Finding.choices)
    kind = models.CharField(_("timer"), max_length=24, choices=TimerKind.choices, blank=True)
    subject_id = models.BigIntegerField(_("subject"), null=True, blank=True)
    step = models.PositiveIntegerField(_("step"), default=0)
    occurrence = models.PositiveIntegerField(_("occurrence"), default=0)
    was_due_at = models.DateTimeField(_("was due"), null=True, blank=True)
    was_wake_at = models.DateTimeField(_("was to wake"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    found_at = models.DateTimeField(_("found"))
    objects = TimerRepairQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("timer repair")
        verbose_name_plural = _("timer repairs")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    finding__in=("missing", "undone", "moved", "stray", "schedule", "standing")
                ),
                name="timerrepair_finding_is_known",
            ),
        ]

    def __str__(self):
        what = self.get_kind_display()
        return f"{what}: {self.get_finding_display()}" if what else self.get_finding_display()


class ReconcilerRound(models.Model):
    """How far the reconciler is on its way round all open cases: one row. Unaudited.

    Cases up to `after_id` were looked at since `started_at`. Whoever goes on takes it until `taken_until`, so
    that one that died holds nobody up for long.
    """

    ONLY = 1

    after_id = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    cases = models.PositiveBigIntegerField(default=0)
    repairs = models.PositiveBigIntegerField(default=0)
    taken_until = models.DateTimeField(null=True, blank=True)
    rounds = models.PositiveBigIntegerField(default=0)
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_finished_at = models.DateTimeField(null=True, blank=True)
    last_cases = models.PositiveBigIntegerField(default=0)
    last_repairs = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("reconciler’s round")
        verbose_name_plural = _("reconciler’s rounds")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="reconcilerround_is_one"),
        ]

    def __str__(self):
        return f"{self.rounds}: {self.after_id}"

    def was_round(self, *, began, ended, cases, repairs):
        """All open cases were looked at."""
        self.last_started_at, self.last_finished_at = began, ended
        self.last_cases, self.last_repairs = cases, repairs
        self.rounds += 1
