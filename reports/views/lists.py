"""The lists behind the dashboard's figures: as many rows as the figure says."""

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404
from django.shortcuts import render
from django.utils import formats
from django.utils.translation import gettext as _

from cases.models import Case
from cases.states import Metric
from escalations import snapshot
from reports import pressing, trends, workload
from reports.models import DailyCount, Happened
from reports.scope import day_of
from reports.sources import LONGEST_ID, SOURCES
from reports.views import board_words as words
from reports.views.dashboard import OfScope

PAGE = 50


class Pressing(OfScope):
    """What needs a decision now, of one kind: all of it, up to where counting stops."""

    def get(self, request, kind):
        if kind not in pressing.TITLES:
            raise Http404
        form, scope = self.asked(request)
        roster = snapshot.roster(since=scope.now)
        context = {
            "now": scope.now,
            "form": form,
            "scope": scope,
            "here": words.Addresses(scope),
            "kind": kind,
            "title": pressing.TITLES[kind],
            "note": pressing.NOTES[kind],
            "nothing": pressing.NOTHING[kind],
        }
        if kind == pressing.LOAD:
            load = workload.of(scope, roster)
            context |= {
                "holders": [words.row(holder, scope, load) for holder in load.over],
                "number": len(load.over),
                "basis": words.basis(load, scope),
            }
            return render(request, "reports/over.html", context)
        items = pressing.items(kind, scope)
        context["items"] = pressing.with_what_follows(items, scope.now, roster)
        context["number"] = pressing.glance(len(items))
        context["is_more"] = len(items) == pressing.MOST
        return render(request, "reports/pressing.html", context)


@dataclass(frozen=True)
class Row:
    case: Case
    at: datetime
    which: str


class Happening(OfScope):
    """What happened in the period, or on a day of it: the newest first, in pages."""

    def get(self, request, kind):
        if kind not in Happened.values:
            raise Http404
        form, scope = self.asked(request)
        query = request.GET
        detail, day = query.get("detail", ""), day_of(query.get("day", ""))
        team_key = _number(query.get("of", ""))
        source = SOURCES[Happened(kind)]
        found = trends.rows(kind, scope, detail=detail, day=day, team_key=team_key)
        before = query.get("before", "")
        found = source.older(found, before)
        case = source.case
        if case:
            found = found.select_related(f"{case}__customer", f"{case}__team", f"{case}__owner")
        else:
            found = found.select_related("customer", "team", "owner")
        rows = list(found[: PAGE + 1])
        context = {
            "now": scope.now,
            "form": form,
            "scope": scope,
            "here": words.Addresses(scope),
            "title": _title(kind, detail),
            "period": formats.date_format(day, "D j M Y") if day else "",
            "of": _team(team_key),
            "rows": [_row(row, source) for row in rows[:PAGE]],
            "next": source.key_of(rows[PAGE - 1]) if len(rows) > PAGE else None,
            "is_first": not before,
        }
        return render(request, "reports/happened.html", context)


def _row(row, source):
    case = row
    for name in source.case.split("__") if source.case else ():
        case = getattr(case, name)
    return Row(case, row.happened_at, _which(source.kind, row.which))


def _number(text):
    """A whole number somebody may have typed, or None."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID else None


def _title(kind, detail):
    label = {
        Happened.RECEIVED: _("Received"),
        Happened.RESOLVED: _("Resolved"),
        Happened.REOPENED: _("Reopened"),
        Happened.MET: _("Ended in time"),
        Happened.MISSED: _("Ended late"),
        Happened.BREACHED: _("Breached"),
        Happened.LEVEL: _("Escalated"),
        Happened.FALLBACK: _("With the fallback holder"),
        Happened.ACKNOWLEDGED: _("Acknowledged"),
    }[Happened(kind)]
    which = _which(Happened(kind), detail)
    return f"{label}: {which}" if which else label


def _which(kind, detail):
    if not detail:
        return ""
    if kind == Happened.LEVEL:
        return _("Level %(level)s") % {"level": detail}
    return Metric(detail).label if detail in Metric.values else ""


def _team(team_key):
    if team_key is None:
        return ""
    if team_key == DailyCount.NO_TEAM:
        return _("No team")
    from_names = snapshot.TEAMS.all()
    return next((name for pk, name, _calendar in from_names if pk == team_key), "")
