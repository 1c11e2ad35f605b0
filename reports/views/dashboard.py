"""The dashboard: what needs a decision now, what will be late, and how it has been going."""

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from cases.views.watchdog import Watching
from reports import board
from reports.scope import ASKED, PERIODS, Asked
from reports.views import board_words as words
from reports.views import charts

# Of people and teams with work, so many are shown; whoever is over their load comes first.
SHOWN = 25


class OfScope(Watching):
    """What is shown of the teams and the period in the address."""

    action = ASKED

    def asked(self, request):
        """(the form, the Scope it asks for)."""
        form = Asked(request.GET, person=request.user)
        return form, form.scope(timezone.now())


class Dashboard(OfScope):
    def get(self, request):
        form, scope = self.asked(request)
        found = board.of(scope)
        load, trend = found.workload, found.trends
        here = words.Addresses(scope)
        context = {
            "now": scope.now,
            "form": form,
            "scope": scope,
            "here": here,
            "periods": PERIODS,
            "tiles": words.tiles(found, here),
            "items": found.items,
            "holders": [words.row(holder, scope, load) for holder in load.holders[:SHOWN]],
            "more_holders": max(0, len(load.holders) - SHOWN),
            "unowned": [words.row(holder, scope, load) for holder in load.unowned[:SHOWN]],
            "basis": words.basis(load, scope),
            "trends": trend,
            "flow": charts.flow(trend, here),
            "in_time": charts.in_time(trend, here),
            "breaches": charts.breaches(trend, here),
            "levels": charts.levels(trend, here),
            "acknowledged": charts.acknowledged(trend, here),
            "reopened": charts.reopened(trend, here),
            "days": charts.days(trend, here),
            "zone": words.zone(),
            "address": reverse("dashboard") + here.query,
        }
        template = "reports/_dashboard.html" if request.htmx else "reports/dashboard.html"
        answer = render(request, template, context)
        patch_vary_headers(answer, ["HX-Request"])
        return answer
