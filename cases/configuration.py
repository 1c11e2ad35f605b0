"""Who changed which part of the configuration, when, how and why, and what it said before: read from the
history that the database keeps, in as many questions as there are kinds of things on the page."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from django.apps import apps
from django.db.models import CharField, F, OuterRef, Q, Subquery, Value
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from cases import comparing, history, history_pages, roles
from cases.models import Duty, Person
from cases.models.version import Version

A_PAGE = 50
# Jobs about the configuration, which say themselves what they did.
NOT_ASKED = {"recalculation", "backtest"}
# What nobody reads as text.
SECRET = {"password", "last_login"}
ADDED, CHANGED, REMOVED = "+", "~", "-"


@dataclass(frozen=True)
class Asked:
    """What is looked for. `kinds`: labels of models; `subject`: a row of one, with all that belongs to it."""

    kinds: tuple[str, ...]
    subject: tuple[str, int] | None = None
    person: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    page: int = 1


@dataclass(frozen=True)
class Line:
    field: str
    old: str
    new: str


@dataclass
class Change:
    """One row that was written: of which thing, and what was different."""

    kind: str
    pk: int
    model: type
    what: str  # "+", "~", "-"
    name: str = ""
    is_there: bool = False
    lines: list[Line] = field(default_factory=list)


@dataclass
class Deed:
    """What one person did in one go: the rows share when, who, how and why."""

    at: datetime
    who: str
    via: str
    reason: str
    changes: list[Change]


@cache
def kinds(with_people):
    """{label: model} of what managers configure and keeps a history; `with_people`: and of people."""
    wanted = (roles.CONFIGURATION - NOT_ASKED) | (roles.PEOPLE if with_people else set())
    found = [m for m in apps.get_models() if m._meta.model_name in wanted and hasattr(m, "history")]
    return {model._meta.label_lower: model for model in sorted(found, key=lambda m: m._meta.label_lower)}


def open_to(reader):
    """{label: model} of the kinds whose history `reader` may read: people's only who keeps or reads them all,
    as a department's page has its own."""
    if not roles.may(reader, "rules.read"):
        return {}
    return kinds(roles.scope(reader, "people.read") == roles.Scope.ALL)


def changes(asked):
    """([Deed], whether there are more), the latest first."""
    found = _rows(asked)
    is_more = len(found) > A_PAGE
    found = found[:A_PAGE]
    records = _records(found)
    said = _changes(found, records)
    names = dict(Person.objects.filter(pk__in={row["who"] for row in found}).values_list("pk", "name"))
    names |= {actor.pk: names.get(actor.pk, actor.name.title()) for actor in history.SYSTEM_ACTORS}
    deeds, last = [], None
    for row, change in zip(found, said, strict=True):
        key = (row["at"], row["who"], row["via"], row["reason"])
        if key != last:
            who = names.get(row["who"]) or _("number %(id)s") % {"id": row["who"]}
            via = history_pages.VIA.get(row["via"], row["via"])
            deeds.append(Deed(row["at"], who, str(via), row["reason"] or "", []))
            last = key
        deeds[-1].changes.append(change)
    return deeds, is_more


# --- Which rows --------------------------------------------------------------------------------------------


def _rows(asked):
    """The newest entries of all kinds together, one more than a page has: one question."""
    known, parts = kinds(True), []
    for label in asked.kinds:
        model = known[label]
        entries = model.history.model.objects.order_by()
        if model is Duty:
            # What a pattern writes weeks ahead, the pattern tells; not what was done to one of its turns.
            entries = entries.filter(Q(pattern=None) | Q(history_type=CHANGED))
        if asked.subject is not None:
            belongs = _belonging(model, *asked.subject)
            if belongs is None:
                continue
            entries = entries.filter(belongs)
        if asked.person is not None:
            entries = entries.filter(history_user_id=asked.person)
        if asked.since is not None:
            entries = entries.filter(history_date__gte=asked.since)
        if asked.before is not None:
            entries = entries.filter(history_date__lt=asked.before)
        parts.append(
            entries.values(
                # Named so that no column of any model has the name.
                the_kind=Value(label, CharField()),
                the_entry=F("history_id"),
                the_row=F(model._meta.pk.attname),
                the_at=F("history_date"),
                the_who=F("history_user_id"),
                the_via=F("history_via"),
                the_reason=F("history_change_reason"),
                the_what=F("history_type"),
            )
        )
    if not parts:
        return []
    first, *others = parts
    together = first.union(*others, all=True) if others else first
    start = (asked.page - 1) * A_PAGE
    found = together.order_by("-the_at", "the_kind", "-the_entry")[start : start + A_PAGE + 1]
    return [{name.removeprefix("the_"): value for name, value in row.items()} for row in found]


def owner_field(model):
    """The key to what a row of `model` is a part of: a level's version, a version's path, a turn's person."""
    frozen_with = getattr(model, "FROZEN_WITH", "").partition("__")[0]
    if frozen_with:
        return model._meta.get_field(frozen_with)
    names = [f.name for f in model._meta.fields if f.is_relation]
    if issubclass(model, Version):
        whole = [n for n in names if model._meta.get_field(n).remote_field.related_name == "versions"]
        return model._meta.get_field(whole[0]) if whole else None
    if model._meta.model_name in roles.PEOPLE and "person" in names:
        return model._meta.get_field("person")
    return None


def _belonging(model, label, pk):
    """Which entries of `model` are about the row `pk` of the kind `label`, or a part of it; None: none is.

    Parts are found by what they ever belonged to, so that one that was taken away is told of as well.
    """
    if model._meta.label_lower == label:
        return Q(**{model._meta.pk.attname: pk})
    owner = owner_field(model)
    above = _belonging(owner.related_model, label, pk) if owner is not None else None
    if above is None:
        return None
    whose = owner.related_model.history.model.objects.filter(above).order_by()
    return Q(**{f"{owner.attname}__in": whose.values(owner.related_model._meta.pk.attname)})


# --- What they say -----------------------------------------------------------------------------------------


def _records(found):
    """{(kind, entry): (the entry, the one before it of the same row, or None)}: two questions for a kind."""
    records = {}
    for label in {row["kind"] for row in found}:
        model = kinds(True)[label]
        mine = [row["entry"] for row in found if row["kind"] == label]
        table, key = model.history.model.objects, model._meta.pk.attname
        before = table.filter(**{key: OuterRef(key)}, history_id__lt=OuterRef("history_id")).order_by(
            "-history_id"
        )
        shown = list(
            table.filter(history_id__in=set(mine)).annotate(
                forerunner=Subquery(before.values("history_id")[:1])
            )
        )
        older = table.in_bulk([record.forerunner for record in shown if record.forerunner])
        for record in shown:
            records[label, record.history_id] = record, older.get(record.forerunner)
    return records


def _changes(found, records):
    there = _there(found)
    names = _names(records)
    said = []
    for row in found:
        model = kinds(True)[row["kind"]]
        record, older = records[row["kind"], row["entry"]]
        live = there.get((row["kind"], row["row"]))
        change = Change(row["kind"], row["row"], model, row["what"], is_there=live is not None)
        change.name = _name(model, record, live, names)
        if row["what"] != REMOVED:
            change.lines = list(_lines(model, record, older, names))
        said.append(change)
    return said


def _there(found):
    """{(kind, id): the row as it is now} of what is still there."""
    live = {}
    for label in {row["kind"] for row in found}:
        model = kinds(True)[label]
        ids = {row["row"] for row in found if row["kind"] == label}
        for row in model._default_manager.filter(pk__in=ids).select_related(*_chain(model)):
            live[label, row.pk] = row
    return live


def _chain(model):
    """What has to be loaded with a row to name it: whatever it points at, and what that is a part of."""
    names = [f.name for f in model._meta.fields if f.is_relation and f.many_to_one]
    owner, path = owner_field(model), []
    while owner is not None:
        path.append(owner.name)
        names.append("__".join(path))
        owner = owner_field(owner.related_model)
    return names


def _name(model, record, live, names):
    """ "Level 1 of Complaints v2"; of what is gone what its last entry calls itself."""
    if live is None:
        own = getattr(record, "name", "") or getattr(record, "title", "") or getattr(record, "text", "")
        said = str(own) or " ".join(filter(None, (_said(f, record, names) for f in _shown(model)[:3])))
        return said[:80] or str(record.pk)
    owner = owner_field(model)
    if not hasattr(model, "FROZEN_WITH"):
        return str(live)
    return _("%(part)s of %(whole)s") % {"part": live, "whole": getattr(live, owner.name)}


def _shown(model):
    return [f for f in model._meta.concrete_fields if not f.primary_key and f.name not in SECRET]


def _lines(model, record, older, names):
    fields = {f.name for f in record.tracked_fields}
    for column in _shown(model):
        if column.name not in fields:
            continue
        new = _said(column, record, names)
        old = _said(column, older, names) if older is not None else ""
        if new != old:
            yield Line(comparing.label(column), old, new)
    for name in SECRET & fields - {"last_login"}:
        if older is not None and getattr(record, name) != getattr(older, name):
            yield Line(str(capfirst(model._meta.get_field(name).verbose_name)), "", _("changed"))


def _said(column, record, names):
    if column.is_relation:
        pk = getattr(record, column.attname)
        return names.get((column.related_model, pk), str(pk)) if pk is not None else ""
    return comparing.words(record, column)


def _names(records):
    """{(model, id): what it is called} of all that the entries point at: a question for each model."""
    wanted = {}
    for (label, _entry), pair in records.items():
        for column in kinds(True)[label]._meta.concrete_fields:
            if column.is_relation:
                ids = {getattr(record, column.attname, None) for record in pair if record is not None}
                wanted.setdefault(column.related_model, set()).update(ids - {None})
    found = {}
    for model, ids in wanted.items():
        if ids:
            for row in model._default_manager.filter(pk__in=ids).select_related(*_chain(model)):
                found[model, row.pk] = str(row)
    return found
