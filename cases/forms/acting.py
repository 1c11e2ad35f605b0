"""What is done to a case: pause, assign, set the priority, and what wants no more than a reason."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import Party, PauseReason, Person, Team
from cases.states import Priority

from .fields import CaseForm, Moment, text


class PauseForm(CaseForm):
    reason = forms.ModelChoiceField(
        label=_("Reason"),
        queryset=PauseReason.objects.filter(is_active=True).order_by("name"),
        empty_label=None,
    )
    expected_end_at = Moment(label=_("Expected to end"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)


class AssignForm(CaseForm):
    team = forms.ModelChoiceField(
        label=_("Team"),
        queryset=Team.objects.filter(is_active=True).order_by("name"),
        required=False,
        empty_label=_("none: unrouted"),
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=Person.objects.working().order_by("name"),
        required=False,
        empty_label=_("nobody yet"),
    )
    reason = text(_("Why"), rows=2, help_text=_("one sentence is enough"))


class PriorityForm(CaseForm):
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Priority.choices, coerce=int)
    reason = text(_("Why"), rows=2)


class ReasonForm(CaseForm):
    reason = text(_("Why"), rows=4)


class RestrictForm(CaseForm):
    reason = forms.CharField(
        label=_("Why"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("those named on it, and auditors, read it"),
    )


class PartyForm(CaseForm):
    person = forms.ModelChoiceField(
        label=_("Who"), queryset=Person.objects.working().order_by("name"), empty_label=_("choose one")
    )
    kind = forms.ChoiceField(
        label=_("As"),
        choices=[(kind.value, kind.label) for kind in (Party.Kind.ACCESS, Party.Kind.SUBJECT)],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label=_("Why"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
