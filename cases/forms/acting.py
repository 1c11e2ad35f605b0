"""What is done to a case: pause, assign, set the priority, and what wants no more than a reason."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import PauseReason, Person, Team
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
