"""A telephone call while it goes on."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import Contact, Promise

from .fields import Moment, Occurred, text
from .opening import MakingForm, lines, offer_contacts
from .talking import ASKS

NEW = "new"


class TakeCallForm(MakingForm):
    """In the order of the conversation: who, about what, what was said, what was promised."""

    contact = forms.ModelChoiceField(
        label=_("Who is on the line"),
        queryset=Contact.objects.none(),
        required=False,
        empty_label=_("not known"),
    )
    direction = forms.ChoiceField(
        label=_("Who called"), choices=[("in", _("the customer")), ("out", _("we did"))]
    )
    was_reached = forms.TypedChoiceField(
        label=_("Reached"),
        choices=[("yes", _("we spoke")), ("no", _("nobody was reached"))],
        coerce=lambda value: value == "yes",
    )
    about = forms.ChoiceField(label=_("About"))
    body = text(_("What was said"), rows=4, focus=True)
    promised = forms.CharField(label=_("What was promised"), max_length=200, required=False)
    promised_by = Moment(label=_("By when"), required=False)
    promise_kind = forms.ChoiceField(
        label=_("It is"), choices=Promise.Kind.choices, required=False, initial=Promise.Kind.UPDATE
    )
    asks_for = forms.ChoiceField(
        label=_("Asked for or showed"),
        required=False,
        choices=[("", _("nothing special")), *((k.value, k.label) for k in ASKS)],
    )
    tried = lines(_("Already tried"))
    occurred_at = Occurred(label=_("When"))

    def __init__(self, *args, customer, cases, may_open, **kwargs):
        super().__init__(*args, **kwargs)
        offer_contacts(self, customer)
        new = [(NEW, _("No case yet: open one"))] if may_open else []
        self.fields["about"].choices = [(case.number, case.subject) for case in cases] + new
