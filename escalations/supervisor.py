"""A customer asks for a supervisor: live within the path's minutes, else called back the same working day
(RULES 4)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from cases import display
from cases.hours import Stretch
from cases.models import Calendar, TriggerKind
from escalations import plan
from escalations.models import Handoff
from escalations.words import holder_name

A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True)
class Asked:
    """When a customer asked, and until when they are called back where nobody takes it on the line."""

    at: datetime
    call_back_by: datetime

    def live_until(self, path):
        """Until when somebody of `path` (PathFacts) may take it on the line; at that instant still."""
        return self.at + timedelta(minutes=path.supervisor_minutes)

    def is_same_day(self, zone):
        """Whether in `zone` (a name) they are called back on the day on which they asked; a midnight ends the
        day before it."""
        last = self.call_back_by - timedelta.resolution
        return self.at.astimezone(ZoneInfo(zone)).date() == last.astimezone(ZoneInfo(zone)).date()


@dataclass(frozen=True)
class Proposal:
    """How it is best handed over: live until `live_until`, or a call-back, because of `why`."""

    mode: str
    live_until: datetime
    why: str


def asked(case, now):
    """The Asked of a customer who asked within the last day, and whom nobody took over since; or None."""
    found = case.triggers.filter(kind=TriggerKind.ASKED_SUPERVISOR, occurred_at__gt=now - A_DAY)
    at = found.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    if at is None:
        return None
    taken = Handoff.objects.filter(
        escalation__case=case, state=Handoff.State.ACKNOWLEDGED, answered_at__gte=at
    )
    return None if taken.exists() else Asked(at, _call_back_by(case, at, now))


def proposal(wish, path, step, roster, *, subjects, now):
    """The Proposal for an Asked that would go to `step` of `path`: live, where somebody who can take it is at
    work and there is time left. `subjects`: ids of those whom the complaint names."""
    until = wish.live_until(path)
    told = plan.told(step, plan.CaseFacts(0, subjects=frozenset(subjects)), roster, now)
    there = [
        pk for pk in (one.person_id for one in told) if pk not in subjects and roster.is_at_work(pk, now)
    ]
    words = {"who": holder_name(step, roster), "time": display.clock_time(until)}
    if now > until:
        return Proposal(
            Handoff.Mode.CALL_BACK, until, _("The time for a live transfer was over at %(time)s.") % words
        )
    if there:
        return Proposal(Handoff.Mode.LIVE, until, _("%(who)s is at work now.") % words)
    away = _("%(who)s is not at work now.") if step.person_id else _("Nobody of %(who)s is at work now.")
    return Proposal(Handoff.Mode.CALL_BACK, until, away % words)


def seconds_to_acknowledge(wish, path, now):
    """Within how many seconds who took it on the line acknowledges that: what is left of the path's minutes,
    a minute at least. None where nobody asked, or the time was over: then the level's own term counts."""
    left = wish.live_until(path) - now if wish is not None else timedelta(0)
    return ceil(max(left, A_MINUTE).total_seconds()) if left > timedelta(0) else None


def _call_back_by(case, at, now):
    """The end of the working day of the case's team on which they asked, or of the present one where that is
    over; no later than midnight where the customer is, which to them ends the day."""
    of_team = {"pk": case.team.calendar_id} if case.team is not None else {"is_default": True}
    calendar = Calendar.objects.get(**of_team)
    hours = Calendar.objects.hours([calendar.pk])[calendar.pk]
    zone = ZoneInfo(case.customer.time_zone)
    ends_at = _end_of_day(hours, at, zone)
    return ends_at if ends_at > now else _end_of_day(hours, now, zone)


def _end_of_day(hours, at, zone):
    """When the working day of `at` closes for the last time, or the next one that opens; midnight in `zone`
    at the latest."""
    opens = hours.next_open(at)
    day = opens.astimezone(hours.zone_at(opens)).date()
    segments = hours.segments(opens, opens + A_DAY)
    closes = [s.ends_at for s in segments if s.kind == Stretch.OPEN and s.on == day][-1]
    midnight = datetime.combine(opens.astimezone(zone).date() + A_DAY, time(), zone)
    return min(closes, midnight)
