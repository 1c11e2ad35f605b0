"""What a typed time means: the instant, here and at the customer's, and whether anybody works then."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.views import View

from cases import display, roles
from cases.forms import Moment
from cases.hours import HoursError
from cases.models import Calendar, Customer
from cases.views.finding import find

# Fields that say when something was, not when it will be; those of the composer have a prefix.
LOOK_BACK = {"told_at", "said_at", "occurred_at", "received_at"}
MOST = 6


@dataclass(frozen=True)
class Understood:
    """`words`: the instant in the reader's zone and the customer's; `warnings`: what is odd about it."""

    words: str
    warnings: list = field(default_factory=list)


def understood(value, name, case, now, customer=None):
    """The Understood of what is typed into a field `name` (text, or an instant), or None where it is none.
    Without a `case` yet, as it is for `customer`, or for nobody in particular."""
    try:
        at = Moment(required=False).clean(value)
    except ValidationError:
        return None
    if at is None:
        return None
    looks_back = name.rpartition("-")[2] in LOOK_BACK
    words = both_zones(at, case.customer if case else customer, now)
    return Understood(words, _warnings(at, looks_back, case, now))


def both_zones(at, customer, now):
    """ "today 14:00", or "today 14:00 for you, 13:00 in Dublin" where the customer's time is another; where
    their day is, too, it is said. Of no customer (None) in the reader's zone alone."""
    if customer is None:
        return display.moment(at, now, "day")
    zone = customer.time_zone
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
    team = case.team if case else None
    calendar = team.calendar if team else Calendar.objects.get(is_default=True)
    hours = calendar.hours
    try:
        if hours.is_open(at):
            return []
        opens = display.moment(hours.next_open(at), now, "day")
    except HoursError:
        return []
    who = team.name if team else calendar.name
    return [_("This is in a closed hour: %(who)s opens %(when)s.") % {"who": who, "when": opens}]


class WhatIsUnderstood(LoginRequiredMixin, View):
    """The same of what is typed at present, for the script of a form about a case, or one that makes a case:
    that names the `customer`, where one is chosen."""

    def get(self, request, number=None):
        typed, now = request.GET.dict(), timezone.now()
        case = find(request.user, number) if number else None
        customer = _customer(request.user, typed.pop("customer", ""))
        rows = [
            (name, understood(value, name, case, now, customer)) for name, value in list(typed.items())[:MOST]
        ]
        return render(request, "cases/understood.html", {"rows": rows})


def _customer(reader, pk):
    if not pk:
        return None
    if not roles.may(reader, "customer.read"):
        raise PermissionDenied
    return get_object_or_404(Customer, pk=int(pk) if pk.isdecimal() and len(pk) < 18 else 0)
