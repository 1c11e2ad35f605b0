"""The states things may be in, and the permitted moves of a case's status (RULES 3). Pure."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CaseStatus(models.TextChoices):
    NEW = "new", _("New")
    OPEN = "open", _("Open")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")


# Waiting is an open pause, not a status.
NEXT = {
    CaseStatus.NEW: {CaseStatus.OPEN, CaseStatus.RESOLVED, CaseStatus.CLOSED},
    CaseStatus.OPEN: {CaseStatus.RESOLVED, CaseStatus.CLOSED},
    CaseStatus.RESOLVED: {CaseStatus.OPEN, CaseStatus.CLOSED},
    CaseStatus.CLOSED: {CaseStatus.OPEN},
}

# On these somebody still owes the customer work.
LIVE = (CaseStatus.NEW, CaseStatus.OPEN)


def may_move(old, new):
    """Whether a case may go from status `old` to status `new`."""
    return new in NEXT[CaseStatus(old)]


class Priority(models.IntegerChoices):
    LOW = 1, _("Low")
    MEDIUM = 2, _("Medium")
    HIGH = 3, _("High")
    URGENT = 4, _("Urgent")


class Metric(models.TextChoices):
    FIRST_RESPONSE = "first_response", _("First response")
    NEXT_UPDATE = "next_update", _("Next update to customer")
    RESOLUTION = "resolution", _("Resolution")
    OWNERSHIP = "ownership", _("Ownership")
    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    STATUTORY = "statutory", _("Statutory")


class EndsOn(models.TextChoices):
    """What ends a clock that not every public word ends."""

    ANSWERED = "answered", _("answered")
    RESOLVED = "resolved", _("resolved")
    CLOSED = "closed", _("closed")


class ClockState(models.TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    MET = "met", _("Met")
    MISSED = "missed", _("Missed")
    STOPPED = "stopped", _("Stopped")  # what it measured fell away: nothing is owed any more


class TimerKind(models.TextChoices):
    """What a timer asks for. Reactions are registered by kind (cases/engine.py)."""

    REVIEW = "review", _("Look at the rules")
    CLOCK_AT_RISK = "clock_at_risk", _("Target at risk")
    CLOCK_BREACHED = "clock_breached", _("Target breached")
    PAUSE_ENDS = "pause_ends", _("Pause ends")
    PROMISE_AT_RISK = "promise_at_risk", _("Promise coming due")
    PROMISE_BROKEN = "promise_broken", _("Promise broken")
    HANDOFF_UNACKNOWLEDGED = "handoff_unacknowledged", _("Handoff not acknowledged")
    LEVEL_RAN_OUT = "level_ran_out", _("Level ran out")
    HOLDER_REMINDER = "holder_reminder", _("Reminder to the holder")
