"""What is owed next on each case: derived, and what the queue is read from."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.states import LIVE, CaseStatus, Metric, Priority

from .case import Case, number_of
from .clock import Clock
from .person import Person, Team
from .promise import Promise

# What is owed first, first. A keyset: it is unique.
IN_ORDER = ("sort_at", "case_id")


class StandingQuerySet(models.QuerySet):
    def live(self):
        return self.filter(status__in=LIVE)

    def resolved_with_a_promise(self):
        """A promise outlives the resolution: it is owed until it is kept."""
        return self.filter(status=CaseStatus.RESOLVED, promised_at__isnull=False)

    def in_order(self):
        return self.order_by(*IN_ORDER)


# Worked out from rows that the database never deletes, and again by the reconciler: to check each key at each
# write would be a good part of what a fire costs the server, and would find nothing.
DERIVED_KEY = {"null": True, "db_index": False, "db_constraint": False, "related_name": "+"}


class Standing(models.Model):
    """A case's next obligation: what, whose, when. Derived, unaudited, one row a case; it serves the
    queue's index."""

    class Kind(models.TextChoices):
        CLOCK = "clock", _("clock")
        PROMISE = "promise", _("promise")
        PAUSED = "paused", _("paused")
        NOTHING = "nothing", _("nothing owed")

    case = models.OneToOneField(Case, models.PROTECT, primary_key=True, related_name="standing")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.NOTHING)
    metric = models.CharField(max_length=16, choices=Metric.choices, blank=True)
    clock = models.ForeignKey(Clock, models.PROTECT, **DERIVED_KEY)
    promise = models.ForeignKey(Promise, models.PROTECT, **DERIVED_KEY)
    whose = models.ForeignKey(Person, models.PROTECT, **DERIVED_KEY)
    whose_team = models.ForeignKey(Team, models.PROTECT, **DERIVED_KEY)
    # By somebody who neither owns nor holds the case: theirs are found by that already.
    is_owed_apart = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True)
    at_risk_at = models.DateTimeField(null=True)
    resumes_at = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=120, blank=True)
    is_breached = models.BooleanField(default=False)
    # Beside what comes first: whether a pause waits for the customer, and the earliest promise still owed.
    is_waiting = models.BooleanField(default=False)
    promised_at = models.DateTimeField(null=True)
    sort_at = models.DateTimeField()
    # Copies of the case's own columns, so that one index answers the queue.
    status = models.CharField(max_length=10, choices=CaseStatus.choices)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices)
    team = models.ForeignKey(Team, models.PROTECT, **DERIVED_KEY)
    owner = models.ForeignKey(Person, models.PROTECT, **DERIVED_KEY)
    is_restricted = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    changed_at = models.DateTimeField()  # as the case's own, or since it was received
    # Who holds its escalation now; written by the escalations app.
    holder = models.ForeignKey(Person, models.PROTECT, **DERIVED_KEY)
    holder_team = models.ForeignKey(Team, models.PROTECT, **DERIVED_KEY)
    objects = StandingQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")
        indexes = [
            models.Index(fields=["sort_at", "case"], condition=Q(status__in=LIVE), name="standing_queue"),
            models.Index(
                fields=["team", "sort_at", "case"], condition=Q(status__in=LIVE), name="standing_team_queue"
            ),
            # Each open case is in one of these two, so that they cost no more writes than one of all would.
            models.Index(
                fields=["owner", "sort_at", "case"],
                condition=Q(status__in=LIVE, owner__isnull=False),
                name="standing_owned_queue",
            ),
            models.Index(
                fields=["team", "sort_at", "case"],
                condition=Q(status__in=LIVE, owner__isnull=True),
                name="standing_ownerless_queue",
            ),
            models.Index(
                fields=["holder", "sort_at", "case"],
                condition=Q(holder__isnull=False),
                name="standing_holder_queue",
            ),
            models.Index(
                fields=["holder_team", "sort_at", "case"],
                condition=Q(holder_team__isnull=False),
                name="standing_holder_team_queue",
            ),
            models.Index(
                fields=["whose", "sort_at", "case"],
                condition=Q(status__in=LIVE, is_owed_apart=True),
                name="standing_whose_queue",
            ),
            models.Index(
                fields=["whose_team", "sort_at", "case"],
                condition=Q(status__in=LIVE, whose_team__isnull=False),
                name="standing_whose_team_queue",
            ),
            models.Index(
                fields=["team", "sort_at", "case"], condition=Q(is_waiting=True), name="standing_waiting"
            ),
            models.Index(
                fields=["sort_at", "case"], condition=Q(is_waiting=True), name="standing_all_waiting"
            ),
            models.Index(
                fields=["team", "promised_at"],
                condition=Q(promised_at__isnull=False),
                name="standing_promised",
            ),
            # A promise outlives the resolution: few, in their order, whoever asks.
            models.Index(
                fields=["sort_at", "case"],
                condition=Q(status=CaseStatus.RESOLVED, promised_at__isnull=False),
                name="standing_promised_resolved",
            ),
            # The other orders of the queue.
            models.Index(
                fields=["-priority", "sort_at", "case"],
                condition=Q(status__in=LIVE),
                name="standing_by_priority",
            ),
            models.Index(
                fields=["received_at", "case"], condition=Q(status__in=LIVE), name="standing_by_received"
            ),
            models.Index(
                fields=["changed_at", "case"], condition=Q(status__in=LIVE), name="standing_by_changed"
            ),
        ]

    def __str__(self):
        return f"{number_of(self.case_id)}: {self.get_kind_display()}"
