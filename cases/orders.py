"""The orders in which a queue may be read, and the keys of the pages in each."""

import json
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from cases.models import Standing


@dataclass(frozen=True)
class Order:
    """`columns` of Standing, "-" before those that descend; the last is the case's id, so that no two rows
    share a key."""

    key: str
    title: Lazy
    columns: tuple
    title_of_first: Lazy  # which end comes first

    def backwards(self):
        return tuple(name[1:] if name.startswith("-") else f"-{name}" for name in self.columns)

    def key_of(self, standing):
        """The key of a row, as a page's address holds it."""
        return json.dumps([_text(standing, name.lstrip("-")) for name in self.columns], ensure_ascii=False)

    def edge(self, text):
        """The values of a key; None for no key and for one that somebody made up."""
        try:
            values = json.loads(text or "null")
            if not isinstance(values, list) or len(values) != len(self.columns):
                return None
            found = [
                _value(name.lstrip("-"), value) for name, value in zip(self.columns, values, strict=True)
            ]
        except (ValueError, ValidationError, OverflowError):
            return None
        return found

    def beyond(self, edge, columns):
        """[Q, …] that together hold what comes after `edge` in `columns`; each a range of one index.

        A row comes after if its first column does, or that is the same and the rest comes after. Where few
        values of the first column are shared by many rows, the two are parted.
        """
        first, rest = columns[0], columns[1:]
        if len(columns) > 2 or first.lstrip("-").startswith("case__"):
            same = Q(**{first.lstrip("-"): edge[0]})
            return [same & _after(rest, edge[1:]), _side(first, edge[0])]
        return [_after(columns, edge)]


def _side(name, value, equal=""):
    return Q(**{f"{name.lstrip('-')}__{'lt' if name.startswith('-') else 'gt'}{equal}": value})


def _after(columns, edge):
    """The range that the first column bounds, within it what comes after the whole key."""
    first, rest = columns[0], columns[1:]
    if not rest:
        return _side(first, edge[0])
    same = Q(**{first.lstrip("-"): edge[0]})
    return _side(first, edge[0], "e") & (_side(first, edge[0]) | same & _after(rest, edge[1:]))


def _field(name):
    first, *rest = name.split("__")
    field = Standing._meta.get_field(first)
    for part in rest:
        field = field.related_model._meta.get_field(part)
    return field


def _text(standing, name):
    value = standing
    for part in name.split("__"):
        value = getattr(value, part)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _value(name, value):
    """A key's value as its column holds it. Raises ValidationError or ValueError for one that fits it not."""
    if name == "case_id":
        if type(value) is not int or not 0 < value < 2**62:
            raise ValueError(value)
        return value
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError(value)
    found = _field(name).to_python(value)
    if hasattr(found, "tzinfo") and timezone.is_naive(found):
        raise ValueError(value)
    return found


ORDERS = {
    order.key: order
    for order in (
        Order("", _("What is owed next"), ("sort_at", "case_id"), _("soonest first")),
        Order("priority", _("Priority"), ("-priority", "sort_at", "case_id"), _("highest first")),
        Order("received", _("Received"), ("-received_at", "-case_id"), _("newest first")),
        Order("customer", _("Customer"), ("case__customer__name", "case_id"), _("by name")),
        Order("changed", _("Last change"), ("-changed_at", "-case_id"), _("latest first")),
    )
}
# What was searched for comes newest case first, whatever it is that was found.
FOUND = Order("found", _("Case"), ("-case_id",), _("newest first"))
