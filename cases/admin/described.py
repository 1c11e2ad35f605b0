"""A case to ask the rules about: one there is, by its number, or one that would be, as described."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.console import Widgets
from cases.models import Case, Category, Channel, Service, Tier


class DescribedCase(forms.Form):
    """`case` is the one named, once the form is valid; None where one is only described."""

    number = forms.CharField(
        label=_("Case number"),
        required=False,
        max_length=20,
        widget=Widgets.Text(attrs={"placeholder": "C-20418", "autocomplete": "off"}),
        help_text=_("Empty: a case as described here."),
    )
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=None, required=False, empty_label=_("none"), widget=Widgets.Choice
    )
    service = forms.ModelChoiceField(
        label=_("Service"), queryset=None, required=False, empty_label=_("none"), widget=Widgets.Choice
    )
    tier = forms.ChoiceField(label=_("Tier"), choices=Tier.choices, required=False, widget=Widgets.Choice)
    channel = forms.ChoiceField(
        label=_("Channel"), choices=Channel.choices, required=False, widget=Widgets.Choice
    )

    def __init__(self, data=None, *, person, **kwargs):
        super().__init__(data, **kwargs)
        self.person, self.case = person, None
        self.fields["category"].queryset = Category.objects.order_by("name")
        self.fields["service"].queryset = Service.objects.order_by("name")

    def clean_number(self):
        number = self.cleaned_data["number"].strip()
        if number:
            mine = Case.objects.reachable(self.person, "case.read").numbered(number)
            shown = ("customer", "category", "service", "team", "policy_version__policy")
            self.case = mine.select_related(*shown).first()
            if self.case is None:
                raise forms.ValidationError(_("There is no case of this number that you may read."))
        return number
