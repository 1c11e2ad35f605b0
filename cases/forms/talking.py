"""What is said on a case: reply, note, call, promise."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models import Channel, Contact, Promise

from .calling import CallForm
from .fields import Moment, Occurred, next_full_hour, text
from .once import Files, OnceForm
from .opening import ASKS


class ReplyForm(OnceForm):
    body = text(_("Reply"), rows=3)
    files = Files(label=_("Files"))
    signed = forms.BooleanField(label=_("Sign it"), required=False, initial=True)
    channel = forms.ChoiceField(label=_("By"), choices=[c for c in Channel.choices if c[0] != Channel.PHONE])

    def __init__(self, *args, case, **kwargs):
        usual = case.channel if case.channel != Channel.PHONE else Channel.MAIL
        super().__init__(*args, case=case, initial={"channel": usual}, **kwargs)


class NoteForm(OnceForm):
    body = text(_("Internal note"), rows=3)
    files = Files(label=_("Files"))


class ReceivedForm(OnceForm):
    """What the customer wrote or left for us, that did not come in by itself."""

    channel = forms.ChoiceField(
        label=_("How it came"),
        choices=[
            (Channel.MAIL, _("mail or letter")),
            (Channel.WEB, Channel.WEB.label),
            (Channel.CHAT, Channel.CHAT.label),
            (Channel.PHONE, _("a message on the phone")),
        ],
    )
    contact = forms.ModelChoiceField(label=_("From"), queryset=Contact.objects.none(), required=False)
    occurred_at = Occurred(label=_("When it came"))
    body = text(_("What the customer says"), rows=6, help_text=_("in their words"))
    files = Files(label=_("Files"))
    asks_for = forms.ChoiceField(
        label=_("Asked for or showed"),
        required=False,
        choices=[("", _("nothing special")), *((k.value, k.label) for k in ASKS)],
    )

    def __init__(self, *args, case, **kwargs):
        kwargs.setdefault("initial", {"channel": case.channel, "contact": case.contact_id})
        super().__init__(*args, case=case, **kwargs)
        self.fields["contact"].queryset = Contact.objects.filter(
            Q(is_active=True) | Q(pk=case.contact_id), customer=case.customer_id
        ).order_by("name", "pk")
        self.fields["contact"].empty_label = _("not known")


class PromiseForm(OnceForm):
    what = forms.CharField(label=_("What was promised"), max_length=200)
    due_at = Moment(label=_("By when"))
    kind = forms.ChoiceField(label=_("It is"), choices=Promise.Kind.choices)
    channel = forms.ChoiceField(label=_("Told by"), choices=Channel.choices)


def composer(case, now):
    """The empty forms at the foot of the conversation, by name."""
    return {
        "reply_form": ReplyForm(case=case, prefix="reply"),
        "note_form": NoteForm(case=case, prefix="note"),
        "call_form": CallForm(case=case, prefix="call"),
        "promise_form": PromiseForm(case=case, prefix="promise", initial={"due_at": next_full_hour(now)}),
    }
