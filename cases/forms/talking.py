"""What is said on a case: reply, note, call, promise."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import Channel, Promise

from .calling import CallForm
from .fields import Moment, next_full_hour, text
from .once import Files, OnceForm


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
