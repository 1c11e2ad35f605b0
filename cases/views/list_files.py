"""Any list of the console as a file: its columns, and all of its rows as they are filtered and sorted."""

from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from html import unescape
from itertools import islice

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from cases import durations, roles, spreadsheets
from cases.operations.reading import list_as_file

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AT_ONCE = 2000  # rows in memory


class ListFiles:
    """For pages of a table: `export/csv/` and `export/xlsx/` beside the list, with the list's own query."""

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [
            path("export/<str:kind>/", self.admin_site.admin_view(self.export), name=name),
            *super().get_urls(),
        ]

    def for_export(self, queryset):
        """What of the list may leave the desk as a file."""
        return queryset

    def with_details(self, rows):
        """Some of its rows, with what the list shows besides their columns."""
        return rows

    def has_customers_data(self):
        """Whether taking the list as a file is a reading that stays in the history."""
        return self.opts.model_name in roles.CUSTOMERS

    def export(self, request, kind):
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind not in ("csv", "xlsx"):
            raise Http404
        listing = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        try:
            shown = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect(listing)
        found = self.for_export(shown.queryset)
        if kind == "xlsx" and found.order_by()[: spreadsheets.MOST_IN_XLSX + 1].count() > (
            spreadsheets.MOST_IN_XLSX
        ):
            words = _(
                "More than %(number)s rows: too many for a spreadsheet. Filter or search for fewer, or take "
                "them as CSV."
            )
            self.message_user(request, words % {"number": f"{spreadsheets.MOST_IN_XLSX:,}"}, level="ERROR")
            return redirect(f"{reverse(listing)}?{request.GET.urlencode()}")
        if self.has_customers_data():
            list_as_file(
                address=request.path, asked=request.GET.urlencode(), by=request.user, now=timezone.now()
            )
        return self._file(kind, shown.list_display, found)

    def _file(self, kind, columns, found):
        columns = [name for name in columns if name != "action_checkbox"]
        rows = _in_this_tongue(_rows(self, columns, found))
        title = str(capfirst(self.opts.verbose_name_plural))
        name = f"{self.opts.model_name}-{timezone.localtime():%Y-%m-%d-%H%M}.{kind}"
        if kind == "xlsx":
            return FileResponse(
                spreadsheets.xlsx(rows, title=title), as_attachment=True, filename=name, content_type=XLSX
            )
        answer = StreamingHttpResponse(spreadsheets.csv_lines(rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _in_this_tongue(rows):
    """The same rows in the language and zone that are in force now, whenever they are asked for: a file is
    written after the page that began it is over."""
    language, zone = translation.get_language(), timezone.get_current_timezone()

    @contextmanager
    def speaking():
        with translation.override(language), timezone.override(zone):
            yield

    def each():
        with speaking():
            yield from rows

    return each()


def _rows(pages, columns, found):
    yield [capfirst(str(label_for_field(name, pages.model, model_admin=pages))) for name in columns]
    rows = found.iterator(chunk_size=AT_ONCE)
    while some := list(islice(rows, AT_ONCE)):
        for row in pages.with_details(some):
            yield [_value(name, row, pages) for name in columns]


def _value(name, row, pages):
    """What the list shows, as a value: numbers, dates and times stay what they are."""
    try:
        field, _attribute, value = lookup_field(name, row, pages)
    except ObjectDoesNotExist:
        return None
    if field is not None and value is not None:
        if field.flatchoices:
            return str(dict(field.flatchoices).get(value, value))
        if field.name.endswith("_seconds"):
            return durations.word(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or isinstance(value, (int, float, Decimal, datetime, date, time)):
        return value
    if isinstance(value, (tuple, list)):
        value = ", ".join(str(part) for part in value)
    if isinstance(value, SafeString):
        return " ".join(unescape(strip_tags(value)).split())
    return str(value)
