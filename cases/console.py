"""The managers' console: what all its pages have in common. The only file that knows Unfold.

The forms write in the ordinary way; the middleware signs it and the database keeps the history. Who may do
what is asked of the one table of roles, through the person's own `has_perm`.
"""

from functools import wraps

from csp.constants import SELF, UNSAFE_EVAL
from csp.decorators import csp_update
from django import forms
from django.contrib.admin import ShowFacets
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import DateField, DateTimeField, TextField, TimeField
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject, cached_property
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold import admin as unfold
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import PaginationInlineFormSet as InlineFormSet
from unfold.sites import UnfoldAdminSite
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminTimeWidget,
    UnfoldBooleanSwitchWidget,
)

from cases import history_pages
from cases.choices import time_zone_choices
from cases.display import zone_city
from cases.views.list_files import ListFiles

__all__ = [
    "PRIMARY",
    "ConsoleAdmin",
    "ConsoleSite",
    "DayField",
    "HistoryAdmin",
    "InlineFormSet",
    "MomentField",
    "StackedInline",
    "TabularInline",
    "action",
    "display",
    "Widgets",
]

PRIMARY = ActionVariant.PRIMARY


# After Django's own pickers, which know no keyboard.
PICKERS = [
    "admin/js/core.js",
    "admin/js/calendar.js",
    "admin/js/admin/DateTimeShortcuts.js",
    "desk/js/pickers.js",
]


class Day(UnfoldAdminDateWidget):
    class Media:
        js = PICKERS


class TimeOfDay(UnfoldAdminTimeWidget):
    """Hours and minutes; seconds only where there are some, so that saving does not lose them."""

    class Media:
        js = PICKERS

    def format_value(self, value):
        said = super().format_value(value)
        return said.removesuffix(":00") if said and said.count(":") == 2 else said


class Moment(UnfoldAdminSplitDateTimeWidget):
    """A day and a time of the reader's zone, which the page names beside them."""

    class Media:
        js = PICKERS

    def __init__(self, attrs=None):
        super().__init__(attrs)
        self.widgets[0] = Day(attrs={"placeholder": _("Date")})
        self.widgets[1] = TimeOfDay(attrs={"placeholder": pgettext_lazy("of a day", "Time")})

    def render(self, name, value, attrs=None, renderer=None):
        whose = gettext("times of %(zone)s") % {"zone": zone_city(timezone.get_current_timezone_name())}
        fields = super().render(name, value, attrs, renderer)
        return format_html('{}<p class="moment-zone">{}</p>', fields, whose)


class Widgets:
    """The console's own inputs, by what they are for."""

    Boxes = UnfoldAdminCheckboxSelectMultipleWidget
    Choice = UnfoldAdminSelectWidget
    Day = Day
    File = UnfoldAdminFileFieldWidget
    Lines = UnfoldAdminTextareaWidget
    LongChoice = UnfoldAdminSelect2Widget
    LongChoices = UnfoldAdminSelect2MultipleWidget
    Moment = Moment
    Number = UnfoldAdminIntegerFieldWidget
    Password = UnfoldAdminPasswordWidget
    Switch = UnfoldBooleanSwitchWidget
    Text = UnfoldAdminTextInputWidget


# Either way of writing is read in every language, whatever else is.
NO_DAY = _("This is no day that is read here; write year, month and day, such as 2026-04-30.")
NO_TIME = _("This is no time that is read here; write hours and minutes of 24 hours, such as 14:30.")


class DayField(forms.DateField):
    widget = Widgets.Day
    default_error_messages = {"invalid": NO_DAY}


class TimeOfDayField(forms.TimeField):
    widget = TimeOfDay
    default_error_messages = {"invalid": NO_TIME}


class MomentField(forms.SplitDateTimeField):
    widget = Widgets.Moment
    default_error_messages = {"invalid_date": NO_DAY, "invalid_time": NO_TIME}

    def get_bound_field(self, form, field_name):
        """Its two inputs stand below one label, which belongs to neither: each is named by it."""
        bound = super().get_bound_field(form, field_name)
        for part in self.widget.widgets:
            part.attrs["aria-label"] = f"{bound.label}, {part.attrs['placeholder']}"
        return bound


class ConsoleSite(UnfoldAdminSite):
    """Enters by the product's one door; its pages alone permit what Unfold's scripts need."""

    index_title = _("Console")

    def admin_view(self, view, cacheable=False):
        inner = super().admin_view(view, cacheable)

        @csp_update({"script-src": [SELF, UNSAFE_EVAL]})
        @wraps(inner)
        def guarded(request, *args, **kwargs):
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return inner(request, *args, **kwargs)

        return guarded

    def get_app_list(self, request, app_label=None):
        """Asked for by every page and drawn by two; to make it is a third of what a page costs."""
        return SimpleLazyObject(lambda: super(ConsoleSite, self).get_app_list(request, app_label))

    def login(self, request, extra_context=None):
        return redirect_to_login(
            request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index", current_app=self.name)
        )


class CappedPaginator(Paginator):
    """Counts so many rows and no further, however long the table is: whoever wants others filters.

    Along the primary key, as the lists of facts are read: without an order a database that expects few rows
    of a join reads all of what it joins, side by side.
    """

    CAP = 1000
    template_name = "admin/capped_pagination.html"

    @cached_property
    def count(self):
        return self.object_list.order_by("-pk")[: self.CAP].count()

    @property
    def is_capped(self):
        return self.count == self.CAP


class Fields:
    """Form fields of pages and of the rows in them."""

    formfield_overrides = {
        DateField: {"form_class": DayField, "widget": DayField.widget},
        DateTimeField: {"form_class": MomentField, "widget": MomentField.widget},
        TimeField: {"form_class": TimeOfDayField, "widget": TimeOfDayField.widget},
    }

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "time_zone":
            kwargs["widget"] = Widgets.LongChoice(choices=time_zone_choices())
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(db_field, TextField):
            field.widget.attrs["rows"] = 3
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # Each thing is made on its own page, where its checks and its reason are.
            for can in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{can}_related", False)
        return field

    def has_delete_permission(self, request, obj=None):
        return not getattr(self.model, "KEPT", False) and super().has_delete_permission(request, obj)


class TabularInline(Fields, unfold.TabularInline):
    extra = 0
    hide_title = True

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Named by itself: whoever sees the table has the head of the column, whoever hears it has not."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs.setdefault("aria-label", field.label)
        return field


class StackedInline(Fields, unfold.StackedInline):
    extra = 0


class ConsoleAdmin(ListFiles, Fields, unfold.ModelAdmin):
    """A table with its pages: no unbounded count, no bulk deletion, no second record beside the history."""

    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 200
    compressed_fields = False
    is_in_index = True
    # Why there is none, where nobody adds rows by hand.
    nothing_yet = _("The desk writes it down by itself, as soon as it happens.")
    # What columns are called here that were made for programs and are named after them.
    words = {}

    def __init__(self, model, admin_site):
        super().__init__(model, admin_site)
        for name, word in self.words.items():
            # The name that people read is no part of the table: what migrations compare is left as it is.
            model._meta.get_field(name).verbose_name = word

    def delete_view(self, request, object_id, extra_context=None):
        """Says of what is in use whether it could be switched off instead."""
        switch = any(field.name == "is_active" for field in self.opts.fields)
        return super().delete_view(request, object_id, {**(extra_context or {}), "switch": switch})

    def get_actions(self, request):
        return {}

    def get_model_perms(self, request):
        """What is a part of something else has pages, but no place in the index."""
        return super().get_model_perms(request) if self.is_in_index else {}

    def log_addition(self, request, obj, message):
        """The database writes the history; a second record could only differ from it. So below."""

    def log_change(self, request, obj, message):
        pass

    def log_deletions(self, request, queryset):
        pass


class HistoryAdmin(SimpleHistoryAdmin, ConsoleAdmin):
    """A table with a history, which may be read by whoever may read the row, and never written."""

    object_history_list_template = "admin/history_list.html"
    history_list_per_page = 50

    def get_urls(self):
        # simple-history's page of one entry writes the old values back when it is posted to.
        writes_back = f"{self.opts.app_label}_{self.opts.model_name}_simple_history"
        return [url for url in super().get_urls() if url.name != writes_back]

    def history_view(self, request, object_id, extra_context=None):
        history_pages.require_visible(self, request, object_id)
        return super().history_view(request, object_id, extra_context)

    def get_history_queryset(self, request, history_manager, pk_name, object_id):
        return (
            super().get_history_queryset(request, history_manager, pk_name, object_id).order_by("-history_id")
        )

    def set_history_delta_changes(self, request, historical_records, foreign_keys_are_objs=True):
        history_pages.describe(self.model, historical_records)

    def history_view_title(self, request, obj):
        return _("History of %(what)s") % {"what": obj}
