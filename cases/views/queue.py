"""The queue: what is owed first, first; grouped by when; in pages found by their last row, never counted."""

from itertools import groupby

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django.views import View

from cases import queues, roles
from cases.filters import QueueFilter
from cases.models import Case, Standing
from cases.views.queue_rows import Row, group_of

PAGE = 50
TITLES = {
    "overdue": _("Overdue"),
    "hour": _("Within the hour"),
    "today": _("Later today"),
    "later": _("Tomorrow and after"),
    "still": _("Standing still"),
}
ORDER = list(TITLES)
SHOWN = (
    "case__customer",
    "whose",
    "whose_team",
    "owner",
    "team",
    "holder",
    "holder_team",
    "clock",
    "promise",
)


class Queue(LoginRequiredMixin, View):
    def get(self, request):
        if not roles.may(request.user, "case.find"):
            raise PermissionDenied
        now = timezone.now()
        view = queues.VIEWS.get(request.GET.get("view", ""), queues.VIEWS[""])
        jump = _only_case_numbered(request)
        if jump:
            return HttpResponseRedirect(jump)
        reader = queues.Reader.of(request.user, now)
        narrowed = QueueFilter(request.GET, queryset=_searched(view, reader, request))
        page, before, after = _page(narrowed.qs, request.GET)
        rows = [Row.of(standing, request.user, now) for standing in page]
        context = {
            "view": view,
            "now": now,
            "filter": narrowed,
            "groups": _grouped(rows, reader),
            "standings": page,
            "before": before,
            "after": after,
            "is_searched": bool(request.GET.get("q")),
            "is_narrowed": any(request.GET.get(name) for name in QueueFilter.base_filters),
            "may_open": roles.may(request.user, "case.open"),
        }
        return render(request, "cases/queue.html", context)


def _searched(view, reader, request):
    """A search looks at ended cases too; a view shows only what is live."""
    if not request.GET.get("q"):
        return queues.standings(view, reader)
    return Standing.objects.filter(case__in=Case.objects.findable(reader.person))


def _only_case_numbered(request):
    """The address of the case whose number was typed, where the searcher may know of it."""
    found = Case.objects.findable(request.user).numbered(request.GET.get("q", "")).first()
    return reverse("case", args=[found.number]) if found else None


def _grouped(rows, reader):
    """[(title, rows), …]: by when, keeping the order of what is owed within each."""
    placed = sorted(((ORDER.index(group_of(row, reader)), index) for index, row in enumerate(rows)))
    return [
        (ORDER[group], TITLES[ORDER[group]], [rows[index] for _group, index in members])
        for group, members in groupby(placed, key=lambda pair: pair[0])
    ]


def _page(found, query):
    """(standings, key of the page before, key of the page after). A key is "instant,case" of an edge row."""
    found = found.select_related(*SHOWN)
    edge, backwards = _edge(query.get("before")), True
    if edge is None:
        edge, backwards = _edge(query.get("after")), False
    if backwards:
        earlier = found.filter(_beyond(edge, "lt")).order_by("-sort_at", "-case_id")[: PAGE + 1]
        page = list(earlier)
        more = len(page) > PAGE
        page = page[:PAGE][::-1]
        return page, _key(page[0]) if more else None, _key(page[-1]) if page else None
    if edge:
        found = found.filter(_beyond(edge, "gt"))
    page = list(found.in_order()[: PAGE + 1])
    more = len(page) > PAGE
    page = page[:PAGE]
    return page, _key(page[0]) if edge and page else None, _key(page[-1]) if more else None


def _beyond(edge, side):
    at, case = edge
    return Q(**{f"sort_at__{side}": at}) | Q(sort_at=at, **{f"case_id__{side}": case})


def _key(standing):
    return f"{standing.sort_at.isoformat()},{standing.case_id}"


def _edge(text):
    """(instant, case id) of a key, or None for no key and for one that somebody made up."""
    at, _comma, case = (text or "").rpartition(",")
    try:
        instant = parse_datetime(at) if at else None
    except ValueError:
        return None
    return (instant, int(case)) if instant and timezone.is_aware(instant) and case.isdecimal() else None
