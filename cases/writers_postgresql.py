"""PostgreSQL: statement triggers with transition tables write history; row triggers guard.

Functions name their tables with the schema, so that no other search path and no temporary table of the same
name leads them astray.
"""

from . import writers_sql
from .writers_sql import Trigger, listed, named, q, text, unsigned

ACTING = (
    "current_setting('desk.reason', true), nullif(current_setting('desk.actor', true), '')::bigint,"
    " nullif(current_setting('desk.now', true), '')::timestamptz, current_setting('desk.via', true),"
    " clock_timestamp()"
)
NOBODY = "nullif(current_setting('desk.actor', true), '') IS NULL"
# Every table this connection finds by its bare name: table, what to put before that name, column.
TABLES = (
    "SELECT c.relname, quote_ident(s.nspname) || '.', a.attname FROM pg_class c"
    " JOIN pg_namespace s ON s.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped"
    " AND s.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY c.relname, a.attnum"
)
SALT = "gen_random_uuid()"
ERRCODE = "ERRCODE = 'integrity_constraint_violation'"
REFUSE = f" BEGIN RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] USING {ERRCODE}; END "


def run(cursor, statements):
    """All at once: there are hundreds, and each would be a round trip."""
    if statements:
        cursor.execute(";\n".join(statements))


def alone():
    """One installer at a time: until its transaction ends, the next one waits."""
    return ["SELECT pg_advisory_xact_lock(hashtext('desk_writers'))"]


def shared():
    return [
        f"CREATE OR REPLACE FUNCTION desk_refuse() RETURNS trigger LANGUAGE plpgsql AS $desk${REFUSE}$desk$"
    ]


def removals(cursor):
    """Every trigger and function of ours."""
    cursor.execute(
        "SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass) FROM pg_trigger t"
        " WHERE t.tgname LIKE 'desk\\_%' AND NOT t.tgisinternal AND pg_table_is_visible(t.tgrelid)"
    )
    drops = [row[0] for row in cursor.fetchall()]
    cursor.execute(
        "SELECT format('DROP FUNCTION %s', p.oid::regprocedure) FROM pg_proc p"
        " WHERE p.proname LIKE 'desk\\_%' AND p.pronamespace = quote_ident(current_schema())::regnamespace"
    )
    return drops + [row[0] for row in cursor.fetchall()]


def installed(cursor):
    """{name: its function's text} of every trigger of ours that fires for ordinary sessions."""
    cursor.execute(
        "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE t.tgname LIKE 'desk\\_%' AND t.tgenabled IN ('O', 'A') AND pg_table_is_visible(t.tgrelid)"
    )
    return dict(cursor.fetchall())


def _trigger(spec, what, when, body, table=None):
    """A trigger on `table` (the live one) with a function of its own."""
    name, body = named(what, spec.table), f" BEGIN {body} END "
    when = when.format(table=spec.home + q(table or spec.table))
    return Trigger(
        name,
        (
            f"CREATE FUNCTION {q(name)}() RETURNS trigger LANGUAGE plpgsql AS $desk${body}$desk$",
            f"CREATE TRIGGER {q(name)} {when} EXECUTE FUNCTION {q(name)}()",
        ),
        body,
    )


def _refusal(spec, what, event, sentence, *, table=None, each="ROW", when=""):
    name, table = named(what, spec.table), spec.home + q(table or spec.table)
    make = (
        f"CREATE TRIGGER {q(name)} BEFORE {event} ON {table} FOR EACH {each} {when}"
        f" EXECUTE FUNCTION desk_refuse({text(sentence)})"
    )
    return Trigger(name, (make,), REFUSE)


def writer(spec):
    own = (
        "history_type, history_change_reason, history_user_id, history_date, history_via, history_recorded_at"
    )
    values = ACTING
    if spec.erasable:
        own, values = f"{own}, history_salt", f"{values}, {SALT}"
    row = f"({listed(spec.columns, 'n.')}) IS DISTINCT FROM ({listed(spec.columns, 'o.')})"
    changed = f"new_rows n JOIN old_rows o ON o.{q(spec.pk)} = n.{q(spec.pk)} WHERE {row}"
    kinds = {
        "insert": ("+", "new_rows n", "NEW TABLE AS new_rows"),
        "update": ("~", changed, "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
        "delete": ("-", "old_rows n", "OLD TABLE AS old_rows"),
    }
    for event, (sign, source, transition) in kinds.items():
        yield _trigger(
            spec,
            f"write_{event}",
            f"AFTER {event.upper()} ON {{table}} REFERENCING {transition} FOR EACH STATEMENT",
            f"IF {NOBODY} THEN IF EXISTS (SELECT 1 FROM {source}) THEN"
            f" RAISE EXCEPTION USING MESSAGE = {unsigned(spec)}, {ERRCODE};"
            f" END IF; RETURN NULL; END IF;"
            f" INSERT INTO {spec.home}{q(spec.history)} ({listed(spec.columns)}, {own})"
            f" SELECT {listed(spec.columns, 'n.')}, '{sign}', {values} FROM {source} ORDER BY n.{q(spec.pk)};"
            f" RETURN NULL;",
        )
    # A statement's old and new rows are matched by it.
    moved = f"WHEN (OLD.{q(spec.pk)} IS DISTINCT FROM NEW.{q(spec.pk)})"
    yield _refusal(spec, "guard_id", f"UPDATE OF {q(spec.pk)}", "an id never changes", when=moved)
    yield _refusal(spec, "guard_empty", "TRUNCATE", "audited rows are not emptied", each="STATEMENT")
    yield from _append_only(spec)


def _append_only(spec):
    past, sentence = {"table": spec.history}, "history is append-only"
    yield _refusal(spec, "guard_delete", "DELETE", sentence, **past)
    yield _refusal(spec, "guard_truncate", "TRUNCATE", sentence, each="STATEMENT", **past)
    if not spec.erasable:
        yield _refusal(spec, "guard_update", "UPDATE", sentence, **past)
        return
    # One update is permitted: erasable columns blanked, salt removed, commitments filled, all else equal.
    own = {*spec.erasable, "history_salt", "history_commitments"}
    rest = [c for c in spec.history_columns if c not in own]
    conditions = [
        "OLD.history_salt IS NOT NULL",
        "NEW.history_salt IS NULL",
        *(f"coalesce(NEW.{q(c)}::text, '') = ''" for c in spec.erasable),
        *(
            f"jsonb_typeof(NEW.history_commitments -> {text(c)}) IS NOT DISTINCT FROM 'string'"
            for c in spec.erasable
        ),
        f"({listed(rest, 'NEW.')}) IS NOT DISTINCT FROM ({listed(rest, 'OLD.')})",
    ]
    yield _trigger(
        spec,
        "guard_erase",
        "BEFORE UPDATE ON {table} FOR EACH ROW",
        f"IF {' AND '.join(conditions)} THEN RETURN NEW; END IF;"
        f" RAISE EXCEPTION USING MESSAGE = {text(f'{spec.history}: {sentence}')},"
        f" {ERRCODE};",
        table=spec.history,
    )


def guard(spec):
    if spec.kept:
        yield _refusal(spec, "guard_keep", "DELETE", "these rows are never deleted")
        yield _refusal(spec, "guard_keep_all", "TRUNCATE", "these rows are never deleted", each="STATEMENT")
    if spec.thawed is not None:
        frozen = [c for c in spec.columns if c not in spec.thawed]
        published = "OLD.published_at IS NOT NULL"
        differs = f"({listed(frozen, 'NEW.')}) IS DISTINCT FROM ({listed(frozen, 'OLD.')})"
        never = "a published version never changes", "a published version is never deleted"
        yield _refusal(spec, "guard_frozen", "UPDATE", never[0], when=f"WHEN ({published} AND {differs})")
        yield _refusal(spec, "guard_published", "DELETE", never[1], when=f"WHEN ({published})")
    if spec.whole:
        yield from _part(spec)


def _part(spec):
    """The version is locked first: it is published before this or after, never in between."""
    whole, never = spec.whole, text(f"{spec.table}: a published version never changes")
    for event, rows in (("INSERT", "NEW"), ("UPDATE", "NEW OLD"), ("DELETE", "OLD")):
        ids = ", ".join(f"{r}.{q(whole.column)}" for r in rows.split())
        found = f"PERFORM 1 FROM {whole.source} WHERE {whole.key} IN ({ids})"
        yield _trigger(
            spec,
            f"guard_part_{event.lower()}",
            f"BEFORE {event} ON {{table}} FOR EACH ROW",
            f"{found} FOR SHARE OF {whole.version};"
            f" {found} AND {whole.version}.published_at IS NOT NULL;"
            f" IF FOUND THEN RAISE EXCEPTION USING MESSAGE = {never},"
            f" {ERRCODE}; END IF;"
            f" RETURN {'OLD' if event == 'DELETE' else 'NEW'};",
        )


def _differs(spec):
    return f"({listed(spec.columns, 'n.')}) IS DISTINCT FROM ({listed(spec.columns, 'h.')})"


def catch_up(spec):
    return writers_sql.catch_up(spec, _differs(spec), ACTING, SALT)


def differing(spec):
    return writers_sql.differing(spec, _differs(spec))
