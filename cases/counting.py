"""How many wait in each view of the queue, as the sidebar of every page says it: one question, written once.

It takes Django longer to write the views in SQL than a database to answer. The SQL of two readers of one role
differs in its parameters alone, as long as they are in as many teams and named on as many cases; so it is
written for a made-up reader, and kept.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.db import connection

from cases import branches, queues
from cases.models import Person
from cases.models.standing import IN_ORDER

# No id of a database, and no day on which anybody looks.
NOBODY = -(10**12)
THEN = datetime(1000, 1, 1, tzinfo=UTC)
SETS = ("teams", "own_teams", "named", "complained", "asked")
# Those who are named on as many cases as nobody else share their SQL with nobody.
KEPT = 256


def counts(views, reader):
    """{view's key: how many of it `reader` may see, "99+" from a hundred on}; one query."""
    keys = tuple(view.key for view in views)
    if not keys:
        return {}
    shape = (reader.person.role, *(len(getattr(reader, name)) for name in SETS))
    sql, params = _written(connection.vendor, keys, shape)
    means = MadeUp.of(*shape).means(reader)
    with connection.cursor() as cursor:
        cursor.execute(sql, [means.get(value, value) for value in params])
        found = cursor.fetchone()
    return {key: queues.at_most_enough(number) for key, number in zip(keys, found, strict=True)}


@lru_cache(maxsize=KEPT)
def _written(vendor, keys, shape):
    """(SQL, parameters) of one row with the count of each of the views `keys`, for a made-up reader."""
    made_up_reader, counted, params = MadeUp.of(*shape), [], []
    for key in keys:
        found = queues.selections(queues.VIEWS[key], made_up_reader)
        sql, values = branches.counting(found, IN_ORDER, queues.ENOUGH + 1)
        counted.append(sql)
        params += values
    return f"SELECT {', '.join(counted)}", params


@dataclass(frozen=True)
class MadeUp(queues.Reader):
    """A reader with a role and in so many teams, whose ids and whose day are made up."""

    @classmethod
    def of(cls, role, *sizes):
        made_up, sets = NOBODY, {}
        for name, size in zip(SETS, sizes, strict=True):
            sets[name] = frozenset(range(made_up - size, made_up))
            made_up -= size
        return cls(person=Person(pk=NOBODY, role=role), now=THEN, **sets)

    @property
    def end_of_today(self):
        return THEN + timedelta(days=1)

    def means(self, reader):
        """{what is made up, as a parameter: what `reader` has in its place}."""
        found = {self.person.pk: reader.person.pk}
        for name in SETS:
            found |= zip(sorted(getattr(self, name)), sorted(getattr(reader, name)), strict=True)
        adapted = connection.ops.adapt_datetimefield_value
        return found | {
            adapted(self.now): adapted(reader.now),
            adapted(self.end_of_today): adapted(reader.end_of_today),
        }
