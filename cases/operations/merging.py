"""Merge a duplicate into the case it duplicates, so that nothing that is owed goes missing.

The merged case is closed and points at the other. Its messages stay where they are; the other case's page
shows them among its own, under their number. What was owed on it goes on over there: promises with their own
dates and makers, asks that nothing decides yet, and of two terms for the same thing the one due sooner.
Whatever cannot be carried over speaks against merging, by name. Opening the merged case again undoes the
merge; what was carried over stays where it is, since the customer was told so.
"""

from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext as _

from cases import closing
from cases.errors import Blocked, Incomplete, WrongMove
from cases.hours import NoOpenHours
from cases.models import (
    Calendar,
    CaseLink,
    Clock,
    Decision,
    NoticeKind,
    Party,
    Promise,
    Timer,
    Trigger,
    TriggerKind,
)
from cases.sets import update_each
from cases.states import CaseStatus, ClockState, Metric, TimerKind, may_move

from . import clocks, notify, pausing, promising, statutes, timers, triggers
from .linking import connect
from .relating import changing_both

CARRIERS = []
# What a customer said; all else is about a case as such, and the other one had its own.
SAID = {
    TriggerKind.ASKED_SUPERVISOR,
    TriggerKind.ASKED_OTHER_AGENT,
    TriggerKind.THREAT,
    TriggerKind.SAFETY,
    TriggerKind.STATED_NEED,
}
# A case has one of each; the sooner of two counts.
ONE_OF_EACH = {Metric.FIRST_RESPONSE, Metric.NEXT_UPDATE, Metric.RESOLUTION}


def carries_over(step):
    """Register `f(source, target, *, by, now)`, called under both locks: it takes what is owed on one case
    to the other. What is left then and blocks closing, blocks merging."""
    CARRIERS.append(step)
    return step


def merge(*, case, into, reason, by, now, revision=None):
    """Merge `case` into `into`, a case of the same customer that is still open.

    Raises Incomplete without a reason; WrongMove where the two do not go together; Blocked with what cannot
    be carried over.
    """
    if not reason.strip():
        raise Incomplete(_("Say how you know that both are about the same."))
    with changing_both(case, into, by=by, reason=reason, now=now, revision=revision) as (source, target):
        _check(source, target)
        pausing.end_all(source, now=now)
        for step in CARRIERS:
            step(source, target, by=by, now=now)
        blockers = closing.blockers(source)
        if blockers:
            raise Blocked([blocker.words for blocker in blockers])
        source.status, source.closed_at = CaseStatus.CLOSED, now
        closing.end_with(source, by=by, now=now, outcome="closed")
        made = connect(source, target, CaseLink.Kind.MERGED, reason=reason, now=now)
        _tell(source, target, made, by, now)
    return made


def _check(source, target):
    words = {"number": source.number, "other": target.number}
    if source.customer_id != target.customer_id:
        raise WrongMove(
            _("%(other)s is another customer’s; link the two, so that neither reads the other’s words.")
            % words
        )
    if not may_move(source.status, CaseStatus.CLOSED):
        raise WrongMove(_("%(number)s is closed already; link it as a duplicate.") % words)
    if not target.is_live:
        raise WrongMove(_("%(other)s has ended; open it again first, or merge it into %(number)s.") % words)
    if CaseLink.objects.merges().filter(target=source).exists():
        raise WrongMove(_("Others were merged into %(number)s; merge %(other)s into it instead.") % words)
    if source.is_restricted or target.is_restricted:
        raise WrongMove(_("A restricted case is not merged: its words would reach others. Link the two."))
    if _subjects(source) != _subjects(target):
        raise WrongMove(_("Somebody is named in one of the complaints and not in the other. Link the two."))
    held = source.standing
    if held.holder_id or held.holder_team_id:
        raise WrongMove(
            _("%(number)s is escalated; de-escalate it first, or merge %(other)s into it.") % words
        )


def _subjects(case):
    named = case.parties.filter(kind=Party.Kind.SUBJECT)
    return set(named.values_list("person_id", flat=True))


def _tell(source, target, made, by, now):
    about, facts = f"link:{made.pk}", {"into": target.number}
    wanted = []
    holder = target.standing.holder or target.owner
    if holder is not None and holder.pk != by.pk:
        wanted.append(notify.Wanted(NoticeKind.CASE_MERGED, source, about, person=holder, facts=facts))
    if source.contact is not None:
        wanted.append(
            notify.Wanted(NoticeKind.CASE_MERGED, source, about, contact=source.contact, facts=facts)
        )
    notify.queue(wanted, now=now)


@carries_over
def promises(source, target, *, by, now):
    """A promise stands as it was given; the old row points at the new one. A broken one still owes a date."""
    going = {}
    for old in source.promises.owed().order_by("due_at", "pk"):
        going[old.pk] = new = Promise.objects.create(
            case=target,
            what=old.what,
            kind=old.kind,
            due_at=old.due_at,
            told_at=old.told_at,
            told_by_channel=old.told_by_channel,
            made_by_id=old.made_by_id,
            kept_by_id=old.kept_by_id,
            state=old.state,
            broken_at=old.broken_at,
            ended_at=old.ended_at,
        )
        if old.state == Promise.State.OPEN:
            old.state, old.ended_at = Promise.State.REPLACED, now
            to_warn = Timer.objects.pending().filter(kind=TimerKind.PROMISE_AT_RISK, subject_id=old.pk)
            is_warned = not to_warn.exists()
            timers.take_back({TimerKind.PROMISE_AT_RISK, TimerKind.PROMISE_BROKEN}, [old.pk])
            timers.set_up(promising.wanted_timers(new, is_warned=is_warned), now=now)
        old.replaced_by = new
        old.save(update_fields=["state", "ended_at", "replaced_by"])
    _ask_there(source, target, now=now, promises=going)


@carries_over
def words(source, target, *, by, now):
    """What the customer said that rules may answer, where nobody looked at them yet."""
    _ask_there(source, target, now=now)


def _ask_there(source, target, *, now, clocks=None, promises=None):
    """What the rules were not asked about yet is asked about on the other case: here it is over by then, and
    nobody would be called. `clocks` or `promises`: {id: what goes on for it}; without, what was said."""
    waiting = Trigger.objects.waiting().filter(case=source)
    if clocks is not None:
        waiting = waiting.filter(clock__in=clocks)
    elif promises is not None:
        waiting = waiting.filter(promise__in=promises)
    else:
        waiting = waiting.filter(kind__in=SAID)
    waiting = list(waiting.order_by("occurred_at", "pk"))
    triggers.record(
        [
            Trigger(
                case=target,
                kind=old.kind,
                metric=old.metric,
                clock=(clocks or {}).get(old.clock_id),
                promise=(promises or {}).get(old.promise_id),
                occurred_at=old.occurred_at,
            )
            for old in waiting
        ],
        now=now,
    )
    for old in waiting:
        old.considered_at = now
        old.verdict = _("The rules are asked about this on %(number)s.") % {"number": target.number}
    update_each(waiting, ["considered_at", "verdict"])


@carries_over
def asks(source, target, *, by, now):
    """What nothing decides yet is asked over there, behind what is asked there already."""
    last = target.asks.aggregate(last=Max("position"))["last"] or 0
    undecided = source.asks.filter(goes_on_as=None).exclude(
        Exists(Decision.objects.current().filter(ask=OuterRef("pk")))
    )
    for position, ask in enumerate(undecided.order_by("position"), last + 1):
        ask.case, ask.position = target, position
        ask.save(update_fields=["case", "position"])


@carries_over
def terms(source, target, *, by, now):
    """Of two terms for the same thing the one due sooner goes on; one that only the merged case had goes on
    as it is, a law's from its own start. Between teams the other case's own holds."""
    mine = [
        c
        for c in source.clocks.open().select_related("statute").order_by("pk")
        if c.breach_kind == TimerKind.CLOCK_BREACHED
    ]
    theirs = {
        _thing(c): c
        for c in target.clocks.open().select_related("statute")
        if c.metric in ONE_OF_EACH or c.rule
    }
    # What is over stays over: it goes on as a term that was missed.
    clocks.settle([*mine, *theirs.values()], now=now)
    hours = Calendar.objects.hours({c.calendar_id for c in (*mine, *theirs.values())}, held=True)
    pauses = clocks.pauses_by_case([source.pk, target.pk])

    def due(clock):
        if clock.rule:
            return 0, clock.due_at
        used = clocks.elapsed(clock, now, hours[clock.calendar_id], pauses.get(clock.case_id, ()))
        try:
            return used, hours[clock.calendar_id].due(now, max(clock.term_seconds - used, 0))
        except NoOpenHours:  # it cannot come any sooner
            return used, None

    fallen, going_on, going = [], [], {}
    for clock in mine:
        if clock.metric == Metric.OWNERSHIP:
            continue
        used, due_at = due(clock)
        other = theirs.get(_thing(clock))
        if other is not None:
            theirs_at = due(other)[1]
            if due_at is None or (theirs_at is not None and theirs_at <= due_at):
                continue
            fallen.append(other)
        going_on.append(_continued(clock, target, used, now))
        going[clock.pk] = going_on[-1]
    clocks.end([*mine, *fallen], at=now, now=now, state=ClockState.STOPPED)
    clocks.start(going_on, now=now)
    _ask_there(source, target, now=now, clocks=going)


def _thing(clock):
    """What a term is for: of a law's, which one."""
    return clock.metric, clock.statute.key if clock.rule else ""


def _continued(clock, case, used, now):
    if clock.rule:
        return statutes.again(clock, case)
    return Clock(
        case=case,
        metric=clock.metric,
        policy_version_id=clock.policy_version_id,
        calendar_id=clock.calendar_id,
        term_seconds=clock.term_seconds,
        at_risk_percent=clock.at_risk_percent,
        ends_on=clock.ends_on,
        label=clock.label,
        started_at=now,
        used_seconds=int(used),
        breached_at=clock.breached_at,
    )
