"""People and what they keep: each within the reach of whoever looks after them."""

from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases import loads, queues, roles
from cases.console import ConsoleAdmin, TabularInline, Widgets, display
from cases.models import (
    DoneTogether,
    Membership,
    NoticeKind,
    Person,
    PersonPreference,
    PersonSkill,
    SavedView,
    Team,
)

from .absences import AbsenceInline
from .bases import Chosen, Detailed, PeopleAdmin, ReadOnly, everywhere
from .fields import ReasonForm
from .imports import ImportPages
from .leaving import LeavingPages
from .operated import OperatedRows, refusing
from .roles_page import RolePages

# What decides over somebody's power: only who may grant the role changes it, and nobody their own.
POWERS = ("role", "money_limit", "is_active", "username", "email", "manager")


class PersonForm(ReasonForm):
    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        widget=Widgets.Password(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: stays as it is. Somebody without one cannot log in."),
    )

    def clean_username(self):
        username = self.cleaned_data["username"]
        others = Person.objects.filter(username__iexact=username).exclude(pk=self.instance.pk)
        if "username" in self.changed_data and others.exists():
            raise forms.ValidationError(_("Somebody has this username already; choose another one."))
        return username

    def clean_new_password(self):
        password = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password


class PersonPart(Chosen, TabularInline):
    fk_name = "person"


class MembershipInline(PersonPart):
    model = Membership

    def get_queryset(self, request):
        found = super().get_queryset(request)
        return found if everywhere(request) else found.filter(team__in=Team.department_of(request.user))


class SkillInline(PersonPart):
    model = PersonSkill


@admin.register(Person)
class PersonAdmin(LeavingPages, ImportPages, RolePages, Detailed, PeopleAdmin):
    actions_list = (*ImportPages.actions_list, "roles")
    person_path = "pk"
    form = PersonForm
    list_display = ("name", "role", "title", "in_teams", "manager", "owns", "holds", "is_active")
    list_select_related = ("manager",)
    list_filter = ("role", "is_active", "teams", "skills", "language")
    search_fields = ("name", "username", "email", "title")
    autocomplete_fields = ("manager",)
    ordering = ("name", "pk")
    inlines = (MembershipInline, SkillInline, AbsenceInline)
    exclude = ("password", "last_login")
    layout = (
        ("name", "title"),
        ("username", "email"),
        ("role", "money_limit"),
        ("manager", "calendar"),
        ("time_zone", "language"),
        ("new_password", "is_active"),
    )

    def has_add_permission(self, request):
        """Whoever may grant no role can take nobody on."""
        return super().has_add_permission(request) and roles.may_grant(request.user, roles.Role.AGENT)

    def has_delete_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        """Whoever drafts a path may name anybody who works here; their names are no secret."""
        source = request.GET.get("model_name", "")
        if request.path.endswith("/autocomplete/") and source in roles.CONFIGURATION | roles.CUSTOMERS:
            return Person.objects.working().order_by("name")
        return super().get_queryset(request)

    def detailed(self, queryset):
        """With what each has in hand, and their teams."""
        return loads.of_people(queryset).prefetch_related("teams")

    @display(description=_("teams"))
    def in_teams(self, person):
        return ", ".join(team.name for team in person.teams.all()) or "–"

    @display(description=_("owns"))
    def owns(self, person):
        return queues.at_most_enough(person.owns)

    @display(description=_("holds"))
    def holds(self, person):
        return queues.at_most_enough(person.holds)

    def may_grant(self, request, person):
        return person is None or (person != request.user and roles.may_grant(request.user, person.role))

    def get_readonly_fields(self, request, obj=None):
        """Whether somebody works here changes on a page of its own, where what they hold is passed on."""
        return ("is_active",) if self.may_grant(request, obj) else POWERS

    def may_set_password(self, request, person):
        return person != request.user and roles.may(request.user, "settings.change")

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        if not self.may_set_password(request, obj):
            del form.base_fields["new_password"]  # what is not shown is not read either
        return form

    def get_exclude(self, request, obj=None):
        hidden = () if self.may_set_password(request, obj) else ("new_password",)
        new = () if obj else ("is_active",)
        return [*super().get_exclude(request, obj), *hidden, *new]

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        if db_field.name == "role":
            kwargs["choices"] = [
                (role, role.label) for role in roles.Role if roles.may_grant(request.user, role)
            ]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_inlines(self, request, obj):
        """Nobody is away before they are here."""
        return self.inlines if obj else [part for part in self.inlines if part is not AbsenceInline]

    def save_formset(self, request, form, formset, change):
        if isinstance(formset, OperatedRows):
            formset.operate_all(timezone.now())
        else:
            super().save_formset(request, form, formset, change)

    def changeform_view(self, request, *args, **kwargs):
        return refusing(request, super().changeform_view, *args, **kwargs)

    def save_model(self, request, obj, form, change):
        if password := form.cleaned_data.get("new_password"):
            obj.set_password(password)
        elif not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


@admin.register(PersonPreference)
class PersonPreferenceAdmin(ReadOnly, PeopleAdmin):
    """To be read: how somebody works is their own choice, made on their own page."""

    list_display = ("person", "quiet_from", "quiet_until", "quiet_weekend", "quiet_deputy")
    list_select_related = ("person", "quiet_deputy")
    ordering = ("person__name", "pk")
    exclude = ("by_mail",)
    readonly_fields = ("kinds_by_mail",)

    @admin.display(description=_("by mail, otherwise than usual"))
    def kinds_by_mail(self, preference):
        kinds = dict(NoticeKind.choices)
        said = {True: _("%(kind)s: yes"), False: _("%(kind)s: no")}
        chosen = preference.by_mail.items()
        words = (str(said[wanted] % {"kind": kinds.get(kind, kind)}) for kind, wanted in chosen)
        return "; ".join(words) or "–"


class OfPersonAdmin(ReadOnly, ConsoleAdmin):
    """What people keep or did in the workspace, of those whom the reader may see."""

    list_select_related = ("person",)

    def get_queryset(self, request):
        people = Person.objects.reachable(request.user, "people.read").values("pk")
        return super().get_queryset(request).filter(person__in=people)


@admin.register(SavedView)
class SavedViewAdmin(OfPersonAdmin):
    """How somebody likes to look at the queue."""

    list_display = ("name", "person", "team", "query")
    list_select_related = ("person", "team")
    words = {"person": _("person"), "query": _("what it asks for")}


@admin.register(DoneTogether)
class DoneTogetherAdmin(OfPersonAdmin):
    """That it was done. To which cases, each case's history says, to those who may read it."""

    list_display = ("done_at", "person", "what", "undone_at")
    exclude = ("outcomes", "back", "key")
    ordering = ("-pk",)
    sortable_by = ()
