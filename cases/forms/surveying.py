"""The one question to a customer."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models.survey import BEST
from cases.operations.surveying import LONGEST

from .fields import say_what_is_needed

ENDS = {1: _("not content at all"), BEST: _("very content")}


class SurveyForm(forms.Form):
    score = forms.TypedChoiceField(
        label=_("From 1 to 5"),
        choices=[(n, n) for n in range(1, BEST + 1)],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of the numbers from 1 to 5.")},
    )
    comment = forms.CharField(
        label=_("What would you like to tell us?"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": LONGEST}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        say_what_is_needed(self)
        self.fields["score"].error_messages["required"] = _("Choose one of the numbers from 1 to 5.")
