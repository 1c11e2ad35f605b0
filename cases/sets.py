"""Writing many rows with values of their own in one statement, the same on both engines."""

from django.db import connection

# Well under every engine's limit of parameters in one statement.
PARAMETERS = 900


def update_each(objects, fields):
    """Write `fields` (names) of each object: one UPDATE ... FROM a list of rows per chunk.

    bulk_update's CASE WHEN grows with rows times columns and reaches 8 % of this. Objects must be of one
    model.
    """
    objects = list(objects)
    if not objects:
        return
    model = type(objects[0])
    columns = [model._meta.pk, *(model._meta.get_field(name) for name in fields)]
    rows = [
        [f.get_db_prep_save(getattr(o, f.attname), connection) for f in columns]
        for o in sorted(objects, key=lambda o: o.pk)
    ]
    write = _postgresql if connection.vendor == "postgresql" else _sqlite
    with connection.cursor() as cursor:
        write(cursor, model._meta.db_table, columns, rows)


def _assignments(columns):
    return ", ".join(f'"{f.column}" = v."{f.column}"' for f in columns[1:])


def _postgresql(cursor, table, columns, rows):
    arrays = ", ".join(f"%s::{_type(f)}[]" for f in columns)
    names = ", ".join(f'"{f.column}"' for f in columns)
    pk = columns[0].column
    cursor.execute(
        f'UPDATE "{table}" AS t SET {_assignments(columns)} FROM unnest({arrays}) AS v({names})'
        f' WHERE t."{pk}" = v."{pk}"',
        [list(values) for values in zip(*rows, strict=True)],
    )


def _type(field):
    """The column's type as a cast wants it: an identity column is a plain integer there."""
    return field.rel_db_type(connection) if field.primary_key else field.db_type(connection)


def _sqlite(cursor, table, columns, rows):
    pk = columns[0].column
    size = max(1, PARAMETERS // len(columns))
    names = ", ".join(f'column{i} AS "{f.column}"' for i, f in enumerate(columns, 1))
    for start in range(0, len(rows), size):
        chunk = rows[start : start + size]
        values = ", ".join(["(" + ", ".join(["%s"] * len(columns)) + ")"] * len(chunk))
        cursor.execute(
            f'UPDATE "{table}" AS t SET {_assignments(columns)}'
            f" FROM (SELECT {names} FROM (VALUES {values})) AS v"
            f' WHERE t."{pk}" = v."{pk}"',
            [value for row in chunk for value in row],
        )
