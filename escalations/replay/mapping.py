"""What a log calls things: a TOML file, checked as a whole before a line of the log is read. Pure."""

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from cases.models import Channel, SlaTarget
from cases.priorities import Weight
from cases.states import Metric, Priority

DEFAULT = Path(__file__).with_name("incident_log.toml")

COLUMNS = (
    "number",
    "at",
    "opened_at",
    "state",
    "priority",
    "impact",
    "urgency",
    "team",
    "owner",
    "customer",
    "channel",
    "category",
)
RECORDED = ("made_sla", "reopened", "reassigned")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

NEW, OPEN, RESOLVED, CLOSED, SAME = "new", "open", "resolved", "closed", "same"
WAITING = "waiting:"
ENDED = (RESOLVED, CLOSED)


class BadMapping(Exception):
    """The mapping cannot be used; the message says which entry and what would be accepted."""


@dataclass(frozen=True)
class LevelOf:
    name: str
    acknowledge_within: int  # seconds of working time


@dataclass(frozen=True)
class Mapping:
    """A mapping as read: the log's words as keys, ours as values. `digest` tells one mapping from another."""

    name: str
    digest: str
    encoding: str
    delimiter: str
    missing: frozenset
    zone: ZoneInfo
    date_format: str
    ordered_by: str
    slack: timedelta
    columns: dict
    recorded: dict
    states: dict
    waiting: dict  # reason: the metrics it stops
    priorities: dict
    weights: dict
    channels: dict
    calendar_zone: str
    weekly: dict  # weekday from 0: [(opens, closes)]
    holidays: tuple
    ends_on: str
    terms: dict  # priority: seconds of working time
    at_risk_percent: int
    levels: tuple


def load(path=DEFAULT):
    """Read and check the mapping at `path`. Raises BadMapping."""
    try:
        text = Path(path).read_bytes()
        raw = tomllib.loads(text.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadMapping(
            _("The mapping “%(path)s” cannot be read: %(why)s") % {"path": path, "why": error}
        ) from error
    try:
        return _mapping(raw, hashlib.sha256(text).hexdigest())
    except KeyError as error:
        raise BadMapping(_("The mapping has no entry %(key)s; add it.") % {"key": error}) from error
    except (TypeError, AttributeError, ValueError, ZoneInfoNotFoundError) as error:
        raise BadMapping(_("The mapping has a value of the wrong kind: %(why)s") % {"why": error}) from error


def _mapping(raw, digest):
    file, calendar, target = raw["file"], raw["calendar"], raw["target"]
    waiting = {str(reason): tuple(stops) for reason, stops in raw.get("waiting", {}).items()}
    for stops in waiting.values():
        _known("waiting", stops, Metric.values)
    states = raw["states"]
    _known(
        "states",
        states.values(),
        [NEW, OPEN, RESOLVED, CLOSED, SAME, *(WAITING + reason for reason in waiting)],
    )
    columns, recorded = dict(raw["columns"]), dict(raw.get("recorded", {}))
    _known("columns", columns, COLUMNS)
    _known("recorded", recorded, RECORDED)
    _known("ordered_by", [file["ordered_by"]], ("opened_at", "at"))
    _known("ends_on", [target["ends_on"]], SlaTarget.EndsOn.values)
    _known("channels", raw.get("channels", {}).values(), Channel.values)
    names = {priority.name.lower(): priority for priority in Priority}
    weights = {weight.name.lower(): weight for weight in Weight}
    _known("priorities", raw["priorities"].values(), names)
    _known("weights", raw.get("weights", {}).values(), weights)
    return Mapping(
        name=str(raw["name"]),
        digest=digest,
        encoding=file["encoding"],
        delimiter=file["delimiter"],
        missing=frozenset(file["missing"]),
        zone=ZoneInfo(file["zone"]),
        date_format=file["date_format"],
        ordered_by=file["ordered_by"],
        slack=timedelta(minutes=file["slack_minutes"]),
        columns={name: columns[name] for name in COLUMNS},
        recorded=recorded,
        states=dict(states),
        waiting=waiting,
        priorities={text: names[name] for text, name in raw["priorities"].items()},
        weights={text: weights[name] for text, name in raw.get("weights", {}).items()},
        channels=dict(raw.get("channels", {})),
        calendar_zone=ZoneInfo(calendar["zone"]).key,
        weekly={DAYS.index(day): _hours(hours) for day, hours in calendar.items() if day in DAYS},
        holidays=tuple(date.fromisoformat(str(day)) for day in calendar.get("holidays", ())),
        ends_on=target["ends_on"],
        terms={priority: int(target[name]) for name, priority in names.items()},
        at_risk_percent=int(target.get("at_risk_percent", 100)),
        levels=tuple(LevelOf(level["name"], int(level["acknowledge_within"])) for level in raw["levels"]),
    )


def _hours(periods):
    """[(opens, closes)] as times of day; 24:00 is the midnight at the day's end."""
    return [
        (time.fromisoformat(opens), time.fromisoformat("00:00" if closes == "24:00" else closes))
        for opens, closes in periods
    ]


def _known(entry, values, accepted):
    unknown = [str(value) for value in values if value not in accepted]
    if unknown:
        raise BadMapping(
            _("The mapping's %(entry)s says %(unknown)s; known are %(accepted)s.")
            % {"entry": entry, "unknown": ", ".join(unknown), "accepted": ", ".join(map(str, accepted))}
        )
