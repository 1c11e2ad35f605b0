"""Begin a new version of a calendar, a policy or a path: a draft, empty or copied from a version there is."""

from django.db.models import Max
from django.utils.translation import gettext as _

from cases import history


def first_draft(*, of, by, now, reason=""):
    """The first, empty version of something new (`of`: whatever has `versions`)."""
    with history.acting(by=by, reason=reason or _("draft begun"), now=now):
        return _number(of.versions.model(**{of.versions.field.name: of}), of)


def draft_from(*, version, by, now, of=None, reason=""):
    """A draft that says what `version` says, with all its parts; it takes effect when it is published.

    `of`: whatever else it is to be a version of.
    """
    words = _("draft begun from version %(number)d") % {"number": version.number}
    with history.acting(by=by, reason=reason or words, now=now):
        field = next(
            f for f in version._meta.fields if f.is_relation and f.remote_field.related_name == "versions"
        )
        whole = of or getattr(version, field.name)
        cleared = {"published_at": None, "published_by": None, "effective_at": None, "note": ""}
        draft = _copy(version, **{field.name: whole}, **cleared)
        _number(draft, whole)
        _copy_parts(version, draft)
        return draft


def _number(draft, whole):
    """Save `draft` under the next number; two who begin one at once wait for each other."""
    type(whole)._default_manager.select_for_update(no_key=True).get(pk=whole.pk)
    draft.number = (whole.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    draft.save()
    return draft


def _copy(row, **changes):
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    copy = type(row)(**values)
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy


def _copy_parts(row, copy):
    """What is frozen with `row` belongs to it, and so do the parts of those parts."""
    for relation in row._meta.related_objects:
        frozen_with = getattr(relation.related_model, "FROZEN_WITH", "")
        if frozen_with.partition("__")[0] != relation.field.name:
            continue
        for part in relation.related_model._default_manager.filter(**{relation.field.name: row}).order_by(
            "pk"
        ):
            part_copy = _copy(part, **{relation.field.name: copy})
            part_copy.save()
            _copy_parts(part, part_copy)
