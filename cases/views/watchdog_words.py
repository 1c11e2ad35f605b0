"""What the watchdog knows, in sentences: the verdict, what is wrong, what to do about it."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases import display, watchdog
from cases.states import TimerKind

LOOKS = {"danger": "octagon", "warn": "triangle"}


@dataclass(frozen=True)
class Verdict:
    look: str  # good, warn or danger
    sentence: str
    wrong: list  # Wrong, the worst first


@dataclass(frozen=True)
class Wrong:
    name: str
    look: str
    icon: str
    sentence: str
    remedy: str


@dataclass(frozen=True)
class Tile:
    name: str
    value: str
    notes: tuple
    look: str = ""
    href: str = ""  # where on the page its list is


def lag(seconds):
    """A short length of time, as exact as it matters: "4 ms", "0.4 s", "23 s", "2 min 05 s", "1 h 12"."""
    if seconds is None:
        return "–"
    if seconds < 0.1:
        return _("%(number)s ms") % {"number": formats.number_format(max(0, round(seconds * 1000)))}
    if seconds < 10:
        return _("%(number)s s") % {"number": formats.number_format(round(seconds, 1), 1)}
    if seconds < display.MINUTE:
        return _("%(number)s s") % {"number": int(seconds)}
    return display.duration(seconds, "spoken")


def since(at, now):
    """How long ago an instant was; one that is still to come was just now."""
    return lag(max(0.0, (now - at).total_seconds())) if at else "–"


def many(number, enough=watchdog.ENOUGH):
    """A count that stopped at `enough`: "1,318", "10,000+"."""
    shown = formats.number_format(min(number, enough), use_l10n=True, force_grouping=True)
    return f"{shown}+" if number > enough else shown


def verdict(found):
    """One sentence for the whole desk, then what is wrong."""
    wrong = [
        Wrong(finding.name, finding.look, LOOKS[finding.look], *_said(finding.name, found))
        for finding in found.findings
    ]
    if wrong:
        return Verdict(wrong[0].look, wrong[0].sentence, wrong)
    words = {"ago": since(found.last_pass_at, found.now)}
    if not found.due:
        return Verdict(
            "good", _("The engine keeps its word: last pass %(ago)s ago, nothing is overdue.") % words, []
        )
    words |= {"number": many(found.due), "oldest": since(found.oldest_due_at, found.now)}
    return Verdict("good", _due_now(found.due) % words, [])


def _due_now(number):
    return ngettext(
        "The engine keeps its word: last pass %(ago)s ago; %(number)s timer is due now, since %(oldest)s.",
        "The engine keeps its word: last pass %(ago)s ago; %(number)s timers are due now, the oldest since"
        " %(oldest)s.",
        number,
    )


def _said(name, found):
    """(what is wrong, what to do)."""
    return {
        "engine_silent": _silent,
        "history_incomplete": _incomplete,
        "backlog_late": _behind,
        "backlog_behind": _behind,
        "set_aside": _set_aside,
        "tried_again": _tried_again,
        "notices_failed": _failed,
        "notices_late": _late,
        "notices_tried_again": _notices_tried_again,
    }[name](found)


def _silent(found):
    remedy = _(
        "Start a worker for the queue “engine” and the beat that wakes it; what is due meanwhile is kept, and"
        " caught up with."
    )
    if found.last_pass_at is None:
        return _("No engine has ever looked: no timer fires."), remedy
    ago = {"ago": since(found.last_pass_at, found.now)}
    return _("No engine has looked for %(ago)s: no timer fires.") % ago, remedy


def _incomplete(found):
    sentence = ngettext(
        "%(number)d writer of the history is missing: what is changed leaves no trace.",
        "%(number)d writers of the history are missing: what is changed leaves no trace.",
        len(found.writers_missing),
    ) % {"number": len(found.writers_missing)}
    return sentence, _(
        "Run “manage.py migrate”: it puts them back and records what changed. First missing: %(name)s."
    ) % {"name": found.writers_missing[0]}


def _behind(found):
    words = {"number": many(found.due), "oldest": since(found.oldest_due_at, found.now)}
    sentence = ngettext(
        "%(number)s timer is due and has not fired, since %(oldest)s.",
        "%(number)s timers are due and have not fired, the oldest since %(oldest)s.",
        found.due,
    )
    return sentence % words, _(
        "After a downtime this mends itself; watch the number fall. If it grows, start another engine."
    )


def _set_aside(found):
    sentence = ngettext(
        "%(number)s timer cannot run: what it was to do does not happen.",
        "%(number)s timers cannot run: what they were to do does not happen.",
        found.all_set_aside,
    )
    return sentence % {"number": many(found.all_set_aside)}, _(
        "Each says why below. Mend the cause, then let the engine try again."
    )


def _tried_again(found):
    words = {"number": many(found.tried_again), "oldest": since(found.tried_since, found.now)}
    sentence = ngettext(
        "%(number)s timer failed and is being tried again, due since %(oldest)s.",
        "%(number)s timers failed and are being tried again, the oldest due since %(oldest)s.",
        found.tried_again,
    )
    return sentence % words, _("Nothing to do yet: what fails too often is set aside and shown here.")


def _failed(found):
    number = sum(box.failed_lately for box in found.outbox)
    sentence = ngettext(
        "%(number)s notice of the last 7 days could not be delivered.",
        "%(number)s notices of the last 7 days could not be delivered.",
        number,
    )
    return sentence % {"number": many(number)}, _(
        "Look at the addresses and the mail server, tell the people otherwise, or send them again below."
    )


def _late(found):
    number = sum(box.late for box in found.outbox)
    words = {"number": many(number), "limit": lag(settings.NOTICE_LATE_AFTER.total_seconds())}
    sentence = ngettext(
        "%(number)s notice has waited for more than %(limit)s without being tried.",
        "%(number)s notices have waited for more than %(limit)s without being tried.",
        number,
    )
    return sentence % words, _("Start a worker for the queue “delivery”.")


def _notices_tried_again(found):
    number = sum(box.tried_again for box in found.outbox)
    sentence = ngettext(
        "%(number)s notice could not be delivered yet and is being tried again.",
        "%(number)s notices could not be delivered yet and are being tried again.",
        number,
    )
    return sentence % {"number": many(number)}, _("Look at the mail server, if it is more than a few.")


def tiles(found, repairs):
    """The figures at a glance: name, value, what belongs to it. `repairs`: of watchdog.repairs."""
    repaired, last_round = repairs
    now, looks = found.now, {finding.name: finding.look for finding in found.findings}
    last, hour, day = (found.lateness_of_last(minutes) for minutes in (5, 60, 1440))
    alive = sum(not engine.is_silent for engine in found.engines)
    waiting = sum(box.waiting for box in found.outbox)
    failed = sum(box.failed for box in found.outbox)
    return [
        Tile(
            _("Last pass"),
            _("%(time)s ago") % {"time": since(found.last_pass_at, now)}
            if found.last_pass_at
            else _("never"),
            (ngettext("%(number)d engine looks", "%(number)d engines look", alive) % {"number": alive},),
            looks.get("engine_silent", ""),
            "#engines",
        ),
        Tile(
            _("Due, not fired"),
            many(found.due),
            (
                _("oldest since %(time)s") % {"time": since(found.oldest_due_at, now)}
                if found.due
                else _("nothing is overdue"),
                _("next %(time)s") % {"time": display.moment(found.next_due_at, now, "day")}
                if found.next_due_at
                else _("nothing is to come"),
            ),
            looks.get("backlog_late") or looks.get("backlog_behind", ""),
        ),
        Tile(
            _("Lateness, 95 of 100"),
            lag(last.p95 if last.fired else hour.p95),
            (
                _("median %(median)s, last 5 minutes") % {"median": lag(last.median)}
                if last.fired
                else _("nothing fired in the last 5 minutes; this is the last hour")
                if hour.fired
                else _("nothing fired in the last hour"),
                _("hour %(hour)s · day %(day)s") % {"hour": lag(hour.p95), "day": lag(day.p95)},
            ),
            href="#lateness",
        ),
        Tile(
            _("Set aside"),
            many(found.all_set_aside),
            (
                ngettext("%(number)s is tried again", "%(number)s are tried again", found.tried_again)
                % {"number": many(found.tried_again)},
            ),
            looks.get("set_aside", ""),
            "#set-aside",
        ),
        Tile(
            _("Repaired"),
            many(repaired),
            (
                _("by the reconciler, last 24 hours"),
                _("last round %(time)s ago") % {"time": since(last_round, now)}
                if last_round
                else _("no round yet"),
            ),
        ),
        Tile(
            _("Notices waiting"),
            many(waiting),
            (
                _("oldest since %(time)s") % {"time": since(found.oldest_unfinished_at, now)}
                if waiting
                else _("all have left"),
                ngettext("%(number)s undeliverable", "%(number)s undeliverable", failed)
                % {"number": many(failed)},
            ),
            looks.get("notices_failed") or looks.get("notices_late", ""),
            "#outbox",
        ),
    ]


# What stands before the colon of an error on the way out, in words of this house.
MEANS = {
    "NoAddress": gettext_lazy("There is no email address to send it to any more."),
    "SMTPRecipientsRefused": gettext_lazy("The mail server refuses the address."),
    "SMTPAuthenticationError": gettext_lazy("The mail server does not know our user and password."),
    "ConnectionRefusedError": gettext_lazy("The mail server does not answer."),
    "TimeoutError": gettext_lazy("The other side did not answer in time."),
    "gaierror": gettext_lazy("The server’s name is not known."),
}
NAMED = re.compile(r"(?P<name>[\w.]+): ?(?P<rest>.*)", re.DOTALL)


def explain(error):
    """A sentence that a manager understands for what a timer or notice failed with."""
    if not error:
        return _("It failed without saying why.")
    parts = NAMED.fullmatch(error)
    if parts is None:
        return error  # a sentence already
    name = parts["name"].rpartition(".")[2]
    if name in MEANS:
        return str(MEANS[name])
    if name.startswith("SMTP"):
        return _("The mail server refused it.")
    return _("The program failed over it; whoever maintains it needs the words below.")


def kind_label(kind):
    """What a timer was to do, also where this version knows no such kind."""
    return TimerKind(kind).label if kind in TimerKind.values else kind
