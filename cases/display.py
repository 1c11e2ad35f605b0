"""How states and times read on a page: icon, word, colour. Colour is spent on time alone. Pure."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import format_currency
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cases.models import Ask, Promise, Standing
from cases.states import ClockState, TimerKind

MINUTE, HOUR, DAY = 60, 3600, 86400


def duration(seconds, form=""):
    """So many seconds in words: "2 d 3 h", "1 h 12", "23 min"; `ticking` "23:41", `spoken` "23 min 41 s"."""
    whole = max(0, int(seconds))
    days, hours, minutes, rest = whole // DAY, whole % DAY // HOUR, whole % HOUR // MINUTE, whole % MINUTE
    if days:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": minutes}
    if form == "ticking":
        return f"{minutes}:{rest:02d}"
    if form == "spoken":
        return _("%(minutes)d min %(seconds)02d s") % {"minutes": minutes, "seconds": rest}
    return _("%(minutes)d min") % {"minutes": minutes}


def moment(at, now, form=""):
    """An instant in the reader's zone: "14:30" today, else "Thu 12 Nov, 11:32"; another year is said.

    `form` "day" says "today" where the time alone would not do; "short" drops the date within a week;
    "dated" never does: for what is kept and read on another day.
    """
    here, today = timezone.localtime(at), timezone.localtime(now)
    time = date_format(here, "H:i")
    if here.date() == today.date() and form != "dated":
        return _("today %(time)s") % {"time": time} if form == "day" else time
    if form == "short" and abs((here.date() - today.date()).days) < 7:
        return date_format(here, "D H:i")
    return date_format(here, "D j M, H:i" if here.year == today.year else "j M Y, H:i")


def stretch(start, end):
    """ "Tue 3 Mar, 20:00 – Wed 4 Mar, 08:00", in the reader's zone; the day once where it is the same."""
    start, end = timezone.localtime(start), timezone.localtime(end)
    ends = date_format(end, "H:i") if start.date() == end.date() else date_format(end, "D j M, H:i")
    return f"{date_format(start, 'D j M, H:i')} – {ends}"


@dataclass(frozen=True)
class Pill:
    """A state: icon, words, colour. `words` may hold "{time}", which counts on towards (or since) `until`."""

    words: str
    look: str = "plain"
    icon: str = ""
    time: str = ""
    until: datetime | None = None
    late: bool = False

    @property
    def before(self):
        return self.words.partition("{time}")[0]

    @property
    def after(self):
        return self.words.partition("{time}")[2]


def _counting(words, until, now, **kwargs):
    """A pill whose time counts towards `until`, or since it where it has passed."""
    late = until < now
    return Pill(
        words=words, time=duration(abs((until - now).total_seconds())), until=until, late=late, **kwargs
    )


def standing_pill(standing, now):
    """The first column of the queue."""
    if standing.kind == Standing.Kind.PAUSED:
        return Pill(_("Paused"), "info", "pause")
    if standing.kind == Standing.Kind.NOTHING or standing.due_at is None:
        return Pill(_("Nothing owed"), "plain", "check")
    if standing.kind == Standing.Kind.PROMISE:
        if standing.due_at < now:
            return _counting(_("Broken {time}"), standing.due_at, now, look="danger", icon="flag")
        return _counting(_("Promised {time}"), standing.due_at, now, icon="flag")
    if standing.is_breached:
        return _counting(_("Breached {time}"), standing.due_at, now, look="danger", icon="octagon")
    if standing.due_at < now:
        # Due at closing time: it breaches only when work opens again.
        return Pill(_("At risk, due"), "warn", "triangle")
    if standing.at_risk_at is not None and standing.at_risk_at <= now:
        return _counting(_("At risk {time}"), standing.due_at, now, look="warn", icon="triangle")
    return _counting(_("{time} left"), standing.due_at, now, icon="clock")


def promise_owed(standing, now):
    """What a promise that comes next asks of whoever owes it: a broken one, as its pill says, a new date."""
    what = standing.promise.what
    if standing.due_at >= now:
        return what
    return _("Give a new date: %(what)s") % {"what": what}


def clock_name(clock):
    """What a clock measures: "First response"; on a ladder whose term it is, "Acknowledge: Billing desk"."""
    if not clock.label:
        return clock.get_metric_display()
    if clock.breach_kind == TimerKind.LEVEL_RAN_OUT:
        return _("Work: %(level)s") % {"level": clock.label}
    return f"{clock.get_metric_display()}: {clock.label}"


def clock_pill(clock, now):
    """The state of a clock in one word."""
    if clock.state == ClockState.MET:
        return Pill(_("Met"), "good", "check")
    if clock.is_breached:
        return Pill(_("Breached"), "danger", "octagon")
    if clock.state == ClockState.PAUSED:
        return Pill(_("Paused"), "info", "pause")
    if clock.state == ClockState.STOPPED:
        return Pill(_("Stopped"), "plain", "slashed")
    if clock.at_risk_at is not None and clock.at_risk_at <= now:
        return Pill(_("At risk"), "warn", "triangle")
    return Pill(_("On time"), "plain", "clock")


def promise_pill(promise, now):
    """A promise's state: open, kept, broken."""
    if promise.broken_at is not None or (promise.state == Promise.State.OPEN and promise.due_at < now):
        return Pill(_("Broken"), "danger", "flag")
    if promise.state == Promise.State.KEPT:
        return Pill(_("Kept"), "good", "flag")
    return Pill(promise.get_state_display(), "plain", "flag")


def ask_pill(state):
    """How an ask stands: open, waiting for approval, granted, in part, refused, withdrawn."""
    look, icon = {
        Ask.State.OPEN: ("outlined", "help"),
        Ask.State.WAITING: ("info", "scales"),
        Ask.State.GRANTED: ("good", "check"),
        Ask.State.PARTLY: ("good", "sliders"),
        Ask.State.REFUSED: ("plain", "slashed"),
        Ask.State.WITHDRAWN: ("plain", "undo"),
        Ask.State.MOVED: ("plain", "link"),
    }[Ask.State(state)]
    return Pill(Ask.State(state).label, look, icon)


def money(amount):
    """An amount in EUR as the reader writes it: "€4,212.60", "4.212,60 €"; whole euros without cents."""
    locale = Locale.parse(get_language() or "en", sep="-")
    if amount != int(amount):
        return format_currency(amount, "EUR", locale=locale)
    whole = locale.currency_formats["standard"].pattern.replace(".00", "")
    return format_currency(amount, "EUR", whole, locale=locale, currency_digits=False)


def offer(decision):
    """What a decision offers, in words: "€300", "The exit fee (€90)"."""
    worth = money(decision.offer_amount) if decision.offer_amount is not None else ""
    if decision.offer_what and worth:
        return f"{decision.offer_what} ({worth})"
    return decision.offer_what or worth


def clock_time(at):
    """The time of day alone, in the reader's zone."""
    return date_format(timezone.localtime(at), "H:i")


def local_time(at, zone):
    """The time of day where somebody is, by the name of their zone."""
    return date_format(at.astimezone(ZoneInfo(zone)), "H:i")


def zone_city(zone):
    """ "Europe/Madrid" -> "Madrid"."""
    return zone.rpartition("/")[2].replace("_", " ")
