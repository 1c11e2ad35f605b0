"""What a typed time means: the instant, here and at the customer's, and whether anybody works then."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import ValidationError
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.views import View

from cases import display
from cases.forms import Moment
from cases.hours import HoursError
from cases.models import Calendar
from cases.views.finding import find

# Fields that say when something was, not when it will be; those of the composer have a prefix.
LOOK_BACK = {"told_at", "said_at", "occurred_at", "received_at"}
MOST = 6


@dataclass(frozen=True)
class Understood:
    """`words`: the instant in the reader's zone and the customer's; `warnings`: what is odd about it."""

    words: str
    warnings: list = field(default_factory=list)


def understood(value, name, case, now):
    """The Understood of what is typed into a field `name` (text, or an instant), or None where it is none."""
    try:
        at = Moment(required=False).clean(value)
    except ValidationError:
        return None
    if at is None:
        return None
    looks_back = name.rpartition("-")[2] in LOOK_BACK
    return Understood(both_zones(at, case, now), _warnings(at, looks_back, case, now))


def both_zones(at, case, now):
    """ "today 14:00", or "today 14:00 for you, 13:00 in Dublin" where the customer's time is another; where
    their day is, too, it is said."""
    zone = case.customer.time_zone
    here, there = timezone.localtime(at), at.astimezone(ZoneInfo(zone))
    words = {
        "mine": display.moment(at, now, "day"),
        "theirs": date_format(there, "H:i" if there.date() == here.date() else "D H:i"),
        "city": display.zone_city(zone),
    }
    if there.replace(tzinfo=None) == here.replace(tzinfo=None):
        return words["mine"]
    return _("%(mine)s for you, %(theirs)s in %(city)s") % words


def _warnings(at, looks_back, case, now):
    if looks_back:
        return [_("This is in the future; give a time up to now.")] if at > now else []
    if at <= now:
        return [_("This is in the past; give a later time.")]
    return _closed(at, case, now)


def _closed(at, case, now):
    """Whether the case's team, or without one the desk, is closed then, and when it opens."""
    calendar = case.team.calendar if case.team_id else Calendar.objects.get(is_default=True)
    hours = calendar.hours
    try:
        if hours.is_open(at):
            return []
        opens = display.moment(hours.next_open(at), now, "day")
    except HoursError:
        return []
    who = case.team.name if case.team_id else calendar.name
    return [_("This is in a closed hour: %(who)s opens %(when)s.") % {"who": who, "when": opens}]


class WhatIsUnderstood(LoginRequiredMixin, View):
    """The same of what is typed at present, for the script of a form about a case."""

    def get(self, request, number):
        case, now = find(request.user, number), timezone.now()
        typed = list(request.GET.items())[:MOST]
        rows = [(name, understood(value, name, case, now)) for name, value in typed]
        return render(request, "cases/understood.html", {"rows": rows})
