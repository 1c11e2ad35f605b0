"""A change that many open clocks follow: what changed, who asked for it, how far it has got."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.history import History
from cases.prepared import Prepared

from .calendar import CalendarVersion
from .person import Person
from .sla import SlaPolicyVersion


class RecalculationQuerySet(models.QuerySet):
    def unfinished(self):
        return self.exclude(state=Recalculation.State.FINISHED)

    def in_progress(self):
        return self.filter(state=Recalculation.State.IN_PROGRESS)


class Recalculation(models.Model):
    """Open clocks worked out anew, a slice of cases in each transaction, in the order of their ids.

    `cursor` is the highest case done; it moves in the slice's own transaction, so that a crash resumes there.
    Cases that could not be done are kept in `failed` ({"case", "error"}); `again` are ids to be tried again.
    Those that are due soonest come first of all (`soon_until`, by what they were due before the change).
    """

    KEPT = True

    class Kind(models.TextChoices):
        CALENDAR = "calendar", _("Calendar changed")
        POLICY = "policy", _("Cases moved to another version")

    class State(models.TextChoices):
        IN_PROGRESS = "in_progress", _("In progress")
        HALTED = "halted", _("Needs attention")
        FINISHED = "finished", _("Finished")

    kind = models.CharField(_("what changed"), max_length=10, choices=Kind.choices)
    calendar_version = models.ForeignKey(
        CalendarVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("calendar version"),
    )
    policy_version = models.ForeignKey(
        SlaPolicyVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("moved to"),
    )
    # Of the cases to be moved: {"versions": [ids], "priority": …, "team": …}.
    scope = models.JSONField(_("which cases"), default=dict, blank=True)
    asked_by = models.ForeignKey(
        Person, models.PROTECT, related_name="+", db_index=False, verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.IN_PROGRESS)
    total = models.PositiveBigIntegerField(_("cases"), default=0)
    done = models.PositiveBigIntegerField(_("cases done"), default=0)
    cursor = models.PositiveBigIntegerField(default=0)
    last_case = models.PositiveBigIntegerField(default=0, help_text=_("Later ones began after the change."))
    soon_until = models.DateTimeField(null=True, blank=True)
    soon_cursor = models.PositiveBigIntegerField(default=0)
    again = models.JSONField(default=list, blank=True)
    failed = models.JSONField(_("not done"), default=list, blank=True)
    clocks = models.PositiveBigIntegerField(_("clocks"), default=0)
    earlier = models.PositiveBigIntegerField(_("clocks due earlier"), default=0)
    later = models.PositiveBigIntegerField(_("clocks due later"), default=0)
    breached = models.PositiveBigIntegerField(_("breached by the change"), default=0)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    objects = RecalculationQuerySet.as_manager()
    history = History(erasable=["reason"])

    class Meta:
        verbose_name = _("recalculation")
        verbose_name_plural = _("recalculations")
        indexes = [
            # The engine's question before it believes a due time, and the workers' for what is left to do.
            models.Index(
                fields=["asked_at"], condition=~models.Q(state="finished"), name="recalculation_unfinished"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    kind="calendar", calendar_version__isnull=False, policy_version__isnull=True
                )
                | models.Q(kind="policy", calendar_version__isnull=True, policy_version__isnull=False),
                name="recalculation_of_one_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(state="finished", finished_at__isnull=False)
                | models.Q(state__in=("in_progress", "halted"), finished_at=None),
                name="recalculation_finished_has_its_time",
            ),
        ]

    def __str__(self):
        if self.kind == self.Kind.CALENDAR:
            return str(self.calendar_version)
        return _("Cases to %(version)s") % {"version": self.policy_version}

    @property
    def is_finished(self):
        return self.state == self.State.FINISHED

    @property
    def unchanged(self):
        return max(self.clocks - self.earlier - self.later, 0)

    def still_waits(self, case_id):
        """Whether this case is one that it has not come to yet, or could not do."""
        if self.cursor < case_id <= self.last_case:
            return True
        return case_id in self.again or any(case_id == row["case"] for row in self.failed)


UNFINISHED_CALENDARS = Prepared(
    lambda: (
        Recalculation.objects.unfinished().filter(kind=Recalculation.Kind.CALENDAR).order_by("asked_at", "pk")
    )
)
