"""The beat of an open case page: says that one is here; is told who else is, and whether the case changed."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from cases.models import Timer
from cases.operations import presence
from cases.views.finding import find
from cases.views.others import others_here


class Here(LoginRequiredMixin, View):
    """POST alone: a look at who is here comes with the page itself."""

    def post(self, request, number):
        case, now = find(request.user, number), timezone.now()
        if request.POST.get("gone"):
            presence.leave(case=case, by=request.user)
            return HttpResponse(status=204)
        presence.beat(case=case, by=request.user, doing=request.POST.get("doing", ""), now=now)
        seen = request.POST.get("revision", "")
        context = {
            "here": others_here(case, request.user, now),
            "case": case,
            "has_changed": seen.isdecimal() and int(seen) != case.revision,
        }
        answer = render(request, "cases/_presence_line.html", context)
        answer["X-Case-Mark"] = _mark(case)
        return answer


def _mark(case):
    """Another one whenever something was done on the case, or the engine did something with it: it always
    fires the earliest timer first."""
    standing = case.standing
    timer = (
        Timer.objects.pending()
        .filter(case=case)
        .order_by("due_at", "pk")
        .values_list("pk", flat=True)
        .first()
    )
    owed = (standing.kind, standing.clock_id, standing.promise_id, int(standing.is_breached))
    return "-".join(str(part or "") for part in (case.revision, timer, *owed, standing.holder_id))
