"""A draft tried on the cases of the past: what was asked, how far it is, what came of it. Unaudited: it
changes nothing, and can be worked out again."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models import Person

from .path import PathVersion


class BackTestQuerySet(models.QuerySet):
    def in_progress(self):
        return self.filter(state=BackTest.State.IN_PROGRESS)


class BackTest(models.Model):
    """One try. `question` is what is played (levels, rules, window), fixed when it was asked; `counted` what
    escalations/backtest/counting.py counted up to case `cursor`.

    Whoever works on a slice has it until `taken_until`; a slice that is done twice is counted once.
    """

    KEPT = True

    class State(models.TextChoices):
        IN_PROGRESS = "in_progress", _("In progress")
        FINISHED = "finished", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    # A draft may be thrown away; what it would have done stays to be read.
    version = models.ForeignKey(
        PathVersion,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="back_tests",
        verbose_name=_("path version"),
    )
    title = models.CharField(_("what was tried"), max_length=140)
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    with_proposals = models.BooleanField(_("with proposed rules"), default=False)
    asked_by = models.ForeignKey(
        Person, models.PROTECT, related_name="+", db_index=False, verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.IN_PROGRESS)
    question = models.JSONField(default=dict, editable=False)
    counted = models.JSONField(default=dict, editable=False)
    total = models.PositiveBigIntegerField(_("cases"), default=0)
    done = models.PositiveBigIntegerField(_("cases done"), default=0)
    cursor = models.PositiveBigIntegerField(default=0, editable=False)
    taken_until = models.DateTimeField(null=True, blank=True, editable=False)
    moved_at = models.DateTimeField(_("last moved"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    error = models.CharField(_("what went wrong"), max_length=300, blank=True)
    objects = BackTestQuerySet.as_manager()

    class Meta:
        verbose_name = _("back-test")
        verbose_name_plural = _("back-tests")
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(state="in_progress"), name="backtest_in_progress")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=Q(state="in_progress"), name="backtest_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(until__gt=models.F("since")), name="backtest_has_a_window"),
            models.CheckConstraint(
                condition=Q(state="in_progress", finished_at=None)
                | (~Q(state="in_progress") & Q(finished_at__isnull=False)),
                name="backtest_finished_has_its_time",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def is_live(self):
        return self.state == self.State.IN_PROGRESS
