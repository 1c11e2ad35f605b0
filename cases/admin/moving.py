"""Open cases moved to the version on whose page one stands: chosen, looked at, and then confirmed."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases.console import Widgets
from cases.models import SlaPolicyVersion, Team
from cases.states import Priority

from .fields import ReasonField
from .recalculations import number


class WhichCases(forms.Form):
    """The cases that move: by the version they are on, and fewer of them by priority and team."""

    versions = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Open cases on"), queryset=None, widget=Widgets.LongChoices
    )
    priority = forms.TypedChoiceField(
        label=gettext_lazy("Priority"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", gettext_lazy("any")), *Priority.choices],
        widget=Widgets.Choice,
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("Team"),
        required=False,
        queryset=None,
        empty_label=gettext_lazy("any"),
        widget=Widgets.Choice,
    )
    only_matching = forms.BooleanField(
        label=gettext_lazy("Only cases that meet this version’s conditions"),
        required=False,
        widget=Widgets.Switch,
    )

    def __init__(self, data=None, *, version):
        others = SlaPolicyVersion.objects.exclude(published_at=None).exclude(pk=version.pk)
        older = others.filter(policy=version.policy_id)
        super().__init__(data, initial={"versions": [row.pk for row in older]})
        self.fields["versions"].queryset = others.select_related("policy").order_by("policy__name", "-number")
        self.fields["team"].queryset = Team.objects.order_by("name")

    def chosen(self):
        """The arguments that an operation takes."""
        said = self.cleaned_data
        return {
            "from_versions": list(said["versions"]),
            "priority": said["priority"],
            "team": said["team"],
            "only_matching": said["only_matching"],
        }


def in_words(preview):
    """(heading, sentences) of a migrating.Preview."""
    tally = preview.tally
    words = ngettext("%(n)s open case would move.", "%(n)s open cases would move.", preview.cases)
    if preview.is_capped:
        words = _("More than %(n)s open cases would move; of the first of them:")
    said = (
        (
            tally.breached,
            ngettext(
                "%(n)s clock would be breached at once.",
                "%(n)s clocks would be breached at once.",
                tally.breached,
            ),
        ),
        (
            tally.later,
            ngettext("%(n)s clock would get more time.", "%(n)s clocks would get more time.", tally.later),
        ),
        (
            tally.earlier,
            ngettext("%(n)s clock would get less time.", "%(n)s clocks would get less time.", tally.earlier),
        ),
        (
            tally.unchanged,
            ngettext(
                "%(n)s clock would stay as it is.", "%(n)s clocks would stay as they are.", tally.unchanged
            ),
        ),
        (
            preview.stopped,
            ngettext(
                "%(n)s clock would stop: this version does not owe it.",
                "%(n)s clocks would stop: this version does not owe them.",
                preview.stopped,
            ),
        ),
    )
    return words % {"n": number(preview.cases)}, [text % {"n": number(n)} for n, text in said if n]


class MoveForm(forms.Form):
    """The confirmation: their history will show why."""

    change_reason = ReasonField(required=True)
