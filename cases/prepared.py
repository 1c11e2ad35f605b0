"""Questions asked again and again, compiled once: Django writes a query for longer than SQLite answers it.

    OPEN = Prepared(lambda: Clock.objects.open().filter(case=Given("case")))
    OPEN.all(case=case.pk)

For a queryset of models (`only` leaves columns out; select_related and annotate are known too) or a
values_list; `among` is `in` with a list of ids.
"""

import json
from datetime import datetime

from django.db import connection
from django.db.models import Expression, Field, ForeignObject, Lookup, QuerySet
from django.db.models.query import get_related_populators

from .instances import maker


class Given(Expression):
    """The place of a parameter in a prepared query."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def as_sql(self, compiler, connection):
        return "%s", [self]


class GivenReader(Given):
    """The place of somebody of a role who works here, and whose queries are written as that role has it.

    Whether the one who asks does work here, and may do this, is asked of them first: cases/roles.py.
    """

    is_authenticated, is_active, is_system = True, True, False

    def __init__(self, role):
        super().__init__("reader")
        self.role = role


@ForeignObject.register_lookup
@Field.register_lookup
class Among(Lookup):
    """One of a list given in a single parameter, so that its length does not change the query."""

    lookup_name = "among"
    prepare_rhs = False

    def get_db_prep_lookup(self, value, connection):
        return "%s", [_adapted(value)]

    def as_sql(self, compiler, connection):
        lhs, params = self.process_lhs(compiler, connection)
        rhs, given = self.process_rhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{lhs} = ANY({rhs})", [*params, *given]
        return f"{lhs} IN (SELECT value FROM json_each({rhs}))", [*params, *given]


class Prepared:
    """`build()` gives the queryset, with a Given in each changing place. `lock`: what PostgreSQL locks the
    rows with; SQLite has one writer at a time."""

    def __init__(self, build, *, lock=""):
        self.build, self.lock = build, lock
        self.compiled = {}

    def all(self, **given):
        """Its rows as a list: instances, or tuples of a values_list."""
        sql, params, read = self.compiled.get(connection.vendor) or self._compile()
        with connection.cursor() as cursor:
            cursor.execute(sql, [_adapted(given[p.name]) if isinstance(p, Given) else p for p in params])
            return read(cursor.fetchall())

    def _compile(self):
        queryset = self.build()
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        if self.lock and connection.vendor == "postgresql":
            sql = f"{sql} {self.lock}"
        columns = [column for column, _sql, _alias in compiler.select]
        converters = compiler.get_converters(columns)
        if queryset.query.values_select:
            make = tuple
        elif compiler.klass_info.get("related_klass_infos") or compiler.annotation_col_map:
            make = _maker_with_related(compiler.klass_info, compiler.select, compiler.annotation_col_map)
        else:
            make = maker(queryset.model, [c.target.attname for c in columns], connection.alias)

        def read(rows):
            rows = compiler.apply_converters(rows, converters) if converters else rows
            return [make(row) for row in rows]

        self.compiled[connection.vendor] = sql, params, read
        return self.compiled[connection.vendor]


def belonging(parents, name, rows):
    """Give each of `parents` those of `rows` that belong to it, as prefetch_related(name) would."""
    if not parents:
        return parents
    relation = parents[0]._meta.get_field(name)
    key, mine = relation.field.attname, {parent.pk: [] for parent in parents}
    for row in rows:
        mine[getattr(row, key)].append(row)
    for parent in parents:
        found = QuerySet(relation.related_model)
        found._result_cache, found._prefetch_done = mine[parent.pk], True
        for row in mine[parent.pk]:
            relation.field.set_cached_value(row, parent)
        parent.__dict__.setdefault("_prefetched_objects_cache", {})[relation.get_accessor_name()] = found
    return parents


def _maker_with_related(found, select, annotated):
    """A function that makes an instance of a row, with what select_related and annotate asked for; as Django
    does."""
    columns, alias = found["select_fields"], connection.alias
    names = [select[index][0].target.attname for index in columns]
    populators = get_related_populators(found, select, alias)

    def make(row):
        instance = found["model"].from_db(alias, names, row[columns[0] : columns[-1] + 1])
        for populator in populators:
            populator.populate(row, instance)
        for name, index in annotated.items():
            instance.__dict__[name] = row[index]
        return instance

    return make


def _adapted(value):
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, int | str):
        return value
    if connection.vendor != "postgresql":
        return json.dumps(list(value))
    # Numbers as a literal, whose type the column gives: the driver looks at each for one that fits them all.
    values = list(value)
    return "{" + ",".join(map(str, values)) + "}" if values and type(values[0]) is int else values
