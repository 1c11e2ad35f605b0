"""One question, after whatever was done to the product: has it kept its word?

The tables are read by SQL of our own, without the product's code: what it believes is not asked.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import urlsplit

import psycopg
from django.db import connection
from psycopg.rows import dict_row

INSTANTS = ("_at", "_after", "_until")
LADDER = {"handoff_unacknowledged", "level_ran_out"}
# Their newest history row must be the row.
# When a case was last changed is what its history says by itself; whose an escalation is, its case's.
NOT_IN_HISTORY = {"cases_case": {"changed_at"}, "escalations_escalation": {"customer_id"}}
AUDITED = (
    "cases_case",
    "cases_clock",
    "cases_pause",
    "cases_promise",
    "cases_trigger",
    "escalations_escalation",
    "escalations_handoff",
    "escalations_passedover",
)


def rows_of(url):
    """A reader of the database at `url`: a function of an SQL text that gives rows with names."""
    if url.startswith("sqlite"):

        def read(sql):
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)) as opened:
                opened.row_factory = sqlite3.Row
                return [_named(dict(row)) for row in opened.execute(sql)]

    else:
        server = urlsplit(url).geturl()

        def read(sql):
            with psycopg.connect(server, row_factory=dict_row) as opened:
                return [_named(row) for row in opened.execute(sql)]

    return read


def here(sql):
    """A reader of the database that this test is connected to."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        return [_named(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _named(row):
    return SimpleNamespace(**{name: _value(name, value) for name, value in row.items()})


def _value(name, value):
    if not name.endswith(INSTANTS) or value is None:
        return value
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def kept_its_word(read, *, now, mails=None, set_aside=()):
    """Fails, with everything it found, unless all that was due at `now` happened: once, and in its order.

    `mails`: the Message-IDs that a mail server received; then all mail has left as well. `set_aside`:
    the clocks whose timer nobody can react to.
    """
    found = [*_findings(_Book(read), now, mails, set_aside)]
    assert not found, "\n".join(found[:40])


class _Book:
    """Every row that matters, and some of them by what they belong to."""

    def __init__(self, read):
        self.read = read
        self.timers = read("SELECT * FROM cases_timer ORDER BY id")
        self.clocks = read("SELECT * FROM cases_clock ORDER BY id")
        self.promises = read("SELECT * FROM cases_promise ORDER BY id")
        self.pauses = read("SELECT * FROM cases_pause ORDER BY id")
        self.triggers = read("SELECT * FROM cases_trigger ORDER BY id")
        self.escalations = read("SELECT * FROM escalations_escalation ORDER BY id")
        self.handoffs = read("SELECT * FROM escalations_handoff ORDER BY id")
        self.passed_over = read("SELECT * FROM escalations_passedover ORDER BY id")
        self.notices = read("SELECT * FROM cases_notice ORDER BY id")
        self.standings = {row.case_id: row for row in read("SELECT * FROM cases_standing")}
        self.customers = {row.id: row.customer_id for row in read("SELECT id, customer_id FROM cases_case")}
        self.emails = {row.id: row.email for row in read("SELECT id, email FROM cases_person")}
        self.rules = {row.id: row for row in read("SELECT id, level_number FROM escalations_rule")}
        pending = [t for t in self.timers if t.state == "pending"]
        self.pending = Counter((t.kind, t.subject_id, t.occurrence) for t in pending)
        self.armed = Counter((t.kind, t.subject_id) for t in pending)
        self.clock = {clock.id: clock for clock in self.clocks}
        self.keys = Counter(notice.key for notice in self.notices)


def _findings(book, now, mails, set_aside):
    yield from _timers(book, now, set_aside)
    yield from _clocks(book, now, set_aside)
    yield from _promises_and_pauses(book, now)
    yield from _triggers(book)
    yield from _ladders(book, now)
    yield from _notices(book, mails)
    yield from _history(book)


def _timers(book, now, set_aside):
    aside = [t for t in book.timers if t.state == "set_aside"]
    if {t.subject_id for t in aside} != set(set_aside):
        yield f"{len(aside)} timers were set aside: {aside[:3]}"
    for t in book.timers:
        if t.state == "pending" and t.wake_at <= now:
            yield f"left behind: {t}"
        # A breach is strictly after its instant; all others may be at theirs.
        strictly = t.kind in {"clock_breached", "promise_broken", *LADDER}
        if t.fired_at and (t.fired_at < t.due_at or (strictly and t.fired_at == t.due_at)):
            yield f"before its time: {t}"


def _clocks(book, now, set_aside):
    breaches = defaultdict(list)
    for trigger in book.triggers:
        if trigger.kind == "target_breached":
            breaches[trigger.clock_id].append(trigger.occurred_at)
    for clock in book.clocks:
        if clock.id in set_aside:
            continue
        rightly = book.pending[clock.breach_kind, clock.id, clock.revision]
        armed = book.armed[clock.breach_kind, clock.id]
        wanted = int(clock.state == "running" and clock.breached_at is None)
        if (rightly, armed) != (wanted, wanted):
            yield f"{armed} timers where {wanted} should be: {clock}"
        if wanted and clock.late_after < now:
            yield f"a breach was lost: {clock}"
        if clock.breach_kind == "clock_breached" and clock.used_seconds == 0:
            said = [clock.breached_at] if clock.breached_at else []
            if breaches[clock.id] != said:
                yield f"breached at {said}, told {breaches[clock.id]}: {clock}"
        if clock.breached_at and clock.breached_at > now:
            yield f"breached in the future: {clock}"


def _promises_and_pauses(book, now):
    broken = Counter(t.promise_id for t in book.triggers if t.kind == "promise_broken")
    for promise in book.promises:
        is_open = promise.state == "open"
        if book.pending["promise_broken", promise.id, 0] != is_open or (is_open and promise.due_at < now):
            yield f"nobody watches over it: {promise}"
        if promise.broken_at and promise.broken_at != promise.due_at:
            yield f"broken as of another instant: {promise}"
        if broken[promise.id] != (promise.broken_at is not None):
            yield f"told {broken[promise.id]} times: {promise}"
    for pause in book.pauses:
        is_open = pause.ended_at is None
        if book.pending["pause_ends", pause.id, 0] != is_open or (is_open and pause.expected_end_at <= now):
            yield f"nobody ends it: {pause}"
        if not is_open and pause.ended_at > pause.expected_end_at:
            yield f"ended too late: {pause}"


def _triggers(book):
    yield from (f"nobody looked at {t}" for t in book.triggers if t.considered_at is None)


def _ladders(book, now):
    steps, passed = defaultdict(list), defaultdict(set)
    for handoff in book.handoffs:
        steps[handoff.escalation_id].append(handoff)
    for row in book.passed_over:
        passed[row.escalation_id].add(row.level_number)
    for escalation in book.escalations:
        if escalation.customer_id != book.customers[escalation.case_id]:
            yield f"it is somebody else's: {escalation}"
        ladder = steps[escalation.id]
        first = book.rules[escalation.rule_id].level_number if escalation.rule_id else ladder[0].level_number
        yield from _climbed(escalation, ladder, passed[escalation.id], first)
        yield from _handed_over(book, escalation, ladder, now)


def _climbed(escalation, ladder, passed, first):
    """Each level once and in order; one that was left out is on record."""
    expected = first
    for position, handoff in enumerate(ladder):
        is_last = position == len(ladder) - 1
        at_fallback = is_last and escalation.is_at_fallback
        missing = set(range(expected, handoff.level_number + at_fallback)) - passed
        if missing or (handoff.level_number < expected and not at_fallback):
            levels = [h.level_number for h in ladder]
            yield f"wrong levels {levels}, passed over {passed}: {escalation}"
            return
        expected = handoff.level_number + 1


def _handed_over(book, escalation, ladder, now):
    *before, last = ladder
    for handoff in before:
        if handoff.state == "waiting":
            yield f"two wait at once: {handoff}"
    for handoff, following in zip(ladder, ladder[1:], strict=False):
        clock = book.clock.get(handoff.acknowledge_clock_id)
        if handoff.state == "ran_out" and not (
            clock and clock.state == "missed" and clock.late_after <= clock.breached_at <= following.made_at
        ):
            yield f"ran out without its term being over: {handoff}, {clock}"
    if escalation.state != "running":
        return
    holder = (escalation.holder_id, escalation.holder_team_id)
    if last.state == "waiting":
        if (last.level_number, last.to_person_id, last.to_team_id) != (escalation.level_number, *holder):
            yield f"its holder is not whom it was handed to: {escalation}, {last}"
        if (last.acknowledge_clock_id is None) != bool(escalation.is_at_fallback):
            yield f"its holder has no term: {last}"
    standing = book.standings[escalation.case_id]
    if (standing.holder_id, standing.holder_team_id) != holder:
        yield f"the queue says otherwise: {standing}, {escalation}"


def _notices(book, mails):
    yield from (f"twice: {key}" for key, times in book.keys.items() if times > 1)
    for handoff in book.handoffs:
        if handoff.to_person_id:
            yield from _told(book, f"handoff:handoff:{handoff.id}", handoff.to_person_id)
        elif not any(key.startswith(f"handoff:handoff:{handoff.id}:") for key in book.keys):
            yield f"no one of the team was told: {handoff}"
    for clock in book.clocks:
        if clock.breach_kind == "clock_breached" and clock.breached_at:
            told = Counter(
                (n.person_id, n.channel)
                for n in book.notices
                if n.kind == "target_breached" and n.key.startswith(f"target_breached:clock:{clock.id}:")
            )
            if not told or set(told.values()) != {1}:
                yield f"its breach was told {dict(told)}: {clock}"
    for notice in book.notices:
        if notice.state == "failed" or notice.attempts < 0:
            yield f"not delivered: {notice}"
    if mails is not None:
        yield from _delivered(book, mails)


def _told(book, fact, person):
    wanted = [f"{fact}:p{person}:app"] + ([f"{fact}:p{person}:mail"] if book.emails[person] else [])
    yield from (f"never told: {key}" for key in wanted if book.keys[key] != 1)


def _delivered(book, mails):
    received = {int(mail.partition("-")[2].partition("@")[0]) for mail in mails}
    by_mail = {notice.id: notice for notice in book.notices if notice.channel == "mail"}
    yield from (f"a mail about nothing: {pk}" for pk in received - set(by_mail))
    for pk, notice in by_mail.items():
        if notice.state != "sent":
            yield f"never sent: {notice}"
        if pk not in received:
            yield f"never received: {notice}"


def _history(book):
    """Every live row equals its newest history row, and was made once."""
    for table in AUDITED:
        app, _, model = table.partition("_")
        newest, made, apart = {}, Counter(), NOT_IN_HISTORY.get(table, ())
        for row in book.read(f"SELECT * FROM {app}_historical{model} ORDER BY history_id"):
            newest[row.id] = row
            made[row.id] += row.history_type == "+"
        for row in book.read(f"SELECT * FROM {table}"):
            kept = newest.get(row.id)
            differs = kept is None or any(
                _plain(getattr(kept, k)) != _plain(v) for k, v in vars(row).items() if k not in apart
            )
            if differs or made[row.id] != 1:
                yield f"its history says otherwise: {table} {row}"


def _plain(value):
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value
