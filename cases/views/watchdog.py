"""The watchdog: for those who manage and those who audit, whether the engine keeps its word; for supervisors,
what of their own department cannot run."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRefresh

from cases import roles, watchdog
from cases.models import Case, Notice, Timer
from cases.operations import retrying
from cases.operations.retrying import Outcome
from cases.views import watchdog_words as words
from cases.views.talking import REFUSED
from cases.views.watchdog_chart import chart

SHOWN = 50
REASON_LENGTH = 200


@dataclass(frozen=True)
class Stuck:
    """A timer that cannot run, or a notice that failed, as its reader may see it."""

    row: Timer | Notice
    case: Case | None  # None where it is kept from the reader
    what: str
    to: str
    sentence: str
    error: str


@method_decorator(never_cache, name="dispatch")
class Watching(LoginRequiredMixin, View):
    """Deny by default: only who may `action`. A page that refreshes itself is sent to the door as a whole."""

    action = "engine.watch"

    def dispatch(self, request, *args, **kwargs):
        if not request.user.is_authenticated:
            return HttpResponseClientRefresh() if request.htmx else self.handle_no_permission()
        if not roles.may(request.user, self.action):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class Watchdog(Watching):
    def get(self, request):
        return show(request)


class Retrying(Watching):
    """Try again one of them, or all that the page showed; each gets its own answer."""

    action = "engine.mend"

    def get(self, request):
        """Somebody signed in again half-way, or reloaded: to the page."""
        return redirect("watchdog")

    def post(self, request):
        wanted = _ids(request.POST.getlist("one") or request.POST.getlist("all"))
        done = self.operate(request, wanted, timezone.now())
        again = sum(one.outcome != Outcome.STALE for one in done)
        if again and again == len(done):
            messages.success(request, self.said(again))
            return redirect("watchdog")
        results = [self.result(request.user, one) for one in done]
        return show(request, results=results, again=again, status=200 if again else REFUSED)


class RetryTimers(Retrying):
    def operate(self, request, wanted, now):
        reason = " ".join(request.POST.get("reason", "").split())[:REASON_LENGTH]
        return retrying.retry_all(timers=wanted, by=request.user, now=now, reason=reason)

    def said(self, number):
        return ngettext(
            "The engine tries %(number)d timer again.", "The engine tries %(number)d timers again.", number
        ) % {"number": number}

    def result(self, reader, done):
        shown = _stuck_timers([done.row] if done.row else [], reader)
        answers = {
            Outcome.AGAIN: _("It is tried again."),
            Outcome.TAKEN_OVER: _("Another look at the case’s rules is pending and does the same."),
            Outcome.STALE: _("Not set aside any more: somebody was quicker, or it has run."),
        }
        return done, shown[0] if shown else None, answers[done.outcome]


class SendAgain(Retrying):
    def operate(self, request, wanted, now):
        return retrying.send_all_again(notices=wanted, by=request.user, now=now)

    def said(self, number):
        return ngettext("%(number)d notice is sent again.", "%(number)d notices are sent again.", number) % {
            "number": number
        }

    def result(self, reader, done):
        shown = _stuck_notices([done.row] if done.row else [], reader)
        answers = {
            Outcome.AGAIN: _("It goes out again."),
            Outcome.STALE: _("It has not failed, or no longer: somebody was quicker."),
        }
        return done, shown[0] if shown else None, answers[done.outcome]


def show(request, *, results=(), again=0, status=200):
    """The whole page, or where the page asks to refresh itself, what may have changed."""
    now, cases = timezone.now(), _within_reach(request.user)
    found = watchdog.state(now, cases)
    stuck = watchdog.of_cases(Timer.objects.filter(state=Timer.State.SET_ASIDE), cases)
    stuck = stuck.select_related("case__customer")
    lost = watchdog.of_cases(Notice.objects.filter(state=Notice.State.FAILED), cases)
    lost = lost.select_related("case__customer", "person", "contact")
    context = {
        "now": now,
        "found": found,
        "verdict": words.verdict(found),
        "tiles": words.tiles(found, watchdog.repairs(now)),
        "chart": chart(found),
        "engines": [
            (engine, *_seat(engine.worker), words.since(engine.seen_at, now)) for engine in found.engines
        ],
        "stuck": _stuck_timers(stuck.order_by("pk")[:SHOWN], request.user),
        "stuck_in_all": words.many(found.all_set_aside),
        "boxes": [(box, words.since(box.oldest_at, now), words.many(box.waiting)) for box in found.outbox],
        "lost": _stuck_notices(lost.order_by("-pk")[:SHOWN], request.user),
        "lost_in_all": words.many(sum(box.failed for box in found.outbox)),
        "may_mend": roles.may(request.user, "engine.mend"),
        "of_department": cases is not None,
        "results": results,
        "again": again,
        "reason_length": REASON_LENGTH,
    }
    template = "cases/_watchdog.html" if request.htmx and not results else "cases/watchdog.html"
    answer = render(request, template, context, status=status)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _within_reach(reader):
    """The cases of whose timers and notices `reader` is told, or None for all: those that are kept from them
    are told of without number and names."""
    if roles.scope(reader, "engine.watch") == roles.Scope.ALL:
        return None
    return Case.objects.reachable(reader, "engine.watch")


def _ids(values):
    """The ids somebody sent; what is none is left out. A database's id has at most 18 digits."""
    return [int(value) for value in values if value.isdecimal() and len(value) <= 18][:SHOWN]


def _seat(worker):
    """("engine@host", "MainProcess / Thread-0") of a worker's name."""
    host, _slash, seat = worker.partition("/")
    return host, " / ".join(seat.split("/"))


def _stuck_timers(rows, reader):
    rows = list(rows)
    known = _known(rows, reader)
    return [_as_seen(row, reader, known, what=words.kind_label(row.kind), to="") for row in rows]


def _stuck_notices(rows, reader):
    rows = list(rows)
    known = _known(rows, reader)
    return [
        _as_seen(row, reader, known, what=row.get_kind_display(), to=str(row.person or row.contact))
        for row in rows
    ]


def _known(rows, reader):
    """Ids of those of their cases of which the reader may know."""
    return set(
        Case.objects.findable(reader)
        .filter(pk__in={row.case_id for row in rows})
        .values_list("pk", flat=True)
    )


def _as_seen(row, reader, known, *, what, to):
    """A case that is kept from the reader has neither number nor names; who maintains the program sees what
    it failed with all the same, unless the case is restricted."""
    seen = row.case_id is None or row.case_id in known
    technical = seen or (reader.role == roles.Role.ADMINISTRATOR and not row.case.is_restricted)
    sentence = words.explain(row.last_error)
    if not technical and sentence == row.last_error:
        sentence = _("It failed; why is for those who may see its case.")
    return Stuck(
        row,
        row.case if seen else None,
        what,
        to if seen else "",
        sentence,
        row.last_error if technical and sentence != row.last_error else "",
    )
