"""What renewing does, for PostgreSQL in few statements: the plain case of it, which nearly every clock is.

The rules are those of `clocks.schedule`, `clocks._arm` and `standing`; what needs more of them than is here
is left to them. Instants come as seconds since 1970, exact to the microsecond: Django reads them many times
faster.
"""

import json
from datetime import UTC, datetime, timedelta

from django.db import connection

from cases.hours import HoursError
from cases.models import Calendar
from cases.states import ClockState, TimerKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

CLOCKS = """
SELECT id, case_id, metric, state, term_seconds, used_seconds, at_risk_percent,
    date_part('epoch', started_at), date_part('epoch', due_at), date_part('epoch', late_after),
    date_part('epoch', at_risk_at),
    breached_at IS NULL,
    late_after < %(changed_at)s AND breached_at IS NULL AND breach_kind = %(breached)s OR rule <> ''
FROM cases_clock
WHERE case_id = ANY(%(cases)s) AND calendar_id = %(calendar)s AND state IN ('running', 'paused')
"""
PAUSES = """
SELECT case_id, stops, date_part('epoch', started_at), date_part('epoch', ended_at)
FROM cases_pause WHERE case_id = ANY(%(cases)s)
"""
# What a clock's timers are, by what it says, is as in clocks._arm. One that is there already is moved, which
# spares the database the check that its case exists. The cases are named throughout for their indexes' sake.
WRITE = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(dues)s::timestamptz[], %(lates)s::timestamptz[],
        %(risks)s::timestamptz[]) AS g(id, due_at, late_after, at_risk_at)
), changed AS (
    UPDATE cases_clock c SET due_at = g.due_at, late_after = g.late_after, at_risk_at = g.at_risk_at,
        revision = c.revision + 1
    FROM given g WHERE c.id = g.id AND c.case_id = ANY(%(cases)s)
    RETURNING c.id, c.case_id, c.breach_kind, c.revision, c.due_at, c.late_after, c.at_risk_at,
        c.breached_at IS NULL AS breaches,
        c.breached_at IS NULL AND c.breach_kind = %(breached)s AND c.at_risk_at < c.due_at
            AND (c.warned_at IS NULL OR c.at_risk_at > c.warned_at) AS warns
), wanted AS (
    SELECT id, case_id, revision, breach_kind AS kind, late_after AS due_at,
        late_after + interval '1 microsecond' AS wake_at
    FROM changed WHERE breaches
    UNION ALL
    SELECT id, case_id, revision, %(at_risk)s, at_risk_at, at_risk_at FROM changed WHERE warns
), moved AS (
    UPDATE cases_timer t SET occurrence = w.revision, due_at = w.due_at, wake_at = w.wake_at,
        armed_at = %(changed_at)s, attempts = 0, last_error = ''
    FROM wanted w
    WHERE t.case_id = w.case_id AND t.state = 'pending' AND t.subject_id = w.id AND t.kind = w.kind
        AND t.case_id = ANY(%(cases)s)
    RETURNING t.subject_id, t.kind
), gone AS (
    DELETE FROM cases_timer t
    USING (
        SELECT id, case_id, breach_kind AS kind FROM changed WHERE NOT breaches
        UNION ALL
        SELECT id, case_id, %(at_risk)s FROM changed WHERE NOT warns
    ) u
    WHERE t.case_id = u.case_id AND t.state = 'pending' AND t.subject_id = u.id AND t.kind = u.kind
        AND t.case_id = ANY(%(cases)s)
)
INSERT INTO cases_timer (case_id, kind, subject_id, step, occurrence, due_at, wake_at, armed_at, state,
    attempts, last_error)
SELECT case_id, kind, id, 0, revision, due_at, wake_at, %(changed_at)s, 'pending', 0, ''
FROM wanted w
WHERE NOT EXISTS (SELECT FROM moved m WHERE m.subject_id = w.id AND m.kind = w.kind)
"""
# Where the same clock comes first as before, only its times change.
STAND = """
UPDATE cases_standing s SET due_at = n.due_at, sort_at = n.due_at, at_risk_at = n.at_risk_at
FROM (
    SELECT DISTINCT ON (case_id) id, case_id, due_at, at_risk_at, breached_at IS NOT NULL AS is_breached
    FROM cases_clock WHERE case_id = ANY(%(cases)s) AND state = 'running' ORDER BY case_id, due_at, id
) n
WHERE s.case_id = n.case_id AND s.case_id = ANY(%(cases)s) AND s.kind = 'clock' AND s.clock_id = n.id
    AND s.is_breached = n.is_breached
    AND NOT EXISTS (
        SELECT FROM cases_promise p WHERE p.case_id = n.case_id AND p.state = 'open' AND p.due_at < n.due_at
    )
RETURNING s.case_id
"""


def renew(case_ids, *, calendar_id, changed_at, now, tally):
    """Renew the clocks of these cases (locked) and count them in `tally`.

    Returns the ids of cases that are left as they were, and of those whose standing is left to be derived.
    """
    hours = Calendar.objects.hours([calendar_id], held=True)[calendar_id]
    given = {
        "cases": case_ids,
        "calendar": calendar_id,
        "changed_at": changed_at,
        "breached": TimerKind.CLOCK_BREACHED.value,
        "at_risk": TimerKind.CLOCK_AT_RISK.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLOCKS, given)
        rows = cursor.fetchall()
        cursor.execute(PAUSES, given)
        pauses = _by_case(cursor.fetchall())
        changed, left = _worked_out(rows, pauses, hours, tally, now)
        if not changed:
            return left, []
        touched = sorted({change[0] for change in changed})
        _cases, ids, *times = zip(*changed, strict=True)
        dues, lates, risks = (_instants(column) for column in times)
        cursor.execute(
            WRITE, given | {"cases": touched, "ids": list(ids), "dues": dues, "lates": lates, "risks": risks}
        )
        cursor.execute(STAND, {"cases": touched})
        stand = {pk for (pk,) in cursor.fetchall()}
    return left, [pk for pk in touched if pk not in stand]


def _by_case(rows):
    """{case id: [(the metrics that stand still, from, to or None)]}."""
    found = {}
    for case_id, stops, started_at, ended_at in rows:
        span = _instant(started_at), None if ended_at is None else _instant(ended_at)
        found.setdefault(case_id, []).append((json.loads(stops), *span))
    return found


def _worked_out(rows, pauses, hours, tally, now):
    """[(case id, clock id, due_at, late_after, at_risk_at)] of what changes, and the ids of the cases that
    are not this plain: a law's term, one that was over unnoticed, a pause that just ended, hours that do not
    suffice."""
    left = {row[1] for row in rows if row[-1]}
    at_now = (now - EPOCH).total_seconds()
    changed, counted = [], []
    for row in rows:
        pk, case_id, metric, state, term, used, percent, started, due, late, risk, unbreached, _apart = row
        if case_id in left:
            continue
        mine = [span for span in pauses[case_id] if metric in span[0]] if case_id in pauses else ()
        stands = any(span[2] is None for span in mine)
        if state == ClockState.PAUSED or stands:
            if state != ClockState.PAUSED or not stands:
                left.add(case_id)
            counted.append((case_id, 0, 0, 0))
            continue
        spans = [span[1:] for span in mine]
        started_at = _instant(started)
        open_term = max(term - used, 0)
        warned_term = max(term * percent / 100 - used, 0)
        try:
            due_at = hours.due(started_at, open_term, spans)
            late_after = hours.late_after(due_at, spans)
            at_risk_at = due_at if warned_term >= open_term else hours.due(started_at, warned_term, spans)
        except HoursError:
            left.add(case_id)
            continue
        was = _instant(due)
        if due_at != was or late_after != _instant(late) or risk is None or at_risk_at != _instant(risk):
            changed.append((case_id, pk, due_at, late_after, at_risk_at))
        late_by_it = unbreached and late >= at_now and late_after < now
        counted.append((case_id, due_at < was, due_at > was, late_by_it))
    for case_id, earlier, later, breached in counted:
        if case_id not in left:
            tally.clocks += 1
            tally.earlier += earlier
            tally.later += later
            tally.breached += breached
    return [change for change in changed if change[0] not in left], sorted(left)


def _instant(seconds):
    return EPOCH + timedelta(0, seconds)


def _instants(values):
    """As the literal of an array, which the driver would write four times slower."""
    return "{" + ",".join([value.isoformat() for value in values]) + "}"
