"""The first rows of several selections together, each read along an index of its own and no further.

One condition with "or" between a person's cases and their teams' has no index: a database either reads all
of them and sorts, or walks through everybody's. Taken apart, each is a short step into its index.
"""

from django.core.exceptions import EmptyResultSet
from django.db import connection


def first(selections, order, most):
    """Ids of the first `most` rows of all `selections` together, in `order`; one query.

    `selections`: querysets of one model, unordered. `order`: names, "-" before those that descend; the last
    one is the primary key.
    """
    names = [name.lstrip("-") for name in order]
    parts = _compiled(found.order_by(*order).values_list(*names)[:most] for found in selections)
    columns = [f"k{n}" for n in range(len(order))]
    directions = ", ".join(
        f"{column} {'DESC' if name.startswith('-') else 'ASC'}"
        for column, name in zip(columns, order, strict=True)
    )
    wanted = f"SELECT {columns[-1]} FROM united ORDER BY {directions} LIMIT {int(most)}"
    return [row[0] for row in _asked(parts, columns, wanted)]


def counting(selections, order, most):
    """(SQL, parameters) of how many different rows `selections` hold together, counted up to `most`: a value
    of a SELECT.

    `order`: names, by which each has an index. Without one a database expects to find enough soon, wherever
    it begins to read; and what is open lies together, behind all that is closed.
    """
    parts = _compiled(found.order_by(*order).values_list("pk")[:most] for found in selections)
    if not parts:
        return "0", []
    united, params = _united(parts)
    return f"(SELECT count(*) FROM (SELECT * FROM ({united}) AS u LIMIT {int(most)}) AS counted)", params


def at_most(selections, order, most):
    """How many different rows `selections` hold together, counted up to `most`; one query."""
    sql, params = counting(selections, order, most)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}", params)
        return cursor.fetchone()[0]


def _compiled(selections):
    """[(SQL, parameters)] of those that can hold anything."""
    parts = []
    for found in selections:
        try:
            parts.append(found.query.sql_with_params())
        except EmptyResultSet:
            continue
    return parts


def _asked(parts, columns, wanted):
    """The rows of `wanted`, which reads from "united"."""
    if not parts:
        return []
    united, params = _united(parts)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH united({', '.join(columns)}) AS ({united}) {wanted}", params)
        return cursor.fetchall()


def _united(parts):
    """(SQL, parameters): each part in a FROM of its own, where it may have a LIMIT on every engine."""
    united = " UNION ".join(f"SELECT * FROM ({sql}) AS b{n}" for n, (sql, _params) in enumerate(parts))
    return united, [value for _sql, values in parts for value in values]
