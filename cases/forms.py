"""What people may send about a case. Each form holds the words for one operation; the operation decides."""

from datetime import timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Category, Channel, Contact, PauseReason, Person, Promise, Service, Team, TriggerKind
from cases.priorities import Weight
from cases.states import Priority

LONGEST = 20_000
# What a customer may ask for or show in a call, as RULES 4 lists it.
ASKS = [
    TriggerKind.ASKED_SUPERVISOR,
    TriggerKind.ASKED_OTHER_AGENT,
    TriggerKind.THREAT,
    TriggerKind.SAFETY,
    TriggerKind.VULNERABLE,
]


NEEDED = _("Still empty; this is needed.")


def say_what_is_needed(form):
    """An empty field is refused in words that say what is wrong, not in a library's."""
    for field in form.fields.values():
        field.error_messages["required"] = NEEDED


def text(label, rows=4, **kwargs):
    return forms.CharField(
        label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": rows}), **kwargs
    )


class Moment(forms.DateTimeField):
    """An instant typed in the reader's own zone."""

    def __init__(self, **kwargs):
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": 60}, format="%Y-%m-%dT%H:%M")
        kwargs.setdefault("help_text", _("in your own time zone"))
        super().__init__(widget=widget, **kwargs)


class CaseForm(forms.Form):
    """A form about one case as its sender saw it: refused when somebody changed the case since."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, case, **kwargs):
        self.case = case
        kwargs.setdefault("initial", {})
        kwargs["initial"] = {"revision": case.revision, **kwargs["initial"]}
        super().__init__(*args, **kwargs)
        say_what_is_needed(self)


class ReplyForm(CaseForm):
    body = text(_("Reply"), rows=3)
    channel = forms.ChoiceField(label=_("By"), choices=[c for c in Channel.choices if c[0] != Channel.PHONE])

    def __init__(self, *args, case, **kwargs):
        usual = case.channel if case.channel != Channel.PHONE else Channel.MAIL
        super().__init__(*args, case=case, initial={"channel": usual}, **kwargs)


class NoteForm(CaseForm):
    body = text(_("Internal note"), rows=3)


class CallForm(CaseForm):
    body = text(_("What was said"), rows=3)
    direction = forms.ChoiceField(
        label=_("Who called"), choices=[("in", _("the customer")), ("out", _("we did"))]
    )
    was_reached = forms.BooleanField(label=_("Somebody was reached"), required=False, initial=True)
    occurred_at = Moment(label=_("When"))
    asks_for = forms.ChoiceField(
        label=_("Asked for or showed"),
        required=False,
        choices=[("", _("nothing special")), *((k.value, k.label) for k in ASKS)],
    )


class PromiseForm(CaseForm):
    what = forms.CharField(label=_("What was promised"), max_length=200)
    due_at = Moment(label=_("By when"))
    kind = forms.ChoiceField(label=_("It is"), choices=Promise.Kind.choices)
    channel = forms.ChoiceField(label=_("Told by"), choices=Channel.choices)


class PauseForm(CaseForm):
    reason = forms.ModelChoiceField(
        label=_("Reason"),
        queryset=PauseReason.objects.filter(is_active=True).order_by("name"),
        empty_label=None,
    )
    expected_end_at = Moment(label=_("Expected to end"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)


class AssignForm(CaseForm):
    team = forms.ModelChoiceField(
        label=_("Team"),
        queryset=Team.objects.filter(is_active=True).order_by("name"),
        required=False,
        empty_label=_("none: unrouted"),
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=Person.objects.working().order_by("name"),
        required=False,
        empty_label=_("nobody yet"),
    )
    reason = text(_("Why"), rows=2, help_text=_("one sentence is enough"))


class PriorityForm(CaseForm):
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Priority.choices, coerce=int)
    reason = text(_("Why"), rows=2)


class ReasonForm(CaseForm):
    reason = text(_("Why"), rows=4)


class NewCaseForm(forms.Form):
    """A case of one customer, who was chosen before."""

    contact = forms.ModelChoiceField(
        label=_("Who came to us"), queryset=Contact.objects.none(), required=False, empty_label=_("not known")
    )
    channel = forms.ChoiceField(label=_("By"), choices=Channel.choices)
    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = text(_("What the customer says"), rows=6, help_text=_("in their words"))
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.filter(is_active=True).order_by("name"),
        required=False,
        empty_label=_("not known yet"),
    )
    service = forms.ModelChoiceField(
        label=_("Service"), queryset=Service.objects.none(), required=False, empty_label=_("none")
    )
    impact = forms.TypedChoiceField(
        label=_("Impact"), choices=Weight.choices, coerce=int, initial=Weight.MEDIUM
    )
    urgency = forms.TypedChoiceField(
        label=_("Urgency"), choices=Weight.choices, coerce=int, initial=Weight.MEDIUM
    )
    received_at = Moment(label=_("When they came"))
    reference = forms.CharField(label=_("Reference elsewhere"), max_length=80, required=False)
    restricted_because = forms.CharField(
        label=_("Restricted, because"),
        max_length=200,
        required=False,
        help_text=_("only you and its owner will see it; leave it empty otherwise"),
    )

    def __init__(self, *args, customer, now, **kwargs):
        kwargs["initial"] = {"received_at": now, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        say_what_is_needed(self)
        self.fields["contact"].queryset = customer.contacts.filter(is_active=True).order_by("name")
        self.fields["service"].queryset = (
            Service.objects.filter(subscriptions__customer=customer).distinct().order_by("name")
        )


def composer(case, now):
    """The empty forms at the foot of the conversation, by name."""
    return {
        "reply_form": ReplyForm(case=case, prefix="reply"),
        "note_form": NoteForm(case=case, prefix="note"),
        "call_form": CallForm(case=case, prefix="call", initial={"occurred_at": now}),
        "promise_form": PromiseForm(case=case, prefix="promise", initial={"due_at": next_full_hour(now)}),
    }


def next_full_hour(now):
    """A whole hour at least one hour ahead, in the reader's zone."""
    return timezone.localtime(now).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
