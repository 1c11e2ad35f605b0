"""The database's history writers and its guards, generated from the database's own columns.

Writers fill simple-history's tables from triggers; guards refuse what must never happen, whoever asks:
changing history, deleting what is kept, editing what was published. Both are installed after migrating and
lifted before (never inside a migration: SQLite remakes tables, and remakes fail over triggers).

A model says what it wants guarded:
    KEPT = True             its rows are never deleted
    FROZEN = ("column",)    once `published_at` is set, only these columns may change, and it is never deleted
    FROZEN_WITH = "version" its rows are frozen with the row this foreign key points to; "level__version" with
                            the version of the row it points to
"""

from contextlib import contextmanager
from dataclasses import dataclass

from django.apps import apps
from django.db import connection as default_connection
from django.db import transaction

from . import writers_postgresql, writers_sqlite
from .writers_sql import q

DIALECTS = {"postgresql": writers_postgresql, "sqlite": writers_sqlite}


@dataclass(frozen=True)
class Audited:
    """What the generator knows of one audited model, by the names the database uses."""

    table: str
    history: str
    home: str  # SQL before either name: the schema
    pk: str
    columns: tuple[str, ...]  # tracked: in both tables
    history_columns: tuple[str, ...]
    erasable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Whole:
    """The version a row is part of: our `column` holds a `key` of `source`, which leads to `version`."""

    column: str
    source: str
    key: str
    version: str


@dataclass(frozen=True)
class Guarded:
    """A table with rows that may not be deleted or, once published, changed."""

    table: str
    home: str
    columns: tuple[str, ...]
    kept: bool = False
    thawed: tuple[str, ...] | None = None  # columns that may change after publishing; None: not a version
    whole: Whole | None = None


def audited_models():
    """Every concrete model with a history, lower apps first."""
    return [
        m
        for m in apps.get_models()
        if hasattr(m._meta, "simple_history_manager_attribute") and not m._meta.proxy
    ]


def tables(connection):
    """{table: (SQL before its name, columns)}, asked of the database: mid-migration, models differ."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(DIALECTS[connection.vendor].TABLES)
        for table, home, column in cursor.fetchall():
            found.setdefault(table, (home, []))[1].append(column)
    return found


def fits(connection, *models):
    """Whether every column of these models is there: not so where only some migrations were applied."""
    there = tables(connection)
    return all(
        f.column in there.get(m._meta.db_table, ("", ()))[1] for m in models for f in m._meta.concrete_fields
    )


def audited(connection, there=None):
    """An `Audited` for each audited model whose two tables exist in this database."""
    there = there or tables(connection)
    found = []
    for model in audited_models():
        table, history = model._meta.db_table, model.history.model
        if not {table, history._meta.db_table} <= set(there):
            continue
        home, live = there[table]
        past = there[history._meta.db_table][1]
        columns = tuple(c for c in live if c in past)
        erasable = tuple(model._meta.get_field(name).column for name in history.erasable)
        found.append(
            Audited(
                table=table,
                history=history._meta.db_table,
                home=home,
                pk=model._meta.pk.column,
                columns=columns,
                history_columns=tuple(past),
                erasable=tuple(c for c in erasable if c in columns) if "history_salt" in past else (),
            )
        )
    return found


def guarded(connection, there=None):
    """A `Guarded` for each model that declares KEPT, FROZEN or FROZEN_WITH and exists in this database."""
    there = there or tables(connection)
    found = []
    for model in apps.get_models():
        kept, thawed, path = (getattr(model, name, None) for name in ("KEPT", "FROZEN", "FROZEN_WITH"))
        if model._meta.proxy or model._meta.db_table not in there or not (kept or thawed is not None or path):
            continue
        home, columns = there[model._meta.db_table]
        if "published_at" not in columns:
            thawed = None
        found.append(
            Guarded(
                table=model._meta.db_table,
                home=home,
                columns=tuple(columns),
                kept=bool(kept),
                thawed=None if thawed is None else tuple(model._meta.get_field(n).column for n in thawed),
                whole=_whole(model, path, there) if path else None,
            )
        )
    return found


def _whole(model, path, there):
    """Follow a FROZEN_WITH path, such as "version" or "level__version", to the version a row is part of."""
    first, *onward = (_target(model, path) for model, path in _steps(model, path))
    column, table, key = first
    source, last = f"{_at(there, table)} w0", "w0"
    for number, (step, table, pk) in enumerate(onward, 1):
        source += f" JOIN {_at(there, table)} w{number} ON w{number}.{q(pk)} = {last}.{q(step)}"
        last = f"w{number}"
    return Whole(column=column, source=source, key=f"w0.{q(key)}", version=last)


def _steps(model, path):
    for name in path.split("__"):
        yield model, name
        model = model._meta.get_field(name).related_model


def _target(model, name):
    field = model._meta.get_field(name)
    return field.column, field.related_model._meta.db_table, field.target_field.column


def _at(there, table):
    return there.get(table, ("", ()))[0] + q(table)


def triggers(connection):
    """Every writer and guard that this database's tables call for, as writers_sql.Trigger."""
    dialect, there = DIALECTS[connection.vendor], tables(connection)
    for spec in audited(connection, there):
        yield from dialect.writer(spec)
    for spec in guarded(connection, there):
        yield from dialect.guard(spec)


def install(connection=default_connection):
    """(Re)make every writer and guard, all or none; whoever installs at the same time waits."""
    dialect = DIALECTS[connection.vendor]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        dialect.run(cursor, dialect.alone())
        remove(connection)
        dialect.run(cursor, dialect.shared())
        dialect.run(
            cursor, [statement for trigger in triggers(connection) for statement in trigger.statements]
        )


def remove(connection=default_connection):
    """Take every writer and guard away: before a migration, and in the tests' flush."""
    dialect = DIALECTS[connection.vendor]
    with connection.cursor() as cursor:
        dialect.run(cursor, dialect.removals(cursor))


def missing(connection=default_connection):
    """Names of writers and guards that are gone, off or say something else (a restored dump, a hand)."""
    with connection.cursor() as cursor:
        there = DIALECTS[connection.vendor].installed(cursor)
    return {trigger.name for trigger in triggers(connection) if there.get(trigger.name) != trigger.kept}


def catch_up(connection=default_connection):
    """Record, as sets, what changed while no writer was there: a data migration. Needs `history.acting`.

    The same comparison is the completeness check: every live row equals its newest history row.
    """
    dialect = DIALECTS[connection.vendor]
    written = 0
    with connection.cursor() as cursor:
        for spec in audited(connection):
            for statement in dialect.catch_up(spec):
                cursor.execute(statement)
                written += max(cursor.rowcount, 0)
    return written


def differing(spec, connection=default_connection):
    """Ids of live rows of `spec` that do not equal their newest history row."""
    with connection.cursor() as cursor:
        cursor.execute(DIALECTS[connection.vendor].differing(spec))
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def lifted(connection=default_connection):
    """Without writers and guards, for the tests' flush alone."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)
