"""The dashboard as a file: every figure that is seen, one a line."""

import csv

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cases.spreadsheets import harmless
from cases.states import Metric
from reports import board, pressing
from reports.models import DailyCount
from reports.views.board_words import zone
from reports.views.dashboard import OfScope


class Sheet(OfScope):
    def get(self, request):
        _form, scope = self.asked(request)
        found = board.of(scope, with_items=False)
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        day = timezone.localtime(scope.now).strftime("%Y-%m-%d-%H%M")
        answer["Content-Disposition"] = f'attachment; filename="dashboard-{day}.csv"'
        answer.write("\ufeff")  # by which spreadsheets know that this is UTF-8
        writer = csv.writer(answer)
        writer.writerow([_("Part"), _("What"), _("Of"), pgettext("of a figure", "Value"), _("Unit")])
        for line in lines(found):
            writer.writerow([harmless(cell) for cell in line])
        return answer


def lines(found):
    """(part, what, of, value, unit) of a board.Board."""
    yield from _about(found)
    for kind, number in found.numbers.items():
        yield _("Now"), str(pressing.TITLES[kind]), "", pressing.glance(number), ""
    yield from _forecast(found.workload)
    yield from _trends(found.trends)


def _about(found):
    scope = found.scope
    yield _("About"), _("As of"), "", scope.now.isoformat(timespec="seconds"), ""
    yield _("About"), _("Team"), "", scope.team.name if scope.team else _("All teams"), ""
    yield _("About"), _("First day"), zone(), scope.first_day.isoformat(), ""
    yield _("About"), _("Last day"), zone(), scope.last_day.isoformat(), ""
    counted = found.trends.counted_at
    yield _("About"), _("Days counted"), "", counted.isoformat(timespec="seconds") if counted else "", ""


def _forecast(load):
    for holder in load.holders + load.unowned:
        part = _("Forecast") if holder.person_id else _("Forecast, unowned")
        one = holder.forecast
        yield part, _("Cases"), holder.name, one.cases, ""
        yield part, _("Late already"), holder.name, one.late_already, ""
        yield part, _("Will be late"), holder.name, len(one.late), ""
        first = one.late[0].owed.due_at.isoformat(timespec="seconds") if one.late else ""
        yield part, _("First of them due"), holder.name, first, ""
        yield part, _("Without estimate"), holder.name, one.unknown, ""
        yield part, _("Work owed today"), holder.name, round(one.work / 60), _("min")
        yield part, _("Working time left today"), holder.name, round(one.left / 60), _("min")
    for name, pace in load.paces.values():
        seconds = round(pace.seconds) if pace.seconds is not None else ""
        yield _("Estimate"), _("What one obligation takes"), name, seconds, _("s")
        yield _("Estimate"), _("Sample"), name, pace.sample, ""


def _trends(trend):
    for name, line in (
        (_("Received"), trend.received),
        (_("Resolved"), trend.resolved),
        (_("Reopened"), trend.reopened),
        (_("Acknowledged"), trend.acknowledged),
    ):
        yield _("Trend"), name, _("all days"), line.total, ""
        for day, number in zip(trend.days, line.numbers, strict=True):
            yield _("Trend"), name, day.isoformat(), number, ""
    for one in trend.in_time:
        name = Metric(one.metric).label
        yield _("Trend"), _("Ended in time"), name, one.met, ""
        yield _("Trend"), _("Ended late"), name, one.missed, ""
    for team, name, number, _before in trend.breaches:
        yield _("Trend"), _("Breached"), name if team != DailyCount.NO_TEAM else _("No team"), number, ""
    for level, number, _before in trend.levels:
        yield _("Trend"), _("Escalated"), str(level or _("Fallback holder")), number, ""
    for share, seconds in ((50, trend.p50), (95, trend.p95)):
        value = round(seconds) if seconds is not None else ""
        yield (
            _("Trend"),
            _("Time to acknowledge"),
            _("%(share)d of 100 within") % {"share": share},
            value,
            _("s"),
        )
