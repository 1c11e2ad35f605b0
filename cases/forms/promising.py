"""Another date for a promise, and the word to the customer that goes with it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import Channel, Promise

from .fields import CaseForm, Moment, text

NOW, SAID = "now", "said"


class ReplacePromiseForm(CaseForm):
    what = forms.CharField(label=_("What is promised now"), max_length=200)
    due_at = Moment(label=_("By when"))
    kind = forms.ChoiceField(label=_("It is"), choices=Promise.Kind.choices)
    telling = forms.ChoiceField(
        label=_("Word to the customer"),
        choices=[(NOW, _("Send it now")), (SAID, _("It was said already"))],
        initial=NOW,
        widget=forms.RadioSelect,
    )
    channel = forms.ChoiceField(label=_("By"), choices=Channel.choices)
    told_at = Moment(label=_("When it was said"), required=False)
    word = text(_("What the customer reads"), rows=8, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("told_at", "word"):
            self.fields[name].is_conditional = True

    def clean(self):
        said = super().clean()
        if said.get("telling") == NOW:
            said["told_at"] = None
            if not said.get("word", "").strip():
                self.add_error("word", _("Write what the customer is told of it."))
        else:
            said["word"] = ""
            if said.get("told_at") is None and "told_at" not in self.errors:
                self.add_error("told_at", _("Say when the customer was told."))
        said.pop("telling", None)
        return said
