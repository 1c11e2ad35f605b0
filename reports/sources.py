"""What happened, row by row: what the worker counts and what a figure opens are both read from here, so that
a number is the length of its list."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import CharField, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Cast, Coalesce

from cases.models import Case, Clock, Trigger, TriggerKind
from cases.models.clock import BREACHED_AT
from cases.states import LIVE, ClockState
from escalations.models import Handoff
from reports.models import Happened

LONGEST_ID = 18
NOTHING = Value("", output_field=CharField())


@dataclass(frozen=True)
class Source:
    """The rows of one kind: `rows()` gives a queryset, `at` is when it happened, `case` leads from a row to
    its case ("" where it is the case), `detail` says which.

    `is_by_time`: an index has them in the order in which they happened. Of the others those that were written
    last come first: nearly the same.
    """

    kind: Happened
    rows: Callable
    at: object
    case: str = "case"
    detail: object = NOTHING
    is_by_time: bool = False

    def column(self, name):
        """A column of the case, as seen from a row."""
        return f"{self.case}__{name}" if self.case else name

    def happened(self):
        """The rows with `happened_at` and `which`."""
        return self.rows().annotate(happened_at=self.at, which=self.detail)

    def newest_first(self, rows):
        return rows.order_by("-happened_at", "-pk") if self.is_by_time else rows.order_by("-pk")

    def key_of(self, row):
        """Where a row stands among those that `newest_first` orders, as a page's address holds it."""
        return f"{row.happened_at.isoformat()}_{row.pk}"

    def older(self, rows, key):
        """Those of `rows` that come after the one with that key: a range of one index. A key that nobody was
        given narrows nothing."""
        at, pk = _read(key)
        if pk is None:
            return rows
        if not self.is_by_time:
            return rows.filter(pk__lt=pk)
        return rows.filter(Q(happened_at__lt=at) | Q(pk__lt=pk), happened_at__lte=at)


def _read(key):
    """(instant, id) of a key, or (None, None)."""
    at, _separator, pk = key.partition("_")
    try:
        at = datetime.fromisoformat(at)
        is_known = at.tzinfo is not None and pk.isdecimal() and len(pk) <= LONGEST_ID
        return (at.astimezone(UTC), int(pk)) if is_known else (None, None)
    except (ValueError, OverflowError):
        return None, None


def _first_arrivals(**conditions):
    """Of several handoffs of an escalation on one level, the first: that is when it came there."""

    def rows():
        found = Handoff.objects.filter(**conditions)
        earlier = found.filter(
            escalation=OuterRef("escalation"), level_number=OuterRef("level_number"), pk__lt=OuterRef("pk")
        )
        return found.filter(~Exists(earlier))

    return rows


# Only above all levels is nothing owed any more: the fallback holder has no time to acknowledge.
ON_A_LEVEL, AT_FALLBACK = {"acknowledge_clock__isnull": False}, {"acknowledge_clock__isnull": True}

SOURCES = {
    source.kind: source
    for source in (
        Source(Happened.RECEIVED, lambda: Case.objects.all(), F("received_at"), case=""),
        # A case that was opened again is resolved no longer.
        Source(
            Happened.RESOLVED,
            lambda: Case.objects.exclude(status__in=LIVE),
            Coalesce("resolved_at", "closed_at"),
            case="",
        ),
        Source(
            Happened.REOPENED,
            lambda: Trigger.objects.filter(kind=TriggerKind.REOPENED),
            F("occurred_at"),
        ),
        Source(
            Happened.MET,
            lambda: Clock.objects.filter(state=ClockState.MET),
            F("ended_at"),
            detail=F("metric"),
            is_by_time=True,
        ),
        Source(
            Happened.MISSED,
            lambda: Clock.objects.filter(state=ClockState.MISSED),
            F("ended_at"),
            detail=F("metric"),
            is_by_time=True,
        ),
        Source(
            Happened.BREACHED,
            lambda: Clock.objects.filter(Q(breached_at__isnull=False) | Q(state=ClockState.MISSED)),
            BREACHED_AT,
            detail=F("metric"),
            is_by_time=True,
        ),
        Source(
            Happened.LEVEL,
            _first_arrivals(**ON_A_LEVEL),
            F("made_at"),
            case="escalation__case",
            detail=Cast("level_number", CharField()),
        ),
        Source(
            Happened.FALLBACK,
            _first_arrivals(**AT_FALLBACK),
            F("made_at"),
            case="escalation__case",
        ),
        Source(
            Happened.ACKNOWLEDGED,
            lambda: Handoff.objects.filter(state=Handoff.State.ACKNOWLEDGED),
            F("answered_at"),
            case="escalation__case",
        ),
    )
}
