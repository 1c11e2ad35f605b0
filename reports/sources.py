"""What happened, row by row: what the worker counts and what a figure opens are both read from here, so that
a number is the length of its list."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import CharField, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Cast, Coalesce

from cases.models import Case, Clock, Trigger, TriggerKind
from cases.states import LIVE, ClockState
from escalations.models import Handoff
from reports.models import Happened

NOTHING = Value("", output_field=CharField())


@dataclass(frozen=True)
class Source:
    """The rows of one kind: `rows()` gives a queryset, `at` is when it happened, `case` leads from a row to
    its case ("" where it is the case), `detail` says which."""

    kind: Happened
    rows: Callable
    at: object
    case: str = "case"
    detail: object = NOTHING

    def column(self, name):
        """A column of the case, as seen from a row."""
        return f"{self.case}__{name}" if self.case else name

    def happened(self):
        """The rows with `happened_at` and `which`."""
        return self.rows().annotate(happened_at=self.at, which=self.detail)


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
        ),
        Source(
            Happened.MISSED,
            lambda: Clock.objects.filter(state=ClockState.MISSED),
            F("ended_at"),
            detail=F("metric"),
        ),
        Source(
            Happened.BREACHED,
            # A clock that ended late before the engine came round was not told of, and was late all the same.
            lambda: Clock.objects.filter(Q(breached_at__isnull=False) | Q(state=ClockState.MISSED)),
            Coalesce("breached_at", "late_after", "ended_at"),
            detail=F("metric"),
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
