"""Start paths by rule, as a set: which trigger starts which ladder, and what is said when nobody writes
it."""

from dataclasses import replace

from django.db.models import Max, Q, prefetch_related_objects
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import history
from cases.gist import gist
from cases.models import Message, Promise, Trigger, TriggerKind
from cases.prepared import Given, Prepared
from cases.sets import update_each
from cases.states import CaseStatus
from escalations import matching, plan, snapshot
from escalations.models import Escalation, EscalationPath, Rule

from . import again
from .ladder import Move, move

NOTHING_TRIED = "–"
# What the engine itself found at its instant; if it found it late, so does the ladder start late.
FOUND_BY_THE_ENGINE = {
    TriggerKind.TARGET_AT_RISK,
    TriggerKind.TARGET_BREACHED,
    TriggerKind.PROMISE_AT_RISK,
    TriggerKind.PROMISE_BROKEN,
}
WAITING = Prepared(
    lambda: Trigger.objects.waiting().filter(case__among=Given("cases")).order_by("occurred_at", "pk")
)


def consider(cases, *, asked_at, now):
    """Look at the rules for each of {id: locked case}: every trigger that waits gets its verdict, and
    ladders start.

    `asked_at`: {case id: when the look was due}; what should have happened since is caught up with.
    """
    waiting = WAITING.all(cases=cases)
    asked, in_force = {trigger.kind for trigger in waiting}, _rules()
    rules = [rule for rule in in_force if rule.trigger in asked]
    if rules:
        started = _answer(waiting, rules, cases, asked_at, now)
        again.notice(started, days=again.days_counted(in_force), now=now)
    for trigger in waiting:
        trigger.considered_at = now
        trigger.verdict = trigger.verdict or _("No rule matched.")
    update_each(waiting, ["considered_at", "verdict"])


def _rules():
    return history.remembered("rules", lambda: list(Rule.objects.in_order().select_related("path")))


def _answer(waiting, rules, cases, asked_at, now):
    """Start, for each waiting trigger, what the first rule that matches it says. Returns the Escalations."""
    prefetch_related_objects(waiting, "clock", "promise")
    prefetch_related_objects(list(cases.values()), "customer")
    matched = [(t, matching.first_match(rules, facts_of(cases[t.case_id], t))) for t in waiting]
    return _start(_judge(matched, cases, now), cases, asked_at, now)


def facts_of(case, trigger):
    """What rules may ask of `case` (its customer loaded) for `trigger`."""
    return matching.Facts(
        trigger=trigger.kind,
        metric=trigger.metric,
        category_id=case.category_id,
        service_id=case.service_id,
        priority=case.priority,
        tier=case.customer.tier,
        channel=case.channel,
        language=case.language,
        team_id=case.team_id,
        reopened=case.reopened_count,
        reassigned=case.reassigned_count,
        days_since=trigger.days_since,
    )


def _judge(matched, cases, now):
    """Write each trigger's verdict; return {(case id, path id): (trigger, rule)} of the ladders to start."""
    running, cooling = {}, {}
    recent = Escalation.objects.filter(case_id__in=cases).filter(
        Q(state=Escalation.State.RUNNING) | Q(cool_off_until__gt=now)
    )
    for e in recent:
        (running if e.state == Escalation.State.RUNNING else cooling)[e.case_id, e.path_id] = e
    starts, raised = {}, {}
    for trigger, rule in matched:
        case = cases[trigger.case_id]
        if rule is None:
            continue
        key = (case.pk, rule.path_id)
        words = {"rule": rule.name, "path": rule.path.name}
        if case.status == CaseStatus.CLOSED or _is_over(trigger):
            trigger.verdict = (
                _("Rule “%(rule)s” matched, but it was over before anybody had to be called.") % words
            )
        elif key in running or key in starts:
            if key in running:
                raised[running[key].pk] = running[key]
                running[key].severity += 1
            trigger.verdict = (
                _("Rule “%(rule)s” matched; “%(path)s” runs already, its severity was raised.") % words
            )
        elif key in cooling:
            trigger.verdict = (
                _("Rule “%(rule)s” matched; “%(path)s” holds off after its de-escalation.") % words
            )
        else:
            trigger.verdict = _("Rule “%(rule)s” started “%(path)s”.") % words
            starts[key] = (trigger, rule)
    update_each(raised.values(), ["severity"])
    return starts


def _is_over(trigger):
    """What `trigger` is about has ended before anybody looked at the rules."""
    if trigger.promise is not None:
        return trigger.promise.state not in (Promise.State.OPEN, Promise.State.BROKEN)
    return trigger.clock is not None and not trigger.clock.is_open


def _start(starts, cases, asked_at, now):
    if not starts:
        return []
    due = {key: _due(trigger, asked_at[key[0]]) for key, (trigger, _rule) in starts.items()}
    versions = EscalationPath.objects.filter(pk__in={path for _case, path in starts}).version_in_force(now)
    facts = snapshot.paths(v.pk for v in versions.values())
    roster = snapshot.roster(since=min(due.values()))
    about = snapshot.cases([cases[pk] for pk in {case for case, _path in starts}])
    said = last_words({case for case, _path in starts})
    # One ladder a case in each round: two paths that start at once are handed over one after the other.
    rounds = {}
    for (case_id, path_id), (trigger, rule) in starts.items():
        if path_id not in versions:
            trigger.verdict = _("Rule “%(rule)s” matched, but its path has no version in force.") % {
                "rule": rule.name
            }
            continue
        path, case = facts[versions[path_id].pk], cases[case_id]
        # The ladder begins below the rule's level, and its term there was over when it was due to start.
        below = rule.level_number - 1
        step = plan.next_step(path, below, about[case_id], roster, due_at=due[case_id, path_id], now=now)
        step = with_reasons(step)
        escalation = Escalation(
            case=case,
            customer_id=case.customer_id,
            path_id=path_id,
            version_id=path.version_id,
            rule=rule,
            trigger=trigger,
            started_at=now,
            level_number=step.level_number,
        )
        mv = Move(
            case=case,
            escalation=escalation,
            path=path,
            step=step,
            told_from=plan.told_from(trigger.occurred_at, now),
            **compose(case, trigger, path.level(step.level_number), said.get(case_id)),
        )
        rounds.setdefault(sum(case_id == m.case.pk for ms in rounds.values() for m in ms), []).append(mv)
    for moves in rounds.values():
        move(moves, roster, now=now)
    return [m.escalation for moves in rounds.values() for m in moves]


def _due(trigger, asked_at):
    """When a ladder for `trigger` was due to start: an event may be recorded long after it happened, and
    only from then on was there anything to do."""
    return trigger.occurred_at if trigger.kind in FOUND_BY_THE_ENGINE else asked_at


def with_reasons(step, *, was_held_up=False):
    """`step` with the reason in words of each level that it passes over because its time was over."""
    if all(p.why != plan.LATE for p in step.passed):
        return step
    said = _("its timer was held up %(how_long)s") if was_held_up else _("engine was down %(how_long)s")
    passed = (
        replace(p, detail=said % {"how_long": p.detail}) if p.why == plan.LATE else p for p in step.passed
    )
    return replace(step, passed=tuple(passed))


def compose(case, trigger, level, said):
    """The four texts of an automatic handoff, from the facts; the holder completes them on acknowledging."""
    subject = trigger.clock or trigger.promise or _since(trigger)
    reason = str(TriggerKind(trigger.kind).label) + (f": {subject}" if subject else "")
    background = _("%(customer)s: %(subject)s.") % {"customer": case.customer.name, "subject": case.subject}
    tried = NOTHING_TRIED
    if said:
        incoming, outgoing = said
        if incoming:
            background += " " + _("Last heard: “%(text)s”") % {"text": incoming.body[:300]}
        if outgoing:
            tried = _("Last told on %(when)s: “%(text)s”") % {
                "when": _when(outgoing.occurred_at),
                "text": gist(outgoing.body),
            }
    if tried == NOTHING_TRIED:
        tried = _("Nobody has written to the customer yet.")
    steps = (level.instructions if level else "") or _(
        "Acknowledge, tell the customer who holds the case now, and by when they will hear."
    )
    return {"reason": reason, "background": background, "tried": tried, "next_steps": steps}


def _since(trigger):
    """How long ago the one before was, of what happened again."""
    days = trigger.days_since
    if days is None:
        return ""
    return ngettext("within %(days)d day", "within %(days)d days", days) % {"days": days}


def last_words(case_ids):
    """{case id: (last incoming, last outgoing message or None)}."""
    newest = (
        Message.objects.filter(case_id__in=case_ids)
        .exclude(direction=Message.Direction.INTERNAL)
        .values("case_id", "direction")
        .annotate(newest=Max("pk"))
        .values_list("newest", flat=True)
    )
    found = {}
    for message in Message.objects.filter(pk__in=list(newest)):
        pair = found.setdefault(message.case_id, [None, None])
        pair[message.direction == Message.Direction.OUT] = message
    return found


def _when(at):
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT")
