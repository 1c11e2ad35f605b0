"""A new case."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import Category, Channel, Contact, Service
from cases.priorities import Weight

from .fields import Moment, say_what_is_needed, text


class NewCaseForm(forms.Form):
    """A case of one customer, who was chosen before."""

    contact = forms.ModelChoiceField(
        label=_("Who came to us"), queryset=Contact.objects.none(), required=False, empty_label=_("not known")
    )
    channel = forms.ChoiceField(label=_("By"), choices=Channel.choices)
    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = text(_("What the customer says"), rows=6, help_text=_("in their words"))
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.filter(is_active=True).order_by("name"),
        required=False,
        empty_label=_("not known yet"),
    )
    service = forms.ModelChoiceField(
        label=_("Service"), queryset=Service.objects.none(), required=False, empty_label=_("none")
    )
    impact = forms.TypedChoiceField(
        label=_("Impact"), choices=Weight.choices, coerce=int, initial=Weight.MEDIUM
    )
    urgency = forms.TypedChoiceField(
        label=_("Urgency"), choices=Weight.choices, coerce=int, initial=Weight.MEDIUM
    )
    received_at = Moment(label=_("When they came"))
    reference = forms.CharField(label=_("Reference elsewhere"), max_length=80, required=False)
    restricted_because = forms.CharField(
        label=_("Restricted, because"),
        max_length=200,
        required=False,
        help_text=_("only you and its owner will see it; leave it empty otherwise"),
    )

    def __init__(self, *args, customer, now, **kwargs):
        kwargs["initial"] = {"received_at": now, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        say_what_is_needed(self)
        self.fields["contact"].queryset = customer.contacts.filter(is_active=True).order_by("name")
        self.fields["service"].queryset = (
            Service.objects.filter(subscriptions__customer=customer).distinct().order_by("name")
        )
