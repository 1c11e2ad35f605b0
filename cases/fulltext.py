"""Words in texts: which rows hold every word of a search, each as the beginning of one of theirs.

PostgreSQL has an index on an expression over the live column (migration 0007), SQLite a full-text table kept
by triggers. Either follows the text itself: what is redacted or erased is no longer found, by nobody's doing.
"""

import json
import re

from django.db import connection as default_connection
from django.db import models
from django.db.models import F, Func, Q, Subquery, Value
from django.db.models.functions import Concat

from cases.models import Case, Contact, Customer, Message

TEXTS = {
    Message: ("body",),
    Case: ("subject", "reference"),
    Customer: ("name",),
    Contact: ("name", "email", "phone"),
}
WORD = re.compile(r"[^\W_]+")
# More words than anybody types narrow nothing further.
MOST = 8
# A table of fewer rows needs no guess.
SMALL = 1000


def words_of(text):
    """The words of what somebody typed, in lower case: letters and digits alone, at most MOST."""
    return WORD.findall((text or "").lower())[:MOST]


class Holding(Func):
    """Whether a row's texts hold all of `words`: `filter(Holding(Message, words))`."""

    output_field = models.BooleanField()

    def __init__(self, model, words):
        self.table, self.words = model._meta.db_table, tuple(words)
        columns = [F(name) for name in TEXTS[model]]
        between = [part for column in columns for part in (Value(" "), column)][1:]
        super().__init__(F("pk"), Concat(*between) if len(columns) > 1 else columns[0])

    def as_postgresql(self, compiler, connection):
        _pk, text = self.source_expressions
        sql, params = _joined(compiler, text)
        query = " & ".join(f"{word}:*" for word in self.words)
        return f"search_words({sql}) @@ to_tsquery('simple', %s)", (*params, query)

    def as_sqlite(self, compiler, connection):
        sql, params = compiler.compile(self.source_expressions[0])
        query = " ".join(f'"{word}"*' for word in self.words)
        index = f"{self.table}_words"
        return f"{sql} IN (SELECT rowid FROM {index} WHERE {index} MATCH %s)", (*params, query)


# Of words that more rows than this hold, the first rows in any order soon hold them: no index is needed.
FREQUENT = 0.03
# So many rows of rarer words are looked at, and no more, should the database's statistics be out of date.
MANY = 500_000


def among(name, model, words, column):
    """The condition that `name` is the `column` of a row of `model` that holds `words`, read the cheap way.

    A database that is asked for both at once may walk a million cases to find a word that three of them
    hold, or gather a million that hold a word of which fifty are wanted.
    """
    rows = model.objects.filter(Holding(model, words)).values(column)
    if default_connection.vendor != "postgresql" or _share(model, rows) > FREQUENT:
        return Q(**{f"{name}__in": rows})
    return _OneOf(F(name), _Array(rows[:MANY]))


class _Array(Subquery):
    template = "ARRAY(%(subquery)s)"


class _OneOf(Func):
    """Equal to an element: what is in the array is worked out first, and then each looked up by its index."""

    template, arg_joiner = "%(expressions)s)", " = ANY ("
    output_field = models.BooleanField()


def _share(model, rows):
    """What part of the table `rows` are, as the planner guesses from its statistics of words."""
    sql, params = rows.query.sql_with_params()
    with default_connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        (all_rows,) = cursor.fetchone()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return plan[0]["Plan"]["Plan Rows"] / max(all_rows, 1) if all_rows > SMALL else 0


def _joined(compiler, text):
    """The expression as the index has it: a || ' ' || b. No column of TEXTS is ever null."""
    if not isinstance(text, Func):
        return compiler.compile(text)
    columns = [compiler.compile(column)[0] for column in _columns(text)]
    return "(" + " || ' ' || ".join(columns) + ")", ()


def _columns(expression):
    for part in expression.get_source_expressions():
        if isinstance(part, Func):
            yield from _columns(part)
        elif not isinstance(part, Value):
            yield part


# --- SQLite -----------------------------------------------------------------------------------------------


def install(connection):
    """SQLite's full-text tables and their triggers; filled anew where a trigger was missing. Idempotent."""
    if connection.vendor != "sqlite":
        return
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for model, columns in TEXTS.items():
            if model._meta.db_table in there:
                _install(cursor, model._meta.db_table, columns)


def remove(connection):
    """Before a migration: remakes of tables fail over triggers."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for name in _triggers(cursor):
            cursor.execute(f"DROP TRIGGER {name}")


def _triggers(cursor):
    cursor.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'words\\_%' ESCAPE '\\'"
    )
    return {row[0] for row in cursor.fetchall()}


def _install(cursor, table, columns):
    index, names = f"{table}_words", ", ".join(columns)
    new, old = (", ".join(f"{row}.{c}" for c in columns) for row in ("NEW", "OLD"))
    forget = f"INSERT INTO {index} ({index}, rowid, {names}) VALUES ('delete', OLD.id, {old})"
    learn = f"INSERT INTO {index} (rowid, {names}) VALUES (NEW.id, {new})"
    changed = " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in columns)
    wanted = {
        f"words_insert_{table}": f"AFTER INSERT ON {table} BEGIN {learn}; END",
        f"words_update_{table}": f"AFTER UPDATE ON {table} WHEN {changed} BEGIN {forget}; {learn}; END",
        f"words_delete_{table}": f"AFTER DELETE ON {table} BEGIN {forget}; END",
    }
    if wanted.keys() <= _triggers(cursor):
        return
    cursor.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {index} USING fts5({names}, content='{table}',"
        " content_rowid='id', tokenize='unicode61 remove_diacritics 0')"
    )
    for name, body in wanted.items():
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute(f"CREATE TRIGGER {name} {body}")
    cursor.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")
