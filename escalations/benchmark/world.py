"""A desk of any size, made by SQL: every case on level 1, their terms over one millisecond after another."""

from datetime import UTC, datetime, timedelta

from django.db import connection, models

from cases import history
from cases.models import (
    Calendar,
    Case,
    Clock,
    Customer,
    Membership,
    Person,
    SlaPolicyVersion,
    Standing,
    Team,
    Timer,
)
from cases.states import Metric, TimerKind
from escalations.models import Escalation, EscalationPath, Handoff, Kind, Level, PathVersion
from escalations.operations.publishing import publish_path

# Far ahead, so that an engine with today's clock finds none of it due.
BEGINNING = datetime(2036, 3, 3, 8, tzinfo=UTC)
FIRST_DUE = BEGINNING + timedelta(hours=1)
APART = timedelta(milliseconds=1)
TERM = 3600  # seconds to acknowledge, on every level
LEVELS = 6
CUSTOMERS = 1000
# Every fiftieth case runs on two ladders at once: of one case, only one timer may fire in a pass.
BOTH = 50
CHUNK = 50_000
OF_CASE = "(SELECT customer_id FROM cases_case WHERE id = i)"


def due_before(number):
    """The instant at which the terms of exactly the first `number` cases are over."""
    return FIRST_DUE + number * APART


def people():
    """A team, a person a level for two ladders, both published; return the two versions."""
    with history.acting(by=history.INSTALLATION, reason="benchmark", now=BEGINNING, via="program"):
        calendar = Calendar.objects.get(is_default=True)
        team = Team.objects.create(name="Care", calendar=calendar)
        staff = [
            Person.objects.create(
                username=f"p{n}",
                name=f"Person {n}",
                email=f"p{n}@example.com",
                role="supervisor",
                password="!",
            )
            for n in range(LEVELS + 1)
        ]
        Membership.objects.bulk_create(
            Membership(team=team, person=person, position=n) for n, person in enumerate(staff)
        )
        Customer.objects.bulk_create(Customer(name=f"Customer {n}") for n in range(CUSTOMERS))
        versions = []
        for name in ("Complaints", "Safety"):
            path = EscalationPath.objects.create(name=name)
            version = PathVersion.objects.create(path=path, number=1, fallback=staff[-1])
            Level.objects.bulk_create(
                Level(
                    version=version,
                    number=n,
                    name=f"Level {n}",
                    responsible="person",
                    person=staff[n - 1],
                    acknowledge_seconds=TERM,
                    is_around_the_clock=True,
                )
                for n in range(1, LEVELS + 1)
            )
            versions.append(version)
    for version in versions:
        publish_path(version=version, by=history.INSTALLATION, now=BEGINNING)
    return versions


def grow(first, last, versions):
    """Cases `first` + 1 to `last`, each waiting on level 1 with its clock, handoff, timer and standing."""
    for start in range(first, last, CHUNK):
        end = min(start + CHUNK, last)
        with history.acting(by=history.INSTALLATION, reason="benchmark", now=BEGINNING, via="program"):
            _cases(start, end)
            for ladder, version in enumerate(versions):
                _ladder(start, end, version, ladder)
            _standings(start, end)


def _cases(start, end):
    _insert(
        Case,
        f"generate_series({start + 1}, {end}) AS i",
        id="i",
        customer_id=f"(SELECT min(id) FROM cases_customer) + i % {CUSTOMERS}",
        subject="'The October invoice charges ' || i || ' lines twice'",
        status="'open'",
        team_id=f"{Team.objects.get().pk}",
        policy_version_id=f"{SlaPolicyVersion.objects.get().pk}",
        received_at=_text(BEGINNING),
    )


def _ladder(start, end, version, ladder):
    """One ladder of these cases; the second one only for every fiftieth, due the same instant."""
    level = version.levels.get(number=1)
    which = f"generate_series({start + 1}, {end}) AS i" + (f" WHERE i % {BOTH} = 0" if ladder else "")
    # Ids by hand, far apart for the two ladders, so that each row is found from its case's number.
    pk = f"i + {ladder * 100_000_000}"
    due = f"{_text(FIRST_DUE)} + (i - 1) * interval '1 millisecond'"
    _insert(
        Clock,
        which,
        id=pk,
        case_id="i",
        metric=f"'{Metric.ACKNOWLEDGE}'",
        calendar_id=f"{Calendar.objects.get(is_default=True).pk}",
        term_seconds=f"{TERM}",
        started_at=f"{due} - interval '{TERM} seconds'",
        due_at=due,
        late_after=due,
        at_risk_at=f"{due} - interval '{TERM // 4} seconds'",
        breach_kind=f"'{TimerKind.HANDOFF_UNACKNOWLEDGED}'",
        owed_by_id=f"{level.person_id}",
        label="'Level 1'",
    )
    _insert(
        Escalation,
        which,
        id=pk,
        case_id="i",
        customer_id=OF_CASE,
        path_id=f"{version.path_id}",
        version_id=f"{version.pk}",
        level_number="1",
        holder_id=f"{level.person_id}",
        started_at=_text(BEGINNING),
    )
    _insert(
        Handoff,
        which,
        id=pk,
        escalation_id=pk,
        level_number="1",
        kind=f"'{Kind.AUTOMATIC}'",
        to_person_id=f"{level.person_id}",
        reason="'Target breached: Resolution'",
        background="'Northwind: the October invoice charges lines twice. Last heard: “Still nobody.”'",
        tried="'Last told on 2 March: “We look into it.”'",
        next_steps="'Acknowledge, tell the customer who holds the case now, and by when they will hear.'",
        is_automatic="true",
        made_at=_text(BEGINNING),
        acknowledge_clock_id=pk,
    )
    _insert(
        Timer,
        which,
        case_id="i",
        kind=f"'{TimerKind.HANDOFF_UNACKNOWLEDGED}'",
        subject_id=pk,
        occurrence="1",
        due_at=due,
        wake_at=f"{due} + interval '1 microsecond'",
        armed_at=_text(BEGINNING),
    )


def _standings(start, end):
    team = Team.objects.get().pk
    table = Clock._meta.db_table
    due = f"(SELECT due_at FROM {table} WHERE id = i)"
    _insert(
        Standing,
        f"generate_series({start + 1}, {end}) AS i",
        case_id="i",
        kind="'clock'",
        metric=f"'{Metric.ACKNOWLEDGE}'",
        clock_id="i",
        whose_id=f"(SELECT owed_by_id FROM {table} WHERE id = i)",
        due_at=due,
        at_risk_at=f"(SELECT at_risk_at FROM {table} WHERE id = i)",
        sort_at=due,
        status="'open'",
        priority="2",
        team_id=f"{team}",
        received_at=_text(BEGINNING),
        changed_at=_text(BEGINNING),
        holder_id=f"(SELECT owed_by_id FROM {table} WHERE id = i)",
    )


def settle():
    """Ids made by hand are behind the sequences; statistics as autovacuum would have them."""
    with connection.cursor() as cursor:
        for model in (Case, Clock, Escalation, Handoff):
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}) + 1)"
            )
    vacuum()


def vacuum():
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _insert(model, source, **given):
    """INSERT ... SELECT from `source`; what is not given has the model's default."""
    columns, values, params = [], [], []
    for field in model._meta.concrete_fields:
        if field.column in given:
            columns.append(field.column)
            values.append(given[field.column])
        elif not (field.primary_key and isinstance(field, models.AutoField)):
            columns.append(field.column)
            values.append("%s")
            params.append(field.get_db_prep_save(field.get_default(), connection))
    names = ", ".join(f'"{c}"' for c in columns)
    # A percent sign of ours is no place for a parameter.
    chosen = ", ".join(v if v == "%s" else v.replace("%", "%%") for v in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({names})'
            f" SELECT {chosen} FROM {source.replace('%', '%%')}",
            params,
        )


def _text(instant):
    return f"'{instant.isoformat()}'::timestamptz"
