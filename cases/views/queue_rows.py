"""One row of the queue in words: when, what, whose."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from cases import display
from cases.models import Standing


@dataclass(frozen=True)
class Row:
    standing: Standing
    pill: display.Pill
    what: str
    whose: str
    by: str
    holder: object
    holds: str  # you, person, team, or nobody
    is_overdue: bool
    is_still: bool
    tags: tuple = ()
    hit: object = None  # of a search: where its words were found

    @property
    def case(self):
        return self.standing.case

    @classmethod
    def of(cls, standing, reader, now, *, tags=(), hit=None):
        holder = standing.holder or standing.holder_team or standing.owner or standing.team
        is_still = standing.kind in (Standing.Kind.PAUSED, Standing.Kind.NOTHING)
        is_overdue = not is_still and (
            standing.is_breached or (standing.due_at is not None and standing.due_at < now)
        )
        return cls(
            standing=standing,
            pill=display.standing_pill(standing, now),
            what=_what(standing, now),
            whose=_whose(standing, reader),
            by=_by(standing, now, is_overdue),
            holder=holder,
            holds=_holds(holder, reader),
            is_overdue=is_overdue,
            is_still=is_still,
            tags=tuple(tags),
            hit=hit,
        )


def _what(standing, now):
    if standing.kind == Standing.Kind.PAUSED:
        return standing.pause_reason or _("Clocks stand still")
    if standing.kind == Standing.Kind.PROMISE:
        return display.promise_owed(standing, now)
    if standing.kind == Standing.Kind.CLOCK:
        return display.clock_name(standing.clock) if standing.clock else standing.get_metric_display()
    return standing.get_status_display()


def _whose(standing, reader):
    """Whose turn it is; a name, cut short before a time is."""
    if standing.kind == Standing.Kind.PAUSED:
        return ""
    owed_by = standing.whose or standing.whose_team or standing.owner or standing.team
    return _("You") if owed_by == reader else str(owed_by) if owed_by else _("Nobody yet")


def _by(standing, now, is_overdue):
    """ "14:45", "was due 12:54", "Thu 09:00, told", "resumes Thu 09:00"; never cut short."""
    if standing.kind == Standing.Kind.PAUSED and standing.resumes_at:
        return _("resumes %(time)s") % {"time": display.moment(standing.resumes_at, now)}
    if standing.due_at is None:
        return ""
    due = display.moment(standing.due_at, now, "short")
    if is_overdue:
        return _("was due %(time)s") % {"time": due}
    if standing.kind == Standing.Kind.PROMISE:
        return _("%(time)s, told to customer") % {"time": due}
    return due


def _holds(holder, reader):
    if holder is None:
        return "nobody"
    if holder == reader:
        return "you"
    return "person" if hasattr(holder, "username") else "team"


def group_of(row, reader):
    """Overdue, within the hour, later today, tomorrow and after, standing still."""
    if row.is_still:
        return "still"
    if row.is_overdue:
        return "overdue"
    due = row.standing.due_at
    if due <= reader.now + timedelta(hours=1):
        return "hour"
    return "today" if due < reader.end_of_today else "later"
