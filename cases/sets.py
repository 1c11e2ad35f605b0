"""Writing many rows with values of their own in one statement, the same on both engines."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from django.db import connection, router

# Well under every engine's limit of parameters in one statement.
PARAMETERS = 900


def add_each(objects, *, once_by=None):
    """Insert `objects` (unsaved, of one model, complete) and give them their ids; return them as a list.

    `once_by`: the name of a UniqueConstraint of theirs; what it refuses is there already and left out, and no
    ids are given. What any other rule refuses is an error, as ever: a row left out because a database counts
    its ids from too low, as one that was restored in haste, would be a notice that nobody gets.
    No signals, no auto_now. A third of bulk_create's time on PostgreSQL, where each column is one parameter.
    """
    objects = list(objects)
    if not objects:
        return objects
    model = type(objects[0])
    if connection.vendor != "postgresql":
        if once_by is None:
            return model._base_manager.bulk_create(objects)
        return _add_once_sqlite(model, _of_its_own(model, once_by), objects)
    without_ids = objects[0].pk is None
    sql, params = _insert(model, _columns(model, without_ids), objects)
    with connection.cursor() as cursor:
        if once_by is not None:
            cursor.execute(f"{sql} ON CONFLICT {_of_its_own(model, once_by)} DO NOTHING", params)
            return objects
        cursor.execute(f'{sql} RETURNING "{model._meta.pk.column}"', params)
        ids = cursor.fetchall()
    alias, key = router.db_for_write(model), model._meta.pk.attname
    for row, (pk,) in zip(objects, ids, strict=True):
        row.__dict__[key] = pk
        row._state.adding, row._state.db = False, alias
    return objects


def put_each(objects, fields):
    """Insert `objects` by their primary keys, or write `fields` (names) of those that are there."""
    objects = list(objects)
    if not objects:
        return
    model = type(objects[0])
    if connection.vendor != "postgresql":
        model._base_manager.bulk_create(
            objects, update_conflicts=True, unique_fields=[model._meta.pk.name], update_fields=fields
        )
        return
    sql, params = _insert(model, _columns(model), objects)
    columns = [model._meta.get_field(name).column for name in fields]
    changes = ", ".join(f'"{c}" = EXCLUDED."{c}"' for c in columns)
    with connection.cursor() as cursor:
        cursor.execute(f'{sql} ON CONFLICT ("{model._meta.pk.column}") DO UPDATE SET {changes}', params)


def update_each(objects, fields):
    """Write `fields` (names) of each object: one UPDATE ... FROM a list of rows per chunk.

    bulk_update's CASE WHEN grows with rows times columns and reaches 8 % of this. All must be of one model.
    """
    objects = list(objects)
    if not objects:
        return
    model = type(objects[0])
    key = model._meta.pk.attname
    objects.sort(key=lambda o: o.__dict__[key])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(*_update(model, fields, objects))
        else:
            columns = [model._meta.pk, *(model._meta.get_field(name) for name in fields)]
            _update_sqlite(cursor, model._meta.db_table, columns, objects)


@cache
def _of_its_own(model, name):
    """What may be there once only by this UniqueConstraint, as both engines want it after ON CONFLICT."""
    [constraint] = [c for c in model._meta.constraints if c.name == name]
    columns = ", ".join(f'"{model._meta.get_field(field).column}"' for field in constraint.fields)
    where = constraint._get_condition_sql(model, connection.schema_editor())
    return f"({columns}) WHERE {where}" if where else f"({columns})"


# --- PostgreSQL: a column is one array, or one value where all rows have the same ---------------------------


@dataclass(frozen=True)
class Column:
    """How a column's values are read off an object and written in SQL."""

    name: str
    attname: str
    cast: str
    write: Callable  # (value) -> its text inside of an array
    prepare: Callable | None  # (value) -> what `write` and a plain parameter want


@cache
def _columns(model, without_ids=False):
    fields = [f for f in model._meta.concrete_fields if not (f.primary_key and without_ids)]
    return tuple(_column(f) for f in fields)


@cache
def _named(model, names):
    return tuple(_column(f) for f in (model._meta.pk, *(model._meta.get_field(name) for name in names)))


def _column(field):
    """The column's type as a cast wants it: an identity is a plain integer, and a length is left to the
    column, for a cast would cut what is too long where an assignment refuses it."""
    whole = field.rel_db_type(connection) if field.primary_key else field.db_type(connection)
    of = field.target_field if field.is_relation else field
    kind = of.get_internal_type()
    return Column(
        name=f'"{field.column}"',
        attname=field.attname,
        cast=whole.partition("(")[0],
        write=WRITERS.get(kind, _quoted),
        prepare=partial(_json, of) if kind == "JSONField" else None,
    )


def _insert(model, columns, objects):
    constants, arrays, params = _split(columns, objects)
    values = ", ".join(f"%s::{c.cast}" if c in constants else f"v.{c.name}" for c in columns)
    names = ", ".join(c.name for c in columns)
    rows = _rows(arrays) if arrays else f"generate_series(1, {len(objects)}) AS v"
    return (
        f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {values} FROM {rows}',
        [constants[c] for c in columns if c in constants] + params,
    )


def _update(model, fields, objects):
    pk, *columns = _named(model, tuple(fields))
    constants, arrays, params = _split(columns, objects)
    changes = ", ".join(
        f"{c.name} = %s::{c.cast}" if c in constants else f"{c.name} = v.{c.name}" for c in columns
    )
    return (
        f'UPDATE "{model._meta.db_table}" AS t SET {changes} FROM {_rows([pk, *arrays])}'
        f" WHERE t.{pk.name} = v.{pk.name}",
        [*constants.values(), _array(pk, _values(pk, objects)), *params],
    )


def _rows(columns):
    casts = ", ".join(f"%s::{c.cast}[]" for c in columns)
    return f"unnest({casts}) AS v({', '.join(c.name for c in columns)})"


def _split(columns, objects):
    """({column: the one value all rows have}, the other columns, their arrays as parameters)."""
    constants, arrays, params = {}, [], []
    for column in columns:
        values = _values(column, objects)
        if values.count(values[0]) == len(values):
            constants[column] = _alone(column, values[0])
        else:
            arrays.append(column)
            params.append(_array(column, values))
    return constants, arrays, params


def _values(column, objects):
    name = column.attname
    try:
        values = [o.__dict__[name] for o in objects]
    except KeyError:  # left out when it was read
        values = [getattr(o, name) for o in objects]
    return [None if v is None else column.prepare(v) for v in values] if column.prepare else values


def _array(column, values):
    """A literal of our own, since the driver writes a list four times slower."""
    write = column.write
    return "{" + ",".join(["NULL" if v is None else write(v) for v in values]) + "}"


def _alone(column, value):
    """A single value as text, which the cast reads as it reads an array's."""
    if value is None:
        return None
    if column.write is _quoted:
        return _text(value)
    return column.write(value)


def _text(value):
    return value if type(value) is str else str(getattr(value, "value", value))


def _quoted(value):
    return '"' + _text(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json(field, value):
    return json.dumps(value, cls=field.encoder)


def _instant(value):
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone; the server would take it for its own.")
    return value.isoformat()


INTEGERS = dict.fromkeys(
    (
        "AutoField",
        "BigAutoField",
        "IntegerField",
        "BigIntegerField",
        "SmallIntegerField",
        "PositiveIntegerField",
        "PositiveBigIntegerField",
        "PositiveSmallIntegerField",
    ),
    "{:d}".format,
)
WRITERS = {
    **INTEGERS,
    "BooleanField": {True: "t", False: "f"}.__getitem__,
    "DateTimeField": _instant,
}


# --- SQLite: a list of rows ---------------------------------------------------------------------------------


def _add_once_sqlite(model, once, objects):
    fields = [f for f in model._meta.concrete_fields if objects[0].pk is not None or not f.primary_key]
    names = ", ".join(f'"{f.column}"' for f in fields)
    sql = (
        f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({", ".join(["%s"] * len(fields))})'
        f" ON CONFLICT {once} DO NOTHING"
    )
    rows = [[f.get_db_prep_save(getattr(o, f.attname), connection) for f in fields] for o in objects]
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
    return objects


def _update_sqlite(cursor, table, columns, objects):
    rows = [[f.get_db_prep_save(getattr(o, f.attname), connection) for f in columns] for o in objects]
    pk = columns[0].column
    size = max(1, PARAMETERS // len(columns))
    names = ", ".join(f'column{i} AS "{f.column}"' for i, f in enumerate(columns, 1))
    changes = ", ".join(f'"{f.column}" = v."{f.column}"' for f in columns[1:])
    for start in range(0, len(rows), size):
        chunk = rows[start : start + size]
        values = ", ".join(["(" + ", ".join(["%s"] * len(columns)) + ")"] * len(chunk))
        cursor.execute(
            f'UPDATE "{table}" AS t SET {changes}'
            f" FROM (SELECT {names} FROM (VALUES {values})) AS v"
            f' WHERE t."{pk}" = v."{pk}"',
            [value for row in chunk for value in row],
        )
