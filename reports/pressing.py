"""What needs a decision now: what each figure counts and the list that it opens, from one place."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases import branches, display, queues
from cases.models import Case, Promise, Standing, Timer
from cases.models.standing import IN_ORDER
from cases.states import CaseStatus
from cases.views.queue import SHOWN
from cases.views.queue_rows import Row
from escalations import outlook, words
from escalations.models import Handoff

SOON = timedelta(hours=2)
# A list shows as many as are counted one by one.
MOST = queues.ENOUGH + 1

LATE, COMING, HANDOFFS, PROMISES, TIMERS, LOAD = "late", "soon", "handoffs", "promises", "timers", "load"
TITLES = {
    LATE: gettext_lazy("Late now"),
    COMING: gettext_lazy("At risk in two hours"),
    HANDOFFS: gettext_lazy("Not acknowledged"),
    PROMISES: gettext_lazy("Promises broken"),
    TIMERS: gettext_lazy("Timers set aside"),
    LOAD: gettext_lazy("Over their load"),
}
NOTES = {
    LATE: gettext_lazy("cases whose next obligation is past due"),
    COMING: gettext_lazy("cases not late yet, due within two hours"),
    HANDOFFS: gettext_lazy("handoffs that nobody has taken or declined"),
    PROMISES: gettext_lazy("not kept, and no new date told"),
    TIMERS: gettext_lazy("steps that cannot run until mended"),
    LOAD: gettext_lazy("holders whose queue will not fit"),
}
NOTHING = {
    LATE: gettext_lazy("Nothing is late."),
    COMING: gettext_lazy("Nothing is due within two hours."),
    HANDOFFS: gettext_lazy("Every handoff was acknowledged or declined."),
    PROMISES: gettext_lazy("No promise is broken without a new date."),
    TIMERS: gettext_lazy("No timer is set aside."),
    LOAD: gettext_lazy("Nobody’s queue is forecast to run late."),
}
# Those that are about a case; a load is about a person.
OF_CASES = (LATE, COMING, HANDOFFS, PROMISES, TIMERS)


@dataclass(frozen=True)
class Item:
    """One thing that waits for a decision. `at`: since when, or by when; `then`: what follows by itself."""

    kind: str
    case: Case
    pill: display.Pill
    what: str
    note: str
    at: datetime
    then: words.Next | None = None


def number(kind, scope):
    """How many there are, up to MOST."""
    if kind in (LATE, COMING):
        return branches.at_most(_standings(kind, scope), IN_ORDER, MOST)
    return _rows(kind, scope).order_by()[:MOST].count()


def glance(number):
    """ "7", or "99+"."""
    return f"{queues.ENOUGH}+" if number > queues.ENOUGH else str(number)


def items(kind, scope, most=MOST):
    """The first of them, the most pressing first."""
    if kind in (LATE, COMING):
        ids = branches.first(_standings(kind, scope), IN_ORDER, most)
        found = Standing.objects.select_related(*SHOWN).in_bulk(ids)
        return [_of_standing(kind, found[pk], scope) for pk in ids if pk in found]
    return [_ITEM[kind](row, scope) for row in _rows(kind, scope)[:most]]


def with_what_follows(items, now, roster):
    """The same items, each with what happens if nobody acts. A fixed number of queries."""
    standings = {item.case.pk: item.case.standing for item in items if hasattr(item.case, "standing")}
    if not standings:
        return items
    found = outlook.of({item.case.pk: item.case for item in items}.values(), now=now, most=1, roster=roster)
    return [
        Item(
            **{
                **vars(item),
                "then": words.next_of(found[item.case.pk], standings[item.case.pk], roster, now)
                if item.case.pk in standings
                else None,
            }
        )
        for item in items
    ]


def _standings(kind, scope):
    """Selections of standings that owe something: see cases/branches.py."""
    if kind == LATE:
        when = Q(sort_at__lt=scope.now)
    else:
        when = Q(sort_at__gte=scope.now, sort_at__lte=scope.now + SOON)
    return owing(scope.reader, when & scope.of_teams("team"))


def owing(reader, condition):
    """Selections of the live standings the reader reaches that owe something by a time, `sort_at`."""
    found = Standing.objects.filter(condition, kind__in=(Standing.Kind.CLOCK, Standing.Kind.PROMISE))
    return queues.selections(queues.VIEWS["all"], reader, found)


def _rows(kind, scope):
    return {HANDOFFS: _handoffs, PROMISES: _promises, TIMERS: _timers}[kind](scope)


CASE = ("case__customer", "case__standing")


def _handoffs(scope):
    rows = Handoff.objects.filter(state=Handoff.State.WAITING)
    related = ("escalation__case__customer", "escalation__case__standing", "acknowledge_clock")
    due = F("acknowledge_clock__due_at").asc(nulls_last=True)
    return (
        scope.reached(rows, "escalation__case")
        .select_related(*related, "to_person", "to_team")
        .order_by(due, "pk")
    )


def _promises(scope):
    """Broken ones that no other replaces, and those past due of which the engine has not said so yet."""
    broken = Q(state=Promise.State.BROKEN, replaced_by=None)
    rows = Promise.objects.filter(broken | Q(state=Promise.State.OPEN, due_at__lt=scope.now))
    rows = rows.exclude(case__status=CaseStatus.CLOSED)
    return scope.reached(rows, "case").select_related(*CASE, "made_by", "kept_by").order_by("due_at", "pk")


def _timers(scope):
    return scope.reached(Timer.objects.set_aside(), "case").select_related(*CASE).order_by("pk")


def _of_standing(kind, standing, scope):
    row = Row.of(standing, scope.person, scope.now)
    standing.case.standing = standing
    return Item(kind, standing.case, row.pill, row.what, _joined(row.whose, row.by), standing.due_at)


def _of_handoff(handoff, scope):
    words = {"level": handoff.level_number, "who": handoff.to_person or handoff.to_team}
    clock = handoff.acknowledge_clock
    by = _("handed over %(time)s") % {"time": display.moment(handoff.made_at, scope.now, "short")}
    if clock is not None and clock.due_at is not None:
        by = _("by %(time)s") % {"time": display.moment(clock.due_at, scope.now, "short")}
    return Item(
        HANDOFFS,
        handoff.escalation.case,
        display.Pill(_("Not acknowledged"), "warn", "user-check"),
        _("Level %(level)d, %(who)s") % words,
        by,
        clock.due_at if clock is not None and clock.due_at is not None else handoff.made_at,
    )


def _of_promise(promise, scope):
    was = _("was due %(time)s") % {"time": display.moment(promise.due_at, scope.now, "short")}
    return Item(
        PROMISES,
        promise.case,
        display.promise_pill(promise, scope.now),
        promise.what,
        _joined(str(promise.kept_by or promise.made_by), was),
        promise.due_at,
    )


def _of_timer(timer, scope):
    tries = ngettext("%(number)d try", "%(number)d tries", timer.attempts) % {"number": timer.attempts}
    was = _("was due %(time)s") % {"time": display.moment(timer.due_at, scope.now, "short")}
    pill = display.Pill(_("Set aside"), "dashed", "slashed")
    return Item(TIMERS, timer.case, pill, timer.get_kind_display(), _joined(tries, was), timer.due_at)


_ITEM = {HANDOFFS: _of_handoff, PROMISES: _of_promise, TIMERS: _of_timer}


def _joined(*parts):
    return " · ".join(part for part in parts if part)
