"""SQLite: row triggers write history, asking a function on the connection who acts; row triggers guard.

A connection without that function can write no audited row. One without `recursive_triggers` would not fire
deletion's triggers for what REPLACE INTO throws out (history.prepare gives both to each of ours).
"""

from . import writers_sql
from .writers_sql import Trigger, listed, named, q, text, unsigned

NOW = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
ACTING = f"desk_context('reason'), desk_context('actor'), desk_context('now'), desk_context('via'), {NOW}"
# Every table: its name, what to put before that name, column.
TABLES = (
    "SELECT m.name, '', c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    " ORDER BY m.name, c.cid"
)
SALT = "lower(hex(randomblob(16)))"
OURS = "FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'desk\\_%' ESCAPE '\\'"


def run(cursor, statements):
    for statement in statements:
        cursor.execute(statement)


def alone():
    """Its transactions are IMMEDIATE: one writer at a time, whatever it writes."""
    return []


def shared():
    return []


def removals(cursor):
    cursor.execute(f"SELECT name {OURS}")
    return [f"DROP TRIGGER {q(row[0])}" for row in cursor.fetchall()]


def installed(cursor):
    """{name: its text} of every trigger of ours."""
    cursor.execute(f"SELECT name, sql {OURS}")
    return dict(cursor.fetchall())


def _trigger(spec, what, event, body, *, table=None, when=""):
    """A trigger on `table` (the live one)."""
    name = named(what, spec.table)
    sql = f"CREATE TRIGGER {q(name)} {event} ON {q(table or spec.table)} {when} BEGIN {body}; END"
    return Trigger(name, (sql,), sql)


def _refusal(spec, what, event, sentence, *, table=None, when=""):
    table = table or spec.table
    return _trigger(
        spec,
        what,
        f"BEFORE {event}",
        f"SELECT RAISE(ABORT, {text(f'{table}: {sentence}')})",
        table=table,
        when=when,
    )


def writer(spec):
    own = (
        "history_type, history_change_reason, history_user_id, history_date, history_via, history_recorded_at"
    )
    values = ACTING
    if spec.erasable:
        own, values = f"{own}, history_salt", f"{values}, {SALT}"
    changed = " OR ".join(f"NEW.{q(c)} IS NOT OLD.{q(c)}" for c in spec.columns)
    moved = (
        f"SELECT CASE WHEN NEW.{q(spec.pk)} IS NOT OLD.{q(spec.pk)}"
        f" THEN RAISE(ABORT, {text(f'{spec.table}: an id never changes')}) END; "
    )
    kinds = {
        "INSERT": ("+", "NEW.", "", ""),
        "UPDATE": ("~", "NEW.", f"WHEN {changed}", moved),
        "DELETE": ("-", "OLD.", "", ""),
    }
    for event, (sign, row, when, before) in kinds.items():
        yield _trigger(
            spec,
            f"write_{event.lower()}",
            f"AFTER {event}",
            f"{before}SELECT CASE WHEN desk_context('actor') IS NULL THEN RAISE(ABORT, {unsigned(spec)}) END;"
            f" INSERT INTO {q(spec.history)} ({listed(spec.columns)}, {own})"
            f" VALUES ({listed(spec.columns, row)}, '{sign}', {values})",
            when=when,
        )
    yield from _append_only(spec)


def _append_only(spec):
    past, sentence = {"table": spec.history}, "history is append-only"
    yield _refusal(spec, "guard_delete", "DELETE", sentence, **past)
    # REPLACE INTO history, by a hand whose connection fires no triggers for what it replaces.
    there = f"EXISTS (SELECT 1 FROM {q(spec.history)} h WHERE h.history_id = NEW.history_id)"
    yield _refusal(spec, "guard_replace", "INSERT", sentence, when=f"WHEN {there}", **past)
    if not spec.erasable:
        yield _refusal(spec, "guard_update", "UPDATE", sentence, **past)
        return
    # One update is permitted: erasable columns blanked, salt removed, commitments filled, all else equal.
    # Every condition is true or false, never null: what is null would not be refused.
    own = {*spec.erasable, "history_salt", "history_commitments"}
    conditions = [
        "OLD.history_salt IS NOT NULL",
        "NEW.history_salt IS NULL",
        *(f"coalesce(NEW.{q(c)}, '') = ''" for c in spec.erasable),
        *(f"json_type(NEW.history_commitments, {text('$.' + q(c))}) IS 'text'" for c in spec.erasable),
        *(f"NEW.{q(c)} IS OLD.{q(c)}" for c in spec.history_columns if c not in own),
    ]
    yield _refusal(
        spec, "guard_erase", "UPDATE", sentence, when=f"WHEN NOT ({' AND '.join(conditions)})", **past
    )


def guard(spec):
    if spec.kept:
        yield _refusal(spec, "guard_keep", "DELETE", "these rows are never deleted")
    if spec.thawed is not None:
        published = "OLD.published_at IS NOT NULL"
        differs = " OR ".join(f"NEW.{q(c)} IS NOT OLD.{q(c)}" for c in spec.columns if c not in spec.thawed)
        never = "a published version never changes", "a published version is never deleted"
        yield _refusal(spec, "guard_frozen", "UPDATE", never[0], when=f"WHEN {published} AND ({differs})")
        yield _refusal(spec, "guard_published", "DELETE", never[1], when=f"WHEN {published}")
    if spec.whole:
        yield from _part(spec)


def _part(spec):
    whole = spec.whole
    for event, rows in (("INSERT", "NEW"), ("UPDATE", "NEW OLD"), ("DELETE", "OLD")):
        ids = ", ".join(f"{r}.{q(whole.column)}" for r in rows.split())
        published = (
            f"SELECT 1 FROM {whole.source} WHERE {whole.key} IN ({ids})"
            f" AND {whole.version}.published_at IS NOT NULL"
        )
        yield _refusal(
            spec,
            f"guard_part_{event.lower()}",
            event,
            "a published version never changes",
            when=f"WHEN EXISTS ({published})",
        )


def _differs(spec):
    return "(" + " OR ".join(f"n.{q(c)} IS NOT h.{q(c)}" for c in spec.columns) + ")"


def catch_up(spec):
    return writers_sql.catch_up(spec, _differs(spec), ACTING, SALT)


def differing(spec):
    return writers_sql.differing(spec, _differs(spec))
