"""Two versions of the same thing side by side: what each says, field by field, part by part."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db.models import DecimalField, IntegerField
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from cases import display, durations
from cases.models.calendar import Weekday
from cases.models.version import Version
from cases.states import Metric

# What a version says of itself and not of its subject.
OF_THE_VERSION = {field.name for field in Version._meta.fields}
METRICS = dict(Metric.choices)
SAME, CHANGED, ADDED, REMOVED = "same", "changed", "added", "removed"


@dataclass(frozen=True)
class Line:
    """One field on both sides, in words; an empty text where it says nothing."""

    label: str
    old: str
    new: str

    @property
    def is_changed(self):
        return self.old != self.new


@dataclass(frozen=True)
class Row:
    """A part (a level, a target, a day's hours): on both sides, or on one alone."""

    title: str
    state: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Group:
    """The parts of one kind."""

    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Comparison:
    old: Version
    new: Version
    lines: tuple[Line, ...]
    groups: tuple[Group, ...]

    @property
    def differences(self):
        rows = [row for group in self.groups for row in group.rows]
        return sum(line.is_changed for line in self.lines) + sum(row.state != SAME for row in rows)


def compare(old, new):
    """The Comparison of two versions of one whole. A query for each kind of part, however many there are."""
    model, whole = type(old), whole_of(old)
    fields = [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in OF_THE_VERSION | {whole}
    ]
    groups = [_group(relation, old, new) for relation in _parts_of(model)]
    return Comparison(old, new, _lines(fields, old, new), tuple(groups))


def whole_of(version):
    """The name of the foreign key to what it is a version of."""
    return next(
        field.name
        for field in version._meta.fields
        if field.is_relation and field.remote_field.related_name == "versions"
    )


def _parts_of(model):
    """The relations to what is frozen with a row of `model`, and only with it."""
    for relation in model._meta.related_objects:
        frozen_with = getattr(relation.related_model, "FROZEN_WITH", "")
        if frozen_with.partition("__")[0] == relation.field.name:
            yield relation


def _group(relation, old, new):
    model, owner = relation.related_model, relation.field
    fields = [field for field in model._meta.concrete_fields if not field.primary_key and field != owner]
    inner = list(_parts_of(model))
    rows = (
        model._default_manager.filter(**{f"{owner.name}__in": (old, new)})
        .select_related(*(field.name for field in fields if field.is_relation))
        .prefetch_related(*(relation.get_accessor_name() for relation in inner))
        .order_by(*model.SAME_BY, "pk")
    )
    sides = {old.pk: {}, new.pk: {}}
    order = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in model.SAME_BY)
        sides[getattr(row, owner.attname)][key] = row
        order.setdefault(key, row)
    found = [_row(order[key], sides[old.pk].get(key), sides[new.pk].get(key), fields, inner) for key in order]
    return Group(str(capfirst(model._meta.verbose_name_plural)), tuple(found))


def _row(named, old, new, fields, inner):
    key = [field for field in fields if field.name in type(named).SAME_BY]
    others = [field for field in fields if field not in key]
    lines = (*_lines(others, old, new), *(_inner(relation, old, new) for relation in inner))
    title = " ".join(filter(None, (_title(named, field) for field in key)))
    if old is None or new is None:
        state = ADDED if old is None else REMOVED
        lines = tuple(line for line in lines if line.is_changed)
    else:
        state = CHANGED if any(line.is_changed for line in lines) else SAME
    return Row(title, state, tuple(line for line in lines if line.old or line.new))


def _title(row, field):
    """ "Level 1", "Monday": a bare number is told what it numbers."""
    said = words(row, field)
    is_number = isinstance(field, IntegerField) and not field.flatchoices
    return f"{label(field)} {said}" if is_number else said


def _lines(fields, old, new):
    return tuple(Line(label(field), words(old, field), words(new, field)) for field in fields)


def _inner(relation, old, new):
    """The parts of a part, as one line."""
    name = relation.get_accessor_name()
    said = [
        ", ".join(sorted(str(part) for part in getattr(row, name).all())) if row else "" for row in (old, new)
    ]
    return Line(str(capfirst(relation.related_model._meta.verbose_name_plural)), *said)


def label(field):
    """A column says in its name in what it counts; here the value says it."""
    name, counts = str(field.verbose_name), field.name.endswith("_seconds") or isinstance(field, DecimalField)
    return capfirst(name.partition(",")[0] if counts else name)


def words(row, field):
    """What `row` (or None) says in `field`, in the reader's words."""
    if row is None:
        return ""
    value = getattr(row, field.name)
    if value in (None, ""):
        return ""
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if field.name.endswith("_seconds"):
        return durations.word(value)
    if isinstance(value, Decimal):
        return display.money(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, time):
        return date_format(value, "H:i")
    if field.name == "weekdays":
        return ", ".join(str(Weekday(int(day)).label) for day in value)
    if isinstance(value, list):
        return ", ".join(str(METRICS.get(part, part)) for part in value)
    return str(value)
