"""The running clocks of cases: one target of one case each."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from cases import receipts
from cases.history import History
from cases.hours import WorkingHours
from cases.states import ClockState, EndsOn, Metric, TimerKind
from cases.terms import Term

from .calendar import Calendar
from .pack import PackTerm
from .person import Person, Team
from .sla import SlaPolicyVersion

# When a clock that is late came late: one that ended before the engine came round was not told of it.
BREACHED_AT = Coalesce("breached_at", "late_after", "ended_at")


class ClockQuerySet(models.QuerySet):
    def open(self):
        return self.filter(state__in=(ClockState.RUNNING, ClockState.PAUSED))

    def running(self):
        return self.filter(state=ClockState.RUNNING)


class Clock(models.Model):
    """One running target of one case. It pins the policy version it was started under; ended, it never
    changes.

    It is met while elapsed working time <= `term_seconds`; it shows `due_at` and breaches strictly after
    `late_after`.
    """

    KEPT = True

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="clocks", verbose_name=_("case"))
    metric = models.CharField(_("metric"), max_length=16, choices=Metric.choices)
    policy_version = models.ForeignKey(
        SlaPolicyVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("policy version"),
    )
    calendar = models.ForeignKey(
        Calendar, models.PROTECT, related_name="+", db_index=False, verbose_name=_("calendar")
    )
    term_seconds = models.PositiveBigIntegerField(_("term, seconds"))
    used_seconds = models.PositiveBigIntegerField(
        _("used before, seconds"), default=0, help_text=_("Carried over from the clock it continues.")
    )
    at_risk_percent = models.PositiveSmallIntegerField(_("at risk at, %"), default=75)
    ends_on = models.CharField(max_length=10, choices=EndsOn.choices, default=EndsOn.RESOLVED)
    # Of a statutory clock: the term of the law, and how it is counted (terms.Term as text). Its seconds are
    # then those from its start to its due time.
    statute = models.ForeignKey(
        PackTerm,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("term of the law"),
    )
    rule = models.CharField(_("how it is counted"), max_length=120, blank=True, default="", db_default="")
    label = models.CharField(
        _("label"), max_length=80, blank=True, help_text=_("Such as the level it belongs to.")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=ClockState.choices, default=ClockState.RUNNING
    )
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    late_after = models.DateTimeField(_("late after"), null=True, blank=True)
    at_risk_at = models.DateTimeField(_("at risk from"), null=True, blank=True)
    breached_at = models.DateTimeField(_("breached"), null=True, blank=True)
    warned_at = models.DateTimeField(_("warned"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    elapsed_seconds = models.PositiveBigIntegerField(_("elapsed, seconds"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, help_text=_("Bumped when its due times change."))
    # What its passing sets off: the ladder's terms are clocks like all others, but other reactions hear of
    # them.
    breach_kind = models.CharField(max_length=24, choices=TimerKind.choices, default=TimerKind.CLOCK_BREACHED)
    owed_by = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("owed by"),
        help_text=_("Empty: whoever holds the case."),
    )
    owed_by_team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("owed by team"),
    )
    objects = ClockQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        indexes = [
            # What a change of a calendar touches; ended clocks leave it.
            models.Index(
                fields=["calendar", "case"],
                condition=models.Q(state__in=("running", "paused")),
                name="clock_open_on_calendar",
            ),
            # What the dashboard's lists of clocks that came late, and that ended, are read from.
            models.Index(
                BREACHED_AT,
                "id",
                condition=models.Q(breached_at__isnull=False) | models.Q(state=ClockState.MISSED),
                name="clock_late_by_time",
            ),
            models.Index(
                fields=["state", "ended_at", "id"],
                condition=models.Q(state__in=("met", "missed")),
                name="clock_ended_by_time",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(term_seconds__gt=0), name="clock_term_above_zero"),
            models.CheckConstraint(
                condition=models.Q(statute=None, rule="")
                | models.Q(statute__isnull=False, metric=Metric.STATUTORY) & ~models.Q(rule=""),
                name="clock_of_a_law_says_how_it_counts",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=ClockState.RUNNING, due_at__isnull=False, late_after__isnull=False, ended_at=None
                )
                | models.Q(state=ClockState.PAUSED, due_at=None, late_after=None, ended_at=None)
                | models.Q(state__in=("met", "missed", "stopped"), ended_at__isnull=False),
                name="clock_times_fit_its_state",
            ),
            models.UniqueConstraint(
                fields=["case", "metric"],
                condition=models.Q(
                    state__in=("running", "paused"),
                    metric__in=("first_response", "next_update", "resolution"),
                ),
                name="clock_one_open_of_a_kind",
            ),
        ]

    def __str__(self):
        return self.label or self.get_metric_display()

    @property
    def is_open(self):
        return self.state in (ClockState.RUNNING, ClockState.PAUSED)

    @property
    def is_law_read(self):
        """Whether a law sets it, and somebody read that in the law itself: what a customer may be told."""
        return self.statute_id is not None and self.statute.is_certain

    def receipt(self, *, pauses=None):
        """Why `due_at` is what it is: a receipts.Receipt. `pauses`: the case's, with reasons, where they
        are loaded."""
        if pauses is None:
            pauses = self.case.pauses.select_related("reason").order_by("started_at", "pk")
        mine = [receipts.Pause(p.started_at, p.ended_at, p) for p in pauses if self.metric in p.stops]
        if self.rule:
            return self._receipt_by_law(mine)
        return receipts.receipt(
            hours=self.calendar.hours,
            started_at=self.started_at,
            term_seconds=self.term_seconds,
            used_seconds=self.used_seconds,
            pauses=mine,
        )

    def _receipt_by_law(self, pauses):
        """All time counts, from where the term begins to its due time; pages tell its days in words."""
        term = timedelta(seconds=self.term_seconds)
        return receipts.receipt(
            hours=WorkingHours.always(Term.read(self.rule).zone),
            started_at=self.due_at - term if self.due_at else self.started_at,
            term_seconds=self.term_seconds,
            pauses=() if self.due_at else pauses,
        )

    @property
    def is_breached(self):
        return self.state == ClockState.MISSED or (self.is_open and self.breached_at is not None)
