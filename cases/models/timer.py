"""Everything that must happen later is a row here. The database decides; whatever else only wakes."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.lateness import BUCKETS
from cases.prepared import Given, Prepared
from cases.states import TimerKind


class TimerQuerySet(models.QuerySet):
    def pending(self):
        return self.filter(state=Timer.State.PENDING)

    def set_aside(self):
        return self.filter(state=Timer.State.SET_ASIDE)

    def due(self, now):
        return self.filter(state=Timer.State.PENDING, wake_at__lte=now)

    def earliest_per_case(self, now, case_ids):
        """The first due timer of each given case: {case_id: timer}."""
        first = {}
        for timer in DUE.all(now=now, cases=case_ids):
            first.setdefault(timer.case_id, timer)
        return first

    def next_wake(self):
        """When the next pending timer wants to be woken, or None. One step into the partial index."""
        return self.pending().order_by("wake_at").values_list("wake_at", flat=True).first()


DUE = Prepared(
    lambda: (
        Timer.objects.due(Given("now"))
        .filter(case_id__among=Given("cases"))
        .defer("wake_at", "fired_at", "last_error")
        .order_by("case_id", "due_at", "pk")
    )
)


class Timer(models.Model):
    """A durable wake-up. Written only under its case's lock; never audited; fired rows stay with the case.

    `due_at` is the instant it stands for and never moves; `wake_at` is when the engine looks (back-off
    moves it);
    lateness is fired_at - max(due_at, armed_at).
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        FIRED = "fired", _("fired")
        SET_ASIDE = "set_aside", _("set aside")

    # Written under the lock of its case, which the database never deletes: nothing is left to check.
    case = models.ForeignKey(
        "cases.Case", models.PROTECT, related_name="timers", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=24, choices=TimerKind.choices)
    subject_id = models.BigIntegerField()
    step = models.PositiveSmallIntegerField(default=0)
    occurrence = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    wake_at = models.DateTimeField()
    armed_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    fired_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    objects = TimerQuerySet.as_manager()

    class Meta:
        verbose_name = _("timer")
        verbose_name_plural = _("timers")
        indexes = [
            # The engine's one question. Rows that fired leave it.
            models.Index(fields=["wake_at"], condition=models.Q(state="pending"), name="timer_pending_wake"),
            # The earliest of a case, and what a case page shows as pending.
            models.Index(
                fields=["case", "due_at", "id"],
                condition=models.Q(state="pending"),
                name="timer_pending_case",
            ),
            # The watchdog's two: what cannot run, and what failed and is tried again. Both are nearly empty.
            models.Index(fields=["id"], condition=models.Q(state="set_aside"), name="timer_set_aside"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="pending", attempts__gt=0),
                name="timer_tried_again",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "step", "occurrence"],
                condition=~models.Q(kind="review"),
                name="timer_once_per_occurrence",
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(kind="review", state="pending"),
                name="timer_one_pending_review",
            ),
            models.CheckConstraint(
                condition=models.Q(state="fired", fired_at__isnull=False)
                | models.Q(~models.Q(state="fired"), fired_at=None),
                name="timer_fired_has_its_time",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {timezone.localtime(self.due_at):%Y-%m-%d %H:%M}"


class EnginePass(models.Model):
    """What one engine process did last: one row a process, so that silence can be seen. Unaudited.

    It is committed before the reactions run, with the cases in hand, so that a row which kills its process
    is known.
    """

    worker = models.CharField(max_length=120, unique=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    in_hand = models.JSONField(default=list)
    # Which process of that name: one that died with cases in hand is told from the one that took its place.
    process = models.CharField(max_length=48, default="")
    passes = models.PositiveBigIntegerField(default=0)
    fired = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("engine pass")
        verbose_name_plural = _("engine passes")
        indexes = [models.Index(fields=["-started_at"], name="enginepass_latest")]

    def __str__(self):
        return f"{self.worker} {timezone.localtime(self.started_at):%Y-%m-%d %H:%M:%S}"


class EngineMinute(models.Model):
    """What one engine fired in one minute, and how late: for charts and percentiles without the timers.

    Unaudited; thrown away after 30 days. Its row of minute 0 adds up everything it ever fired, so that a
    counter made of these rows never goes back; that of no worker keeps what engines long gone fired.
    """

    worker = models.CharField(max_length=120)
    minute = models.PositiveIntegerField(_("minute"), help_text=_("Since 1 January 1970, UTC."))
    fired = models.PositiveBigIntegerField(_("fired"), default=0)
    seconds = models.FloatField(_("lateness in all, in seconds"), default=0)
    worst = models.FloatField(_("worst lateness, in seconds"), default=0)

    class Meta:
        verbose_name = _("minute of an engine")
        verbose_name_plural = _("minutes of engines")
        constraints = [
            # Minute first: the watchdog reads the latest minutes of all engines, and the rows of minute 0.
            models.UniqueConstraint(fields=["minute", "worker"], name="engineminute_once"),
        ]

    def __str__(self):
        return f"{self.worker} {self.minute}"


# One column for each bucket of cases/lateness.py: late_00 holds those up to its first bound, and so on.
LATE = [f"late_{bucket:02}" for bucket in range(BUCKETS)]
for _name in LATE:
    EngineMinute.add_to_class(_name, models.PositiveBigIntegerField(default=0))
