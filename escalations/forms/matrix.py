"""Which rule would a case get: by its number, or by what it would be."""

from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from cases.admin.described import DescribedCase
from cases.console import Widgets
from cases.models import Team, TriggerKind
from cases.states import Metric, Priority
from escalations.matching import Facts
from escalations.matrix import CONDITIONS, Asked, words_of
from escalations.operations.automatic import facts_of


def _since(days):
    return "" if days is None else ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}


class WhichRule(DescribedCase):
    """A trigger, and a case that is there or what one would be."""

    trigger = forms.ChoiceField(label=_("When"), choices=TriggerKind.choices, widget=Widgets.Choice)
    metric = forms.ChoiceField(
        label=_("Metric"),
        choices=[("", _("none")), *Metric.choices],
        required=False,
        widget=Widgets.Choice,
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"),
        choices=Priority.choices,
        coerce=int,
        empty_value=None,
        required=False,
        widget=Widgets.Choice,
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, required=False, widget=Widgets.Choice
    )
    team = forms.ModelChoiceField(
        label=_("Team"), queryset=None, required=False, empty_label=_("none"), widget=Widgets.Choice
    )
    reopened = forms.IntegerField(
        label=_("Reopened, times"), min_value=0, required=False, widget=Widgets.Number
    )
    reassigned = forms.IntegerField(
        label=_("Reassigned, times"), min_value=0, required=False, widget=Widgets.Number
    )
    days_since = forms.IntegerField(
        label=_("Days since the customer’s last escalation"),
        min_value=0,
        required=False,
        widget=Widgets.Number,
        help_text=_("Empty: there was none."),
    )
    field_order = ("trigger", "metric", "number", "category", "service", "priority", "tier")

    def __init__(self, data=None, *, person):
        super().__init__(data, person=person, initial={"priority": Priority.MEDIUM})
        self.fields["team"].queryset = Team.objects.order_by("name")

    def asked(self):
        """The Asked of a valid form."""
        said = self.cleaned_data
        words = {"trigger": str(TriggerKind(said["trigger"]).label)}
        words["metric"] = str(Metric(said["metric"]).label) if said["metric"] else ""
        if self.case is not None:
            trigger = SimpleNamespace(
                kind=said["trigger"], metric=said["metric"], days_since=said["days_since"]
            )
            facts = facts_of(self.case, trigger)
            seen = {name: getattr(self.case, name, "") for name in CONDITIONS}
            seen["tier"] = self.case.customer.tier
        else:
            facts = self._facts()
            seen = {name: said.get(name) for name in CONDITIONS}
        seen |= {"reopened_at_least": facts.reopened, "reassigned_at_least": facts.reassigned}
        seen["within_days"] = _since(facts.days_since)
        words |= {name: words_of(name, value) for name, value in seen.items()}
        return Asked(facts, words, self.case.number if self.case else "")

    def _facts(self):
        said = self.cleaned_data
        ids = {f"{name}_id": getattr(said[name], "pk", None) for name in ("category", "service", "team")}
        same = ("trigger", "metric", "priority", "tier", "channel", "language")
        counted = {name: said[name] or 0 for name in ("reopened", "reassigned")}
        return Facts(**{name: said[name] for name in same}, **ids, **counted, days_since=said["days_since"])
