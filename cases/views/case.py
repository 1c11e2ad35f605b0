"""The case page: what is owed, what was said, what stands, and what its reader may do about it."""

from collections import Counter
from functools import cache

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import Count
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from cases import conversations, display, forms, roles
from cases.models import Calendar, Case, Message
from cases.prepared import Given, GivenReader, Prepared
from cases.states import CaseStatus, may_move
from cases.views import case_rows, message_rows
from cases.views.finding import find, may, reading

RECENT = 40
# Of the clocks that have ended, so many stand open beside those that run.
ENDED_AT_ONCE = 2
# Which messages each tab shows.
TABS = {
    "": None,
    "customer": (Message.Direction.IN, Message.Direction.OUT),
    "internal": (Message.Direction.INTERNAL,),
}


class CasePage(LoginRequiredMixin, View):
    def get(self, request, number):
        case = find(request.user, number)
        reading(request, case)
        return render(request, "cases/case.html", case_context(request, case))


def case_context(request, case, **given):
    """What cases/case.html shows of `case` to who asks. `given`: bound forms that were refused."""
    now = timezone.now()
    may_read = may(request.user, "case.read", case)
    may_work = may_read and may(request.user, "case.work", case)
    pauses = list(case.pauses.select_related("reason", "started_by").order_by("started_at", "pk"))
    clocks = list(
        case.clocks.select_related(
            "calendar", "policy_version__policy", "owed_by", "owed_by_team", "statute"
        ).order_by("-pk")[:60]
    )
    shown = case_rows.shown_clocks(clocks, pauses, now) if may_read else []
    at_once = sum(clock.is_open for clock in clocks) + ENDED_AT_ONCE
    standing = case.standing
    owed_hours = (
        Calendar.objects.hours([standing.clock.calendar_id])[standing.clock.calendar_id]
        if standing.clock
        else None
    )
    context = {
        "rail": True,
        "case": case,
        "now": now,
        "may_read": may_read,
        "may_work": may_work,
        "may_open_rest": not may_read and roles.may(request.user, "case.read_for_a_reason"),
        "may_log": may(request.user, "case.log", case) or may_work,
        "owed": case_rows.owed_next(standing, request.user, now, pauses, owed_hours),
        "clocks": shown[:at_once],
        "ended_clocks": shown[at_once:],
        "open_pauses": [pause for pause in pauses if pause.ended_at is None],
        "promises": promises_of(case, now),
        "next_statuses": [status for status in CaseStatus if may_move(case.status, status)],
        "others": _others(request.user.role).all(
            reader=request.user.pk, customer=case.customer_id, case=case.pk
        ),
        "here": _local(case.customer, now),
        **_conversation(request, case, may_read),
        **forms.composer(case, now),
    }
    return context | given


@cache
def _others(role):
    """What else is open for the customer of a case, the latest first."""
    theirs = Case.objects.live().filter(customer=Given("customer")).exclude(pk=Given("case"))
    return Prepared(lambda: theirs.findable(GivenReader(role)).order_by("-pk")[:5])


def promises_of(case, now):
    promises = case.promises.select_related("made_by", "kept_by").order_by("ended_at", "due_at", "pk")
    ordered = sorted(promises, key=lambda p: (p.state != p.State.OPEN, p.due_at))
    return [(promise, display.promise_pill(promise, now)) for promise in ordered]


def _local(customer, now):
    """The customer's own time of day, and how far it is from the reader's."""
    theirs, ours = display.local_time(now, customer.time_zone), display.clock_time(now)
    return {"time": theirs, "city": display.zone_city(customer.time_zone), "is_ours": theirs == ours}


def _conversation(request, case, may_read):
    """The messages of the chosen tab, the latest at the end, with how many each tab holds."""
    tab = request.GET.get("show", "") if request.GET.get("show", "") in TABS else ""
    if not may_read:
        tab = "customer"  # who may only find a case sees what was told, not what we said among us
    said = conversations.said_on(case, request.user)
    every = said.select_related("author", "contact", "case", "answer").order_by("-occurred_at", "-pk")
    tally = Counter(dict(said.values_list("direction").annotate(number=Count("pk")).order_by()))
    chosen = every.filter(direction__in=TABS[tab]) if TABS[tab] else every
    wanted = None if request.GET.get("all") else RECENT
    messages = message_rows.dressed(list(chosen[:wanted])[::-1])
    total = sum(tally[d] for d in TABS[tab]) if TABS[tab] else sum(tally.values())
    return {
        "tab": tab,
        "conversation": messages,
        "earlier": total - len(messages),
        "tabs": {
            key: sum(tally[d] for d in which) if which else sum(tally.values()) for key, which in TABS.items()
        },
    }
