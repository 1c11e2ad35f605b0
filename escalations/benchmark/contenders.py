"""Three ways to fire what is due at `now`, with the same effects on the same tables and the same writers."""

from datetime import timedelta

from django.db import connection

from cases import engine, history
from cases.models import Case, Clock, Notice, Person, Standing, Timer
from cases.states import ClockState, Metric, TimerKind
from escalations.models import Handoff, Kind, Level

BATCH = 500


def by_engine(now):
    return engine.run_until_idle(now=now)


# --- A save() a row -----------------------------------------------------------------------------------------


def by_save(now):
    """The idiomatic way: each row read, changed and saved by itself, 500 fires a transaction."""
    total = 0
    while fired := _save_batch(now):
        total += fired
    return total


def _save_batch(now):
    with history.acting(by=history.ENGINE, reason="timer due", now=now, via="engine"):
        due = Timer.objects.due(now).order_by("wake_at").values_list("case_id", flat=True)[:BATCH]
        fired = 0
        for case_id in sorted(set(due)):
            case = Case.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=case_id).first()
            timer = Timer.objects.due(now).filter(case=case_id).order_by("due_at", "pk").first()
            if case is not None and timer is not None:
                _save_one(case, timer, now)
                fired += 1
        return fired


def _save_one(case, timer, now):
    timer.state, timer.fired_at = Timer.State.FIRED, now
    timer.save()
    clock = Clock.objects.get(pk=timer.subject_id)
    clock.state, clock.breached_at = ClockState.MISSED, timer.due_at
    clock.ended_at, clock.elapsed_seconds = timer.due_at, clock.term_seconds
    clock.save()
    waiting = Handoff.objects.filter(state=Handoff.State.WAITING)
    old = waiting.select_related("escalation", "to_person").get(acknowledge_clock=clock)
    old.state, old.answered_at = Handoff.State.RAN_OUT, now
    old.save()
    escalation = old.escalation
    level = Level.objects.get(version=escalation.version_id, number=old.level_number + 1)
    escalation.level_number, escalation.holder_id = level.number, level.person_id
    escalation.save()
    from_at = now if now - timer.due_at > timedelta(minutes=1) else timer.due_at
    due_at = from_at + timedelta(seconds=level.acknowledge_seconds)
    term = Clock.objects.create(
        case=case,
        metric=Metric.ACKNOWLEDGE,
        calendar_id=clock.calendar_id,
        term_seconds=level.acknowledge_seconds,
        started_at=from_at,
        due_at=due_at,
        late_after=due_at,
        at_risk_at=from_at + timedelta(seconds=level.acknowledge_seconds * 0.75),
        breach_kind=TimerKind.HANDOFF_UNACKNOWLEDGED,
        owed_by_id=level.person_id,
        label=level.name,
    )
    handoff = Handoff.objects.create(
        escalation=escalation,
        level_number=level.number,
        kind=Kind.AUTOMATIC,
        from_person_id=old.to_person_id,
        to_person_id=level.person_id,
        reason=f"Level {old.level_number}: not acknowledged in time by {old.to_person}.",
        background=old.background,
        tried=old.tried,
        next_steps=old.next_steps,
        is_automatic=True,
        made_at=now,
        acknowledge_clock=term,
    )
    Timer.objects.create(
        case=case,
        kind=timer.kind,
        subject_id=term.pk,
        occurrence=1,
        due_at=due_at,
        wake_at=due_at + timedelta(microseconds=1),
        armed_at=now,
    )
    person = Person.objects.get(pk=level.person_id)
    for channel, sent in ((Notice.Channel.IN_APP, now), (Notice.Channel.MAIL, None)):
        Notice.objects.create(
            case=case,
            kind="handoff",
            person=person,
            channel=channel,
            facts={"level": level.number, "reason": handoff.reason, "due_at": due_at.isoformat()},
            key=f"handoff:handoff:{handoff.pk}:p{person.pk}:{channel}",
            state=Notice.State.SENT if sent else Notice.State.QUEUED,
            sent_at=sent,
            next_attempt_at=None if sent else now,
            created_at=now,
        )
    standing = Standing.objects.get(pk=case.pk)
    standing.clock, standing.due_at, standing.sort_at = term, due_at, due_at
    standing.whose_id = standing.holder_id = level.person_id
    standing.at_risk_at = term.at_risk_at
    standing.save()


# --- One statement ------------------------------------------------------------------------------------------

SAFE_SQL = """
WITH due AS MATERIALIZED (
  SELECT case_id FROM cases_timer WHERE state = 'pending' AND wake_at <= %(now)s ORDER BY wake_at
      LIMIT %(batch)s
), locked AS MATERIALIZED (
  SELECT id FROM cases_case WHERE id IN (SELECT case_id FROM due) ORDER BY id FOR NO KEY UPDATE SKIP
      LOCKED
), earliest AS MATERIALIZED (
  SELECT DISTINCT ON (t.case_id) t.id FROM cases_timer t JOIN locked l ON l.id = t.case_id
  WHERE t.state = 'pending' AND t.wake_at <= %(now)s ORDER BY t.case_id, t.due_at, t.id
), fired AS (
  UPDATE cases_timer t SET state = 'fired', fired_at = %(now)s FROM earliest e
  WHERE t.id = e.id AND t.state = 'pending' RETURNING t.case_id, t.kind, t.subject_id, t.occurrence,
      t.due_at
), missed AS (
  UPDATE cases_clock c SET state = 'missed', breached_at = f.due_at, ended_at = f.due_at,
    elapsed_seconds = c.term_seconds
  FROM fired f WHERE c.id = f.subject_id AND c.revision = f.occurrence AND c.state = 'running'
  RETURNING c.id, c.case_id, c.calendar_id, f.kind, f.due_at
), ran_out AS (
  UPDATE escalations_handoff h SET state = 'ran_out', answered_at = %(now)s FROM missed m
  WHERE h.acknowledge_clock_id = m.id AND h.state = 'waiting'
  RETURNING h.escalation_id, h.level_number, h.to_person_id, h.background, h.tried, h.next_steps,
    h.told_customer, m.case_id, m.calendar_id, m.kind, m.due_at
), moved AS (
  UPDATE escalations_escalation e SET level_number = v.number, holder_id = v.person_id
  FROM ran_out r, escalations_level v
  WHERE e.id = r.escalation_id AND e.state = 'running'
    AND v.version_id = e.version_id AND v.number = r.level_number + 1
  RETURNING e.id, r.case_id, r.calendar_id, r.kind, r.level_number AS was, r.to_person_id AS
      from_id, r.background,
    r.tried, r.next_steps, r.told_customer, v.number, v.name, v.person_id, v.acknowledge_seconds,
    CASE WHEN %(now)s - r.due_at > interval '1 minute' THEN %(now)s ELSE r.due_at END AS told
), term AS (
  INSERT INTO cases_clock (id, case_id, metric, calendar_id, term_seconds, used_seconds,
      at_risk_percent, ends_on,
    label, state, started_at, due_at, late_after, at_risk_at, revision, breach_kind, owed_by_id)
  SELECT nextval(pg_get_serial_sequence('cases_clock', 'id')), m.case_id, 'acknowledge', m.calendar_id,
    m.acknowledge_seconds, 0, 75, 'resolved', m.name, 'running', m.told,
    m.told + m.acknowledge_seconds * interval '1 second', m.told + m.acknowledge_seconds * interval
        '1 second',
    m.told + m.acknowledge_seconds * interval '0.75 second', 1, m.kind, m.person_id
  FROM moved m ORDER BY m.case_id
  RETURNING id, case_id, due_at, at_risk_at, breach_kind, owed_by_id
), handed AS (
  INSERT INTO escalations_handoff (escalation_id, level_number, kind, mode, from_person_id,
      to_person_id, reason,
    background, tried, next_steps, told_customer, told_by, untold_because, is_automatic,
        made_at, state, decline_reason, acknowledge_clock_id)
  SELECT m.id, m.number, 'automatic', 'written', m.from_id, m.person_id,
    'Level ' || m.was || ': not acknowledged in time by ' || p.name || '.', m.background, m.tried,
        m.next_steps,
    m.told_customer, '', '', true, %(now)s, 'waiting', '', t.id
  FROM moved m JOIN term t ON t.case_id = m.case_id JOIN cases_person p ON p.id = m.from_id
  RETURNING id, level_number, to_person_id, reason, acknowledge_clock_id
), armed AS (
  INSERT INTO cases_timer (case_id, kind, subject_id, step, occurrence, due_at, wake_at, armed_at,
      state, attempts,
    last_error)
  SELECT case_id, breach_kind, id, 0, 1, due_at, due_at + interval '1 microsecond', %(now)s,
      'pending', 0, ''
  FROM term
), told AS (
  INSERT INTO cases_notice (case_id, kind, person_id, channel, facts, key, state, created_at,
      next_attempt_at,
    attempts, sent_at, last_error)
  SELECT t.case_id, 'handoff', h.to_person_id, c.channel,
    jsonb_build_object('path', '', 'level', h.level_number, 'reason', h.reason, 'due_at', t.due_at,
      'is_fallback', false),
    'handoff:handoff:' || h.id || ':p' || h.to_person_id || ':' || c.channel, c.state, %(now)s,
    CASE c.channel WHEN 'mail' THEN %(now)s END, 0, CASE c.channel WHEN 'app' THEN %(now)s END, ''
  FROM handed h JOIN term t ON t.id = h.acknowledge_clock_id
    CROSS JOIN (VALUES ('app', 'sent'), ('mail', 'queued')) AS c(channel, state)
), stands AS (
  UPDATE cases_standing s SET kind = 'clock', metric = 'acknowledge', clock_id = t.id, whose_id =
      t.owed_by_id,
    due_at = t.due_at, at_risk_at = t.at_risk_at, sort_at = t.due_at, is_breached = false, holder_id
        = t.owed_by_id
  FROM term t WHERE s.case_id = t.case_id
)
SELECT count(*) FROM fired
"""


def by_safe_sql(now):
    """What a careful person writes by hand: case first, of each case the earliest, all in one statement."""
    total = 0
    while True:
        with (
            history.acting(by=history.ENGINE, reason="timer due", now=now, via="engine"),
            connection.cursor() as cursor,
        ):
            cursor.execute(SAFE_SQL, {"now": now, "batch": BATCH})
            (fired,) = cursor.fetchone()
        if not fired:
            return total
        total += fired


CONTENDERS = {"engine": by_engine, "save": by_save, "safe_sql": by_safe_sql}
