"""Open clocks that follow a changed calendar, beside one hand-written statement: bench_rearm.py [--json]

    DATABASE_URL=postgresql:///desk python tests/benchmarks/bench_rearm.py --cases 25000

Builds cases in a scratch database on the configured PostgreSQL server, two open clocks each (a tenth of the
cases paused for a while before), Monday to Friday 09:00-17:00 in Madrid. In each round one more day to come
is closed and every clock that is due after it moves. Ours: the slices a worker does, their progress and their
locks included. The yardstick: one statement over a table of cumulative open time that locks the same cases,
writes the same columns of the same clocks, replaces the same timers and sets the same next obligations, with
the same triggers writing the same history. They take turns in who goes first; after each run the due times of
all clocks are compared with what the yardstick's arithmetic says. Medians of the rounds.
"""

import argparse
import json
import os
import random
import statistics
import sys
import uuid
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter, process_time
from urllib.parse import urlsplit

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

ROUNDS = 3
BEGINNING = datetime(2036, 3, 3, 8, tzinfo=UTC)  # a Monday, 09:00 in Madrid
NOW = BEGINNING + timedelta(days=9, hours=3)
CHUNK = 5000

# One interval of open time a row, in order, with the open seconds up to its end.
INTERVALS = """
CREATE UNLOGGED TABLE bench_open (
    opens timestamptz, closes timestamptz, before double precision, after double precision)
"""
KEYS = "; ".join(f"CREATE INDEX ON bench_open ({column})" for column in ("opens", "closes", "after"))

COUNTED = """
    SELECT c.id, c.case_id, c.breach_kind, c.metric, c.revision, c.warned_at, c.breached_at,
        c.due_at AS old_due, c.late_after AS old_late, c.at_risk_at AS old_risk,
        c.owed_by_id, c.owed_by_team_id, due.at AS due_at, late.at AS late_after,
        least(risk.at, due.at) AS at_risk_at
    FROM cases_clock c
    CROSS JOIN LATERAL (
        SELECT o.after - greatest(extract(epoch FROM o.closes - c.started_at), 0) AS at FROM bench_open o
        WHERE o.opens <= c.started_at ORDER BY o.opens DESC LIMIT 1) begun
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(spent.at), 0) AS at FROM cases_pause p
        JOIN cases_pausereason r ON r.id = p.reason_id AND r.stops ? c.metric
        CROSS JOIN LATERAL (
            SELECT (SELECT o.after - greatest(extract(epoch FROM o.closes - p.ended_at), 0)
                    FROM bench_open o WHERE o.opens <= p.ended_at ORDER BY o.opens DESC LIMIT 1)
                 - (SELECT o.after - greatest(extract(epoch FROM o.closes - p.started_at), 0)
                    FROM bench_open o WHERE o.opens <= p.started_at ORDER BY o.opens DESC LIMIT 1) AS at
            ) spent
        WHERE p.case_id = c.case_id) paused
    CROSS JOIN LATERAL (
        SELECT o.closes - make_interval(secs => o.after - goal.at) AS at
        FROM (SELECT begun.at + paused.at + c.term_seconds - c.used_seconds AS at) goal
        JOIN bench_open o ON o.after >= goal.at ORDER BY o.after LIMIT 1) due
    CROSS JOIN LATERAL (
        SELECT greatest(o.opens, due.at) AS at FROM bench_open o
        WHERE o.closes > due.at ORDER BY o.closes LIMIT 1) late
    CROSS JOIN LATERAL (
        SELECT o.closes - make_interval(secs => o.after - goal.at) AS at
        FROM (SELECT begun.at + paused.at
                   + c.term_seconds * c.at_risk_percent / 100.0 - c.used_seconds AS at) goal
        JOIN bench_open o ON o.after >= goal.at ORDER BY o.after LIMIT 1) risk
    WHERE c.calendar_id = %(calendar)s AND c.state = 'running'
"""
YARDSTICK = f"""
WITH locked AS MATERIALIZED (
    SELECT id FROM cases_case
    WHERE id IN (SELECT case_id FROM cases_clock WHERE calendar_id = %(calendar)s AND state = 'running')
    ORDER BY id FOR NO KEY UPDATE
), counted AS MATERIALIZED ({COUNTED} AND c.case_id IN (SELECT id FROM locked)
), changed AS (
    UPDATE cases_clock c SET due_at = n.due_at, late_after = n.late_after, at_risk_at = n.at_risk_at,
        revision = c.revision + 1
    FROM counted n WHERE n.id = c.id
        AND (n.due_at, n.late_after, n.at_risk_at) IS DISTINCT FROM (n.old_due, n.old_late, n.old_risk)
    RETURNING c.*
), gone AS (
    DELETE FROM cases_timer t USING changed c
    WHERE t.subject_id = c.id AND t.kind IN (c.breach_kind, 'clock_at_risk') AND t.state = 'pending'
), armed AS (
    INSERT INTO cases_timer (case_id, kind, subject_id, step, occurrence, due_at, wake_at, armed_at, state,
        attempts, last_error)
    SELECT case_id, breach_kind, id, 0, revision, late_after, late_after + interval '1 microsecond', %(now)s,
        'pending', 0, '' FROM changed WHERE breached_at IS NULL
    UNION ALL
    SELECT case_id, 'clock_at_risk', id, 0, revision, at_risk_at, at_risk_at, %(now)s, 'pending', 0, ''
    FROM changed WHERE breached_at IS NULL AND at_risk_at < due_at
        AND (warned_at IS NULL OR at_risk_at > warned_at)
)
UPDATE cases_standing s SET due_at = n.due_at, sort_at = n.due_at, at_risk_at = n.at_risk_at, clock_id = n.id,
    metric = n.metric, is_breached = n.breached_at IS NOT NULL
FROM (SELECT DISTINCT ON (case_id) * FROM counted ORDER BY case_id, due_at, id) n
WHERE s.case_id = n.case_id AND (s.due_at, s.clock_id) IS DISTINCT FROM (n.due_at, n.id)
"""
DIFFERENT = f"""
SELECT count(*) FROM ({COUNTED}) n
WHERE (n.due_at, n.late_after, n.at_risk_at) IS DISTINCT FROM (n.old_due, n.old_late, n.old_risk)
"""
WRONG_TIMERS = """
SELECT count(*) FROM cases_clock c WHERE c.state = 'running' AND (
    SELECT count(*) FROM cases_timer t
    WHERE t.case_id = c.case_id AND t.subject_id = c.id AND t.kind = c.breach_kind
    AND t.state = 'pending' AND t.due_at = c.late_after AND t.occurrence = c.revision) <> 1
"""
WRONG_STANDINGS = """
SELECT count(*) FROM cases_standing s WHERE s.due_at IS DISTINCT FROM (
    SELECT min(c.due_at) FROM cases_clock c WHERE c.case_id = s.case_id AND c.state = 'running')
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=25_000, help="with two open clocks each")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--profile", help="write a profile of our runs to this file")
    asked = parser.parse_args()
    url = urlsplit(os.environ.get("DATABASE_URL", "postgresql:///postgres"))
    name = f"desk_bench_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(f"{url.scheme}://{url.netloc}/postgres", autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            os.environ["DATABASE_URL"] = f"{url.scheme}://{url.netloc}/{name}"
            figures = measure(asked)
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    print(json.dumps(figures, indent=2) if asked.json else "\n".join(f"{k}: {v}" for k, v in figures.items()))


def measure(asked):
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    world = World(asked.cases)
    world.build()
    rates, cpu, wrong = {"ours": [], "sql": []}, [], 0
    profile = None
    if asked.profile:
        import cProfile

        profile = cProfile.Profile()
    for number in range(ROUNDS):
        for contender in ("ours", "sql") if number % 2 else ("sql", "ours"):
            world.close_a_day()
            world.settle()
            moving = world.count(DIFFERENT)
            begun, worked = perf_counter(), process_time()
            if contender == "ours" and profile:
                profile.runcall(world.ours)
            else:
                getattr(world, contender)()
            took = perf_counter() - begun
            if contender == "ours":
                cpu.append((process_time() - worked) / moving * 1e6)
            rates[contender].append(moving / took)
            wrong += sum(world.count(check) for check in (DIFFERENT, WRONG_TIMERS, WRONG_STANDINGS))
            if not asked.json:
                print(f"round {number + 1} {contender:5} {moving} clocks {moving / took:10.0f}/s", flush=True)
    if profile:
        profile.dump_stats(asked.profile)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    return {
        "cases": asked.cases,
        "clocks_per_second": {name: round(rate) for name, rate in medians.items()},
        "ratio_to_sql": round(medians["ours"] / medians["sql"], 3),
        "client_cpu_us_per_clock": round(statistics.median(cpu), 1),
        "wrong": wrong,
    }


class World:
    def __init__(self, cases):
        self.cases, self.closed, self.now = cases, [], NOW

    def build(self):
        from django.db import connection

        from cases import history
        from cases.models import (
            Calendar,
            Case,
            Clock,
            Customer,
            Pause,
            PauseReason,
            SlaPolicyVersion,
        )
        from cases.operations import clocks, standing
        from cases.sets import add_each
        from cases.states import Metric

        self.connection = connection
        chance = random.Random(8)
        with connection.cursor() as cursor:
            cursor.execute(INTERVALS)
        with history.acting(by=history.INSTALLATION, reason="benchmark", now=BEGINNING, via="program"):
            self.calendar = Calendar.objects.create(name="Office", time_zone="Europe/Madrid")
            customer = Customer.objects.create(name="Northwind")
            reason = PauseReason.objects.create(
                code="waiting", name="Waiting for the customer", stops=[Metric.RESOLUTION, Metric.NEXT_UPDATE]
            )
            version = SlaPolicyVersion.objects.get()
        self.publish(BEGINNING)
        for start in range(0, self.cases, CHUNK):
            with history.acting(by=history.INSTALLATION, reason="benchmark", now=BEGINNING, via="program"):
                received = [
                    BEGINNING + timedelta(seconds=chance.randrange(9 * 86400))
                    for _ in range(start, min(start + CHUNK, self.cases))
                ]
                cases = add_each(
                    Case(
                        customer=customer,
                        subject="The October invoice charges lines twice",
                        status="open",
                        policy_version=version,
                        received_at=at,
                    )
                    for at in received
                )
                add_each(
                    Pause(
                        case=case,
                        reason=reason,
                        stops=reason.stops,
                        started_at=case.received_at + timedelta(hours=1),
                        expected_end_at=case.received_at + timedelta(hours=30),
                        ended_at=case.received_at + timedelta(hours=4),
                        started_by_id=history.INSTALLATION.pk,
                    )
                    for case in cases[::10]
                )
                clocks.start(
                    (
                        Clock(
                            case=case,
                            metric=metric,
                            policy_version=version,
                            calendar=self.calendar,
                            term_seconds=3600 * chance.randrange(80, 160),
                            started_at=case.received_at,
                        )
                        for case in cases
                        for metric in (Metric.RESOLUTION, Metric.NEXT_UPDATE)
                    ),
                    now=BEGINNING,
                )
                standing.refresh(cases, now=BEGINNING)

    def publish(self, now):
        """The calendar with what is closed so far; its clocks are left to who is measured."""
        from cases import history
        from cases.models import CalendarException, CalendarVersion, Period, Recalculation
        from cases.operations import publishing, recalculating

        with history.acting(by=history.INSTALLATION, reason="benchmark", now=now, via="program"):
            number = self.calendar.versions.count() + 1
            version = CalendarVersion.objects.create(calendar=self.calendar, number=number)
            Period.objects.bulk_create(
                Period(version=version, weekday=day, opens=time(9), closes=time(17)) for day in range(5)
            )
            for day in self.closed:
                CalendarException.objects.create(version=version, on=day, name="Closed")
        fits, recalculating.SLICE = recalculating.SLICE, 0
        try:
            publishing.publish_calendar(version=version, by=history.INSTALLATION, now=now)
        finally:
            recalculating.SLICE = fits
        self.calendar.refresh_from_db()
        self.job = Recalculation.objects.order_by("-pk").first()

    def close_a_day(self):
        """One more Wednesday or Thursday before anything is due, at a later instant than the last."""
        day = date(2036, 3, 13) + timedelta(days=len(self.closed) // 2 * 7 + len(self.closed) % 2)
        self.closed.append(day)
        self.now += timedelta(seconds=1)
        self.publish(self.now)
        hours = self.calendar.hours
        hours.add(self.now, 3600 * 2000)
        rows = hours.open_intervals(BEGINNING - timedelta(days=30), self.now + timedelta(days=400))
        total = 0.0
        with self.connection.cursor() as cursor:
            cursor.execute("TRUNCATE bench_open")
            with cursor.copy("COPY bench_open FROM STDIN") as copy:
                for opens, closes in rows:
                    copy.write_row((opens, closes, total, total + (closes - opens).total_seconds()))
                    total += (closes - opens).total_seconds()
            if len(self.closed) == 1:
                cursor.execute(KEYS)

    def settle(self):
        with self.connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")

    def count(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, {"calendar": self.calendar.pk})
            return cursor.fetchone()[0]

    def ours(self):
        from cases.operations import recalculating

        while recalculating.next_slice(now=self.now):
            pass

    def sql(self):
        from cases import history
        from cases.models import Recalculation

        with (
            history.acting(by=history.INSTALLATION, reason="benchmark", now=self.now, via="program"),
            self.connection.cursor() as cursor,
        ):
            cursor.execute(YARDSTICK, {"calendar": self.calendar.pk, "now": self.now})
        with history.acting(by=history.INSTALLATION, reason="benchmark", now=self.now, via="program"):
            Recalculation.objects.filter(pk=self.job.pk).update(state="finished", finished_at=self.now)


if __name__ == "__main__":
    main()
