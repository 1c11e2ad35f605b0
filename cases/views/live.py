"""What has changed in a queue since it was loaded: its rows as they are now, who took what is gone, how many
are new. Nothing here moves a row: the page decides where it shows them."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from cases import branches, roles
from cases.models import Case, Standing
from cases.states import LIVE
from cases.views import queue
from cases.views.queue import Asked, rows, shown_rows


class Live(LoginRequiredMixin, View):
    """`row`: the ids of the cases on the page, in its order; the rest of the query is the queue's own."""

    def get(self, request):
        if not roles.may(request.user, "case.find"):
            raise PermissionDenied
        now = timezone.now()
        sent = request.GET.getlist("row")[: queue.PAGE]
        known = [int(pk) for pk in sent if pk.isdecimal() and len(pk) < 19]
        asked = Asked.of(request.GET, request.user, now)
        selections = asked.selections()
        there = [found.filter(pk__in=known) for found in selections]
        still = set(branches.first(there, asked.order.columns, queue.PAGE))
        page, _before, _after = asked.page(selections)
        standings = rows([pk for pk in known if pk in still])
        context = {
            "asked": asked,
            "standings": standings,
            "rows": shown_rows(asked, standings, now),
            "gone": _gone([pk for pk in known if pk not in still], request.user),
            "new": _new([standing.case_id for standing in page], known),
            "now": now,
            "may_work": roles.may(request.user, "case.work"),
        }
        return render(request, "cases/live.html", context)


def _new(page, known):
    """How many rows stand now before the last of those known. What only moved up from the next page is not
    new, save where the page had room."""
    there = [index for index, pk in enumerate(page) if pk in known]
    end = len(page) if len(known) < queue.PAGE or not there else there[-1]
    return sum(pk not in known for pk in page[:end])


def _gone(ids, person):
    """[(case id, what became of it), …]; of one that is not theirs to know of any more, no more than that."""
    if not ids:
        return []
    findable = set(Case.objects.findable(person).filter(pk__in=ids).values_list("pk", flat=True))
    found = Standing.objects.select_related("holder", "holder_team", "owner", "team").in_bulk(ids)
    return [(pk, _became(found.get(pk)) if pk in findable else _("no longer here")) for pk in ids]


def _became(standing):
    if standing.status not in LIVE:
        return standing.get_status_display()
    holder = standing.holder or standing.holder_team or standing.owner or standing.team
    return _("with %(who)s now") % {"who": holder} if holder else _("no longer here")
