"""What is done to a case: pause, assign, set the priority, and what wants no more than a reason."""

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models import Category, Contact, Party, PauseReason, Person, Service, Team
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


class CorrectForm(CaseForm):
    """What was written down of a case, as it stands, to be put right."""

    subject = forms.CharField(label=_("Subject"), max_length=200)
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.none(), required=False, empty_label=_("not known yet")
    )
    service = forms.ModelChoiceField(
        label=_("Service"), queryset=Service.objects.none(), required=False, empty_label=_("none")
    )
    contact = forms.ModelChoiceField(
        label=_("Contact"), queryset=Contact.objects.none(), required=False, empty_label=_("not known")
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    reference = forms.CharField(label=_("Reference elsewhere"), max_length=80, required=False)
    reason = text(
        _("Why"), rows=2, required=False, help_text=_("needed where the category or the service changes")
    )

    def __init__(self, *args, case, **kwargs):
        super().__init__(*args, case=case, **kwargs)
        self.fields["reason"].is_conditional = True
        # What the case has stays a choice, whether or not it is given to new ones.
        self.fields["category"].queryset = Category.objects.filter(
            Q(is_active=True) | Q(pk=case.category_id)
        ).order_by("name")
        theirs = Q(subscriptions__customer=case.customer_id) | Q(pk=case.service_id)
        self.fields["service"].queryset = Service.objects.filter(theirs).distinct().order_by("name")
        self.fields["contact"].queryset = Contact.objects.filter(
            Q(is_active=True) | Q(pk=case.contact_id), customer=case.customer_id
        ).order_by("name", "pk")
