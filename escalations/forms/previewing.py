"""Which case a draft is looked at with: a real one by its number, or one that is only described."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.console import MomentField, Widgets
from cases.models import Case, Category, Person, Tier, TriggerKind
from cases.states import Metric, Priority
from escalations import previewing


class PreviewForm(forms.Form):
    number = forms.CharField(
        label=gettext_lazy("Case"),
        required=False,
        max_length=20,
        widget=Widgets.Text(attrs={"placeholder": "C-20418", "autocomplete": "off"}),
        help_text=gettext_lazy("A real one by its number; or leave this empty and describe one below."),
    )
    trigger = forms.ChoiceField(
        label=gettext_lazy("What happens to it"),
        choices=TriggerKind.choices,
        initial=TriggerKind.TARGET_BREACHED,
        widget=Widgets.Choice,
    )
    metric = forms.ChoiceField(
        label=gettext_lazy("Of which target"),
        required=False,
        choices=[("", gettext_lazy("any")), *Metric.choices],
        widget=Widgets.Choice,
    )
    at = MomentField(label=gettext_lazy("When"))
    category = forms.ModelChoiceField(
        label=gettext_lazy("Category"),
        required=False,
        queryset=Category.objects.none(),
        empty_label=gettext_lazy("none"),
        widget=Widgets.Choice,
    )
    priority = forms.TypedChoiceField(
        label=gettext_lazy("Priority"),
        required=False,
        coerce=int,
        empty_value=Priority.MEDIUM,
        choices=Priority.choices,
        initial=Priority.MEDIUM,
        widget=Widgets.Choice,
    )
    tier = forms.ChoiceField(
        label=gettext_lazy("The customer’s tier"),
        required=False,
        choices=[("", gettext_lazy("none")), *Tier.choices],
        widget=Widgets.Choice,
    )
    account_manager = forms.ModelChoiceField(
        label=gettext_lazy("The customer’s account manager"),
        required=False,
        queryset=Person.objects.none(),
        empty_label=gettext_lazy("nobody"),
        widget=Widgets.Choice,
    )
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Owner"),
        required=False,
        queryset=Person.objects.none(),
        empty_label=gettext_lazy("nobody"),
        widget=Widgets.Choice,
    )

    def __init__(self, data=None, *, person, now):
        super().__init__(data, initial={"at": timezone.localtime(now).replace(second=0, microsecond=0)})
        self.person = person
        self.fields["category"].queryset = Category.objects.filter(is_active=True).order_by("name")
        for name in ("account_manager", "owner"):
            self.fields[name].queryset = Person.objects.working().order_by("name")

    def clean_number(self):
        """The Case, or None where one is described."""
        number = self.cleaned_data["number"].strip()
        if not number:
            return None
        found = Case.objects.findable(self.person).numbered(number).select_related("customer").first()
        if found is None:
            raise forms.ValidationError(
                _("There is no case %(number)s; write a number such as C-20418, or leave this empty.")
                % {"number": number}
            )
        return found

    def preview(self, version):
        said = self.cleaned_data
        event = previewing.Event(said["trigger"], said["metric"])
        if said["number"] is not None:
            return previewing.of_case(said["number"], version, event=event, at=said["at"])
        return previewing.of_description(
            version,
            event=event,
            at=said["at"],
            owner_id=said["owner"].pk if said["owner"] else None,
            account_manager_id=said["account_manager"].pk if said["account_manager"] else None,
            category_id=said["category"].pk if said["category"] else None,
            priority=said["priority"],
            tier=said["tier"],
        )
