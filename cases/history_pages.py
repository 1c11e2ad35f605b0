"""What the console's history pages show: to whom, who acted, how, and what changed."""

from django.contrib.admin.utils import unquote
from django.http import Http404
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.template_utils import HistoricalRecordContextHelper

from cases.models import Person

VIA = {
    "page": gettext_lazy("page"),
    "console": gettext_lazy("console"),
    "api": gettext_lazy("API"),
    "engine": gettext_lazy("engine"),
    "program": gettext_lazy("program"),
    "migration": gettext_lazy("migration"),
}
UNSAID = ("", None)


def require_visible(model_admin, request, object_id):
    """Raises Http404 for a row that this reader may not see: its history would tell what it says.

    What was deleted keeps a readable history, unless it belonged to a case (`case_path`).
    """
    if model_admin.get_object(request, unquote(object_id)) is not None:
        return
    there = model_admin.model._default_manager
    if getattr(model_admin, "case_path", None) is not None or there.filter(pk=unquote(object_id)).exists():
        raise Http404


def describe(model, records):
    """Set `who`, `via` and `changes` on a page of history rows, newest first; actors are ids."""
    records = list(records)
    names = dict(Person.objects.filter(pk__in={r.history_user_id for r in records}).values_list("pk", "name"))
    for record, older in zip(records, [*records[1:], _before(model, records)], strict=False):
        record.who = names.get(record.history_user_id) or _("number %(id)s") % {"id": record.history_user_id}
        record.via = VIA.get(record.history_via, record.history_via)
        record.changes = _first_values(model, record) if older is None else _changes(model, record, older)


def _before(model, records):
    """The row just before the page's oldest, so that its changes show as well."""
    oldest = records[-1] if records else None
    if oldest is None or oldest.history_type == "+":
        return None
    same = model.history.filter(**{model._meta.pk.attname: getattr(oldest, model._meta.pk.attname)})
    return same.filter(history_id__lt=oldest.history_id).order_by("-history_id").first()


def _changes(model, record, older):
    if record.history_type == "-":
        return []
    delta = record.diff_against(older, foreign_keys_are_objs=True)
    return HistoricalRecordContextHelper(model, record).context_for_delta_changes(delta)


def _first_values(model, record):
    tracked = [field for field in record.tracked_fields if not field.primary_key]
    said = [(field, _value(record, field)) for field in tracked]
    return [
        {"field": capfirst(field.verbose_name), "old": "", "new": value}
        for field, value in said
        if value not in UNSAID
    ]


def _value(record, field):
    if field.choices:
        return getattr(record, f"get_{field.name}_display", lambda: getattr(record, field.attname))()
    if field.is_relation:
        return getattr(record, field.name, None)
    return getattr(record, field.attname)
