"""A telephone call while it goes on."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import Contact, Promise

from .fields import Moment, Occurred, text
from .once import OnceForm
from .opening import ASKS, MakingForm, lines, offer_contacts

NEW = "new"


class CallFields(forms.Form):
    """What is taken down of a call, wherever: who, what was said, what was promised, what it tells us."""

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


def taken_down(said):
    """What calling.take_call is told of a call form's `said`."""
    names = ("body", "was_reached", "occurred_at", "contact", "promised", "promised_by", "tried")
    return {name: said[name] for name in names} | {
        "incoming": said["direction"] == "in",
        "asks_for": said["asks_for"] or None,
        "promise_kind": said["promise_kind"] or Promise.Kind.UPDATE,
    }


class CallForm(CallFields, OnceForm):
    """A call about one case, on its page."""

    def __init__(self, *args, case, **kwargs):
        kwargs["initial"] = {"contact": case.contact_id, **kwargs.get("initial", {})}
        super().__init__(*args, case=case, **kwargs)
        offer_contacts(self, case.customer)
        # A page that shows four forms gives the focus to none.
        self.fields["body"].widget.attrs.pop("autofocus", None)

    @property
    def says_more(self):
        """Whether something stands, or is wrong, in what is folded away."""
        names = ("tried", "asks_for", "occurred_at")
        return self.is_bound and any(self[name].value() or self[name].errors for name in names)


class TakeCallForm(CallFields, MakingForm):
    """A call that begins: about which case is found out in it."""

    about = forms.ChoiceField(label=_("About"))

    def __init__(self, *args, customer, cases, may_open, **kwargs):
        super().__init__(*args, **kwargs)
        offer_contacts(self, customer)
        new = [(NEW, _("No case yet: open one"))] if may_open else []
        self.fields["about"].choices = [(case.number, case.subject) for case in cases] + new
