"""What the console's pages are made of: facts to read, rules to draft, people within one's reach."""

from django.contrib import messages
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from cases import roles
from cases.console import ConsoleAdmin, HistoryAdmin, TabularInline
from cases.models import Calendar, Case, Person, Team
from cases.views.finding import reading

from .fields import ReasonField, ReasonForm
from .switching import SwitchMany


class Chosen:
    """Who and what may be chosen in a form: no system actor; for people's pages nobody out of reach."""

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        chosen, of_people = db_field.related_model, self.model._meta.model_name in roles.PEOPLE
        if chosen is Person:
            people = (
                Person.objects.reachable(request.user, "people.change")
                if of_people
                else Person.objects.filter(is_system=False)
            )
            kwargs["queryset"] = people.order_by("name")
        elif chosen is Team and of_people and not _everywhere(request):
            kwargs["queryset"] = Team.objects.filter(pk__in=Team.department_of(request.user)).order_by("name")
        elif chosen is Calendar and of_people:
            # One that was never published never opens: nobody works by it.
            kwargs["queryset"] = Calendar.objects.exclude(revision=None).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def _everywhere(request):
    return roles.scope(request.user, "people.change") == roles.Scope.ALL


class ReadOnly:
    """Nothing here is changed by hand: the pages and the engine do it, through operations."""

    def has_add_permission(self, request, *args):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class OfCases:
    """What belongs to a case is for those who may read that case's history."""

    case_path = "case"
    # Facts are many: they come newest first, which an index gives, and in no other order.
    ordering = ("-pk",)
    sortable_by = ()

    def get_queryset(self, request):
        cases = Case.objects.reachable(request.user, "history.read").values("pk")
        found, path = super().get_queryset(request), self.case_path
        if path == "pk":
            return found.filter(pk__in=cases)
        without = (
            Q(**{f"{path}__isnull": True}) if self.model._meta.get_field(path.split("__")[0]).null else Q()
        )
        return (
            found.filter(Q(**{f"{path}__in": cases}) | without)
            if without
            else found.filter(**{f"{path}__in": cases})
        )

    def for_export(self, queryset):
        """Restricted cases stay where each look at them is recorded."""
        if self.case_path == "pk":
            return queryset.filter(is_restricted=False)
        restricted = Q(**{f"{self.case_path}__is_restricted": True})
        # Excluded by what they are, not by a join that would lose what belongs to no case.
        return queryset.exclude(restricted)

    def has_customers_data(self):
        return True

    def get_search_fields(self, request):
        return ("pk",)

    search_help_text = _("A case’s number, such as C-20418")

    def get_search_results(self, request, queryset, search_term):
        if not search_term:
            return queryset, False
        return queryset.filter(
            **{f"{self.case_path}__in": Case.objects.numbered(search_term).values("pk")}
        ), False

    def get_fields(self, request, obj=None):
        """Three a row; what the page adds to the columns comes first."""
        fields = super().get_fields(request, obj)
        added = self.get_readonly_fields(request, obj)
        ordered = [*added, *(field for field in fields if field not in added)]
        return [tuple(ordered[start : start + 3]) for start in range(0, len(ordered), 3)]


def page_link(row, words):
    """A link to the console's own page of `row`."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a class="text-link" href="{}">{}</a>', reverse(name, args=[row.pk]), words)


class FactAdmin(ReadOnly, OfCases, HistoryAdmin):
    """Facts of cases, with their history. An auditor's look at one is recorded as a reading of its case."""

    def get_object(self, request, object_id, from_field=None):
        row = super().get_object(request, object_id, from_field)
        case = row
        for name in [] if self.case_path == "pk" else self.case_path.split("__"):
            case = getattr(case, name, None)
        if case is not None:
            reading(request, case, via="console")
        return row


class PassingAdmin(ReadOnly, OfCases, ConsoleAdmin):
    """Rows that come and go with the work and keep no history."""


class ReadOnlyInline(ReadOnly, TabularInline):
    can_delete = False
    max_num = 0


class ReasonedAdmin(Chosen, HistoryAdmin):
    """A form that asks why."""

    form = ReasonForm
    reason_is_required = False
    # Fields side by side: a row each. Without it they come one below the other, as the model has them.
    layout = ()

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        form.base_fields["change_reason"] = ReasonField(required=change and self.reason_is_required)
        return form

    def get_fields(self, request, obj=None):
        if not self.layout:
            return super().get_fields(request, obj)
        hidden = set(self.get_exclude(request, obj) or ())
        rows = [tuple(field for field in row if field not in hidden) for row in self.layout]
        return [row for row in rows if row]

    def get_fieldsets(self, request, obj=None):
        """The reason comes last, and only where there is something to save."""
        writes = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        fieldsets = [
            (name, {**options, "fields": [field for field in options["fields"] if field != "change_reason"]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        if writes:
            fieldsets[-1][1]["fields"].append("change_reason")
        return fieldsets


class SwitchedAdmin(SwitchMany, ReasonedAdmin):
    """What has no versions takes effect when it is saved: who may only draft proposes it switched off."""

    reason_is_required = True

    def is_in_force(self, obj):
        return obj.is_active

    def has_change_permission(self, request, obj=None):
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or not self.is_in_force(obj) or self.may_switch(request)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self.has_change_permission(request, obj)

    def get_exclude(self, request, obj=None):
        hidden = () if obj or self.may_switch(request) else ("is_active",)
        return [*(super().get_exclude(request, obj) or ()), *hidden]

    def get_readonly_fields(self, request, obj=None):
        shown = () if self.may_switch(request) or obj is None else ("is_active",)
        return [*super().get_readonly_fields(request, obj), *shown]

    def may_switch(self, request):
        return roles.may(request.user, "rules.publish")

    def save_model(self, request, obj, form, change):
        if not change and not self.may_switch(request):
            obj.is_active = False
            messages.info(request, _("Proposed. It takes effect when a manager switches it on."))
        super().save_model(request, obj, form, change)


def everywhere(request):
    """Whether the reader sees the people of all teams."""
    return roles.scope(request.user, "people.read") == roles.Scope.ALL


class Detailed:
    """A list that shows of its rows what is asked for all of them together: of those of a page, and of each
    slice of a file. Its `detailed(queryset)` is a queryset of some rows with what it shows besides their
    columns."""

    def with_details(self, rows):
        found = self.detailed(self.model._default_manager.filter(pk__in=[row.pk for row in rows])).in_bulk()
        for row in rows:
            known = found[row.pk]
            row.__dict__ |= {name: value for name, value in known.__dict__.items() if name != "_state"}
            row._prefetched_objects_cache = getattr(known, "_prefetched_objects_cache", {})
        return rows

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        changelist.result_list = self.with_details(list(changelist.result_list))
        return changelist


class PeopleAdmin(ReasonedAdmin):
    """People and what belongs to them, within the reader's reach; `person_path` leads to whom it is about."""

    person_path = "person"

    def reachable(self, request, action):
        people = Person.objects.reachable(request.user, action).values("pk")
        return super().get_queryset(request).filter(**{f"{self.person_path}__in": people})

    def get_queryset(self, request):
        return self.reachable(request, "people.read")

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (
            obj is None or self.reachable(request, "people.change").filter(pk=obj.pk).exists()
        )

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self.has_change_permission(request, obj)
