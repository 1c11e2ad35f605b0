"""What becomes of cases: each story yields its moments, and leaves its case in the state it is named for.

Moments come from what is owed (the terms of the policy and of the ladder), so that a story stays true when
terms change.
"""

from datetime import timedelta

from cases.models import Party, TriggerKind
from cases.states import Metric, Priority
from escalations.models import Kind, OptionUse

from .life import HOUR, MINUTE

Outcome = OptionUse.Outcome
BILLING, NETWORK, DEFAULT = "Billing disputes", "Network outages", "Default"


def conversation(life, since, until):
    """Words go to and fro from `since` to `until` (seconds), always before the next update is due."""
    at = since
    while True:
        gap = life.update * life.between(0.6, 0.9)
        if at + gap >= until:
            return
        if life.dice.random() < 0.5:
            yield life.at(at + gap * life.between(0.3, 0.7))
            life.hear() if life.dice.random() < 0.6 else life.note()
        at += gap
        yield life.at(at)
        if life.dice.random() < 0.3:
            life.call(ago=min(gap * 0.3, 25 * MINUTE) if life.dice.random() < 0.4 else 0)
        else:
            life.reply()


def answered(life, lasting):
    """Opened so long ago, and answered well in time; returns when, in seconds."""
    at = life.response * life.between(0.2, 0.8)
    yield life.lasting(max(lasting, at * 1.1))
    life.open()
    yield life.at(at)
    life.answer()
    return at


# --- New ----------------------------------------------------------------------------------------------------


def fresh(life):
    yield life.lasting(life.response * life.between(0.05, 0.6))
    life.open()


unrouted = fresh


def response_due_in(life, minutes):
    yield life.lasting(max(life.response - minutes * MINUTE, 60))
    life.open()


def response_at_risk(life):
    yield life.lasting(life.response * life.between(0.78, 0.95))
    life.open()
    yield life.at(life.response * 0.6)
    life.take_up()


# --- Under way ----------------------------------------------------------------------------------------------


def in_conversation(life):
    lasting = life.term(Metric.RESOLUTION) * life.between(0.2, 0.7)
    at = yield from answered(life, lasting)
    yield from conversation(life, at, lasting)


def raised(life):
    lasting = life.term(Metric.RESOLUTION) * 0.3
    at = yield from answered(life, lasting)
    yield life.at(max(at, lasting * 0.95))
    life.prioritise(Priority.HIGH, "customer called twice, second bank fee")


def paused(life, code):
    for_so_long = life.update * life.between(0.5, 2)
    at = life.response * 0.5
    yield life.lasting(at + life.update * 0.4 + for_so_long)
    life.open()
    yield life.at(at)
    life.answer()
    yield life.at(at + life.update * 0.4)
    life.reply()
    life.pause(code, life.hours.add(life.end, life.update * life.between(0.2, 1.5)), life.pick("notes"))


def went_on(life, code):
    """The pause came to its expected end and nobody had to think of it."""
    at = life.response * 0.5
    yield life.lasting(at + life.update * 1.4)
    life.open()
    yield life.at(at)
    life.answer()
    yield life.at(at + life.update * 0.3)
    life.pause(code, life.at(at + life.update))


def customer_came_back(life):
    """The pause ended because the customer wrote."""
    at = life.response * 0.5
    yield life.lasting(at + life.update)
    life.open()
    yield life.at(at)
    life.answer()
    life.pause("waiting-for-customer", life.hours.add(life.end, life.update))
    yield life.at(at + life.update * 0.6)
    life.hear()


def update_at_risk(life):
    at = life.response * 0.4
    yield life.lasting(at + life.update * life.between(0.8, 0.95))
    life.open()
    yield life.at(at)
    life.answer()


def update_breached(life):
    at = life.response * 0.4
    yield life.lasting(at + life.update * life.between(1.05, 1.2))
    life.open()
    yield life.at(at)
    life.answer()


def resolution_at_risk(life):
    lasting = life.term(Metric.RESOLUTION) * life.between(0.8, 0.95)
    at = yield from answered(life, lasting)
    yield from conversation(life, at, lasting)


def resolution_breached(life):
    lasting = life.term(Metric.RESOLUTION) * 1.08
    at = yield from answered(life, lasting)
    yield from conversation(life, at, lasting)


# --- Promises -----------------------------------------------------------------------------------------------


def promise_soon(life, minutes=53):
    """A promise comes due, at whatever hour of whatever day."""
    at = yield from answered(life, life.response + life.update * 0.3)
    yield life.at(at + life.update * 0.1)
    life.promise(life.end + timedelta(minutes=minutes))


def promise_open(life):
    at = yield from answered(life, life.response + life.update * 0.4)
    yield life.at(at + life.update * 0.2)
    life.promise(life.hours.add(life.end, life.update * life.between(0.5, 2)))


def promise_kept(life):
    at = yield from answered(life, life.response + life.update)
    yield life.at(at + life.update * 0.2)
    promise = life.promise(life.at(at + life.update * 0.8))
    yield life.at(at + life.update * 0.6)
    life.keep(promise)


def promise_broken(life):
    at = yield from answered(life, life.response + life.update * 0.9)
    yield life.at(at + life.update * 0.2)
    life.promise(life.at(at + life.update * 0.8))


def promise_replaced(life):
    at = yield from answered(life, life.response + life.update)
    yield life.at(at + life.update * 0.2)
    promise = life.promise(life.at(at + life.update * 0.6))
    yield life.at(at + life.update * 0.62)
    life.accept()
    life.reply("new_date")
    life.promise(life.hours.add(life.end, life.update), replaces=promise)


def promise_withdrawn(life):
    at = yield from answered(life, life.response + life.update * 0.8)
    promise = life.promise(life.hours.add(life.end, life.update))
    yield life.at(at + life.update * 0.3)
    life.withdraw(promise)


# --- On the ladder, because nobody answered -----------------------------------------------------------------


def _climbed(life, path, level, part):
    """Seconds from the case's opening to when `part` of the term of `level` is used up."""
    terms = life.acknowledge(path)
    return life.response + sum(terms[: level - 1]) + part * terms[level - 1]


def waiting(life, path, level):
    yield life.lasting(_climbed(life, path, level, life.between(0.4, 0.85)))
    life.open()


def acknowledged(life, path, level):
    at = _climbed(life, path, level, life.between(0.2, 0.6))
    yield life.lasting(at + life.update * life.between(0.2, 0.5))
    life.open()
    yield life.at(at)
    life.accept()
    yield life.at(at + life.update * 0.1)
    life.answer()


def declined(life, path, level):
    """Declined: the next person of the level has it, or the next level."""
    at = _climbed(life, path, level, 0.3)
    yield life.lasting(at + life.acknowledge(path)[level - 1] * 0.4)
    life.open()
    yield life.at(at)
    life.decline()


def at_the_fallback(life, path, acknowledge):
    at = life.response + sum(life.acknowledge(path))
    yield life.lasting(at + 20 * MINUTE)
    life.open()
    if acknowledge:
        yield life.at(at + 10 * MINUTE)
        life.accept()
        life.answer()


# --- On the ladder, by hand or by what the customer said ----------------------------------------------------


def escalated(life, kind, acknowledge, words="handoff", **given):
    at = yield from answered(life, life.response + life.update * 0.5)
    yield life.at(at + life.update * 0.1)
    life.note()
    if kind == Kind.HIERARCHICAL:
        life.offer("Explanation in plain words", Outcome.DECLINED)
        life.offer("Goodwill credit", Outcome.DECLINED, amount=40, note="option_declined")
    yield life.at(at + life.update * 0.3)
    life.escalate(kind, words, **given)
    if acknowledge:
        yield life.at(at + life.update * 0.3 + 15 * MINUTE)
        life.accept()
        life.ask_back(answered=kind == Kind.FUNCTIONAL)


def said(life, kind, words, acknowledge):
    at = yield from answered(life, life.response + life.update * 0.5)
    yield life.at(at + life.update * 0.4)
    life.hear(words, asks_for=kind)
    if acknowledge:
        yield life.at(at + life.update * 0.4 + 12 * MINUTE)
        life.accept()
        life.call(ago=5 * MINUTE)


def asked_for_supervisor(life, acknowledge=False):
    yield from said(life, TriggerKind.ASKED_SUPERVISOR, "asks_supervisor", acknowledge)


def threatened(life, acknowledge=False):
    yield from said(life, TriggerKind.THREAT, "threat", acknowledge)


def sent_round(life):
    at = yield from answered(life, life.response + life.update * 0.8)
    for step, team in enumerate(("Network desk", "Billing disputes", "Customer care"), 1):
        yield life.at(at + life.update * 0.2 * step)
        life.move(team)


def stepped_down(life):
    at = yield from answered(life, life.response + life.update)
    yield life.at(at + life.update * 0.2)
    life.escalate(Kind.HIERARCHICAL)
    yield life.at(at + life.update * 0.25)
    life.accept()
    yield life.at(at + life.update * 0.5)
    life.reply()
    yield life.at(at + life.update * 0.7)
    life.step_down()


def platinum_urgent(life):
    """Goes straight to level 2 as it is opened, and is taken within minutes."""
    yield life.lasting(life.response * 0.8)
    life.open()
    yield life.at(life.response * 0.3)
    life.accept()
    life.answer()


def vulnerable(life):
    yield life.lasting(life.response * 0.5)
    life.open()
    yield life.at(life.response * 0.2)
    life.accept()
    life.call()


# --- Kept from some -----------------------------------------------------------------------------------------


def restricted(life):
    lasting = life.response + life.update * 0.7
    at = life.response * 0.3
    yield life.lasting(lasting)
    life.open(restricted_because="Contents of a management mailbox")
    life.name("elena", Party.Kind.ACCESS, "answers for the case")
    life.name("nora", Party.Kind.ACCESS, "data protection")
    yield life.at(at)
    life.answer()
    yield life.at(at + life.update * 0.5)
    life.note()


def subject_skipped(life):
    """The ladder's first level is the person complained about: it goes past her, with a record."""
    agent = life.one_of("Customer care")
    yield life.lasting(_climbed(life, DEFAULT, 1, 0.5))
    life.open(team=agent.memberships.first().team, owner=agent)
    life.name("elena", Party.Kind.SUBJECT, "the complaint is about her call")


def subject_kept_away(life):
    lasting = life.response + life.update * 0.5
    yield life.lasting(lasting)
    life.open()
    life.name("marcus", Party.Kind.SUBJECT, "the complaint is about his visit")
    yield life.at(life.response * 0.6)
    life.answer()


# --- Over, or so it seemed ----------------------------------------------------------------------------------


def resolved(life):
    lasting = life.term(Metric.RESOLUTION) * life.between(0.2, 0.7)
    at = yield from answered(life, lasting)
    over = max(lasting - 6 * HOUR, (at + lasting) / 2)
    yield from conversation(life, at, over)
    yield life.at(over)
    life.resolve()


def reopened(life, times=1):
    lasting = life.term(Metric.RESOLUTION) * 0.6
    at = yield from answered(life, lasting)
    for again in range(times):
        over = at + (lasting - at) * (0.6 + again) / (times + 0.2)
        yield life.at(over)
        life.resolve()
        yield life.at(over + (lasting - at) * 0.2 / times)
        life.reopen()


def _closed(life, at, over, after=0.0):
    yield from conversation(life, at, over)
    yield life.at(over)
    life.resolve()
    yield life.at(over + after)
    life.close()


def _days(life, low, high):
    """Some working days, in seconds of this case's calendar."""
    opens, closes = life.hours.open_periods(life.end, 3)[1]
    return (closes - opens).total_seconds() * life.between(low, high)


def closed(life):
    lasting = life.term(Metric.RESOLUTION) * life.between(0.1, 0.45)
    wait = _days(life, 0.3, 1.2)
    at = yield from answered(life, lasting + wait + _days(life, 0.1, 5))
    yield from _closed(life, at, max(lasting, at * 1.2), wait)


def closed_with_promise(life):
    lasting = life.response + life.update * 1.2
    at = yield from answered(life, lasting + _days(life, 0.3, 4))
    yield life.at(at + life.update * 0.1)
    promise = life.promise(life.at(at + life.update * 0.7))
    yield life.at(at + life.update * 0.5)
    life.keep(promise)
    yield from _closed(life, at + life.update * 0.5, lasting)


def closed_after_escalation(life, path, level):
    """Breached, climbed, taken, solved."""
    at = _climbed(life, path, level, 0.4)
    lasting = at + life.update * 0.9
    yield life.lasting(lasting + _days(life, 0.3, 4))
    life.open()
    yield life.at(at)
    life.accept()
    life.answer()
    yield from _closed(life, at, lasting, 2 * HOUR)


def closed_unreached(life):
    """Three calls that reached nobody, the wait for the customer, and the end."""
    at = yield from answered(life, life.response + _days(life, 3.5, 6))
    life.pause("waiting-for-customer", life.end + timedelta(days=7))
    for attempt in (1, 2, 3):
        yield life.at(at + _days(life, 0.8, 1) * attempt)
        life.call(was_reached=False)
    yield life.at(at + _days(life, 3.1, 3.3))
    life.resolve()
    life.close()
