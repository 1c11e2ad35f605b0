"""What the customer asks, what is decided on it, the answer, and the complaint profile."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases import decisions
from cases.models import Ask, Cause, Channel, ComplaintProfile, Decision

from .fields import CaseForm, Moment, next_full_hour, text


def euros(label, **kwargs):
    widget = forms.NumberInput(attrs={"step": "0.01", "min": "0.01", "inputmode": "decimal"})
    return forms.DecimalField(label=label, max_digits=12, decimal_places=2, widget=widget, **kwargs)


def longest(model, name):
    return model._meta.get_field(name).max_length


class AskForm(CaseForm):
    text = forms.CharField(
        label=_("What the customer asks for"),
        max_length=longest(Ask, "text"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("one thing, in their words"),
    )
    amount = euros(_("Worth, EUR"), required=False, help_text=_("where it can be said"))


class DecideForm(CaseForm):
    """One decision. Which words it needs follows from its outcome (cases/decisions.py)."""

    use_required_attribute = False

    outcome = forms.ChoiceField(label=_("Decision"), choices=decisions.Outcome.choices)
    part = text(_("Which part is granted"), rows=2)
    grounds = text(
        _("Grounds"), rows=3, help_text=_("specific: what was examined, and why it does not lead there")
    )
    remedies = text(
        _("Outside remedies"), rows=2, help_text=_("where the customer may turn if they disagree")
    )
    customer_said = text(
        _("How the customer withdrew it"), rows=2, help_text=_("when, by what, in what words")
    )
    offer_kind = forms.ChoiceField(
        label=_("Offer"), required=False, choices=[("", _("nothing besides")), *decisions.Offer.choices]
    )
    offer_amount = euros(_("Worth, EUR"), help_text=_("what it costs us"))
    offer_what = forms.CharField(
        label=_("What is offered"),
        max_length=longest(Decision, "offer_what"),
        help_text=_("of money, what for"),
    )
    precedent = forms.CharField(
        label=_("Precedent"),
        max_length=longest(Decision, "precedent"),
        required=False,
        help_text=_("a case’s number, or what it follows"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.is_bound:
            # The operation says which words are needed; those of another outcome were left behind.
            for name in (*decisions.ALLOWED, "offer_amount", "offer_what"):
                self.fields[name].required = False

    def clean(self):
        said = super().clean()
        if "outcome" in said:
            for name in decisions.out_of_place(said):
                said[name] = None if name == "offer_amount" else ""
            # Shown again, it marks as optional only what this outcome does without.
            for name, where in decisions.NEEDED.items():
                self.fields[name].required = said["outcome"] in where
        return said


class ReviewForm(CaseForm):
    """One of two buttons says which; sent without one (by the keyboard), nothing is guessed."""

    APPROVE, SEND_BACK = "approve", "send-back"

    verdict = forms.ChoiceField(
        choices=[(APPROVE, ""), (SEND_BACK, "")],
        widget=forms.HiddenInput,
        required=False,
    )
    reason = text(_("If it goes back, why"), rows=3, required=False)

    def clean(self):
        said = super().clean()
        if not said.get("verdict"):
            raise forms.ValidationError(_("Say which: approve it, or send it back."))
        self.fields["reason"].required = said["verdict"] == self.SEND_BACK  # shown again, it says so
        if said["verdict"] == self.APPROVE and said.get("reason"):
            self.add_error("reason", _("This is a reason to send it back; clear it to approve."))
        return said


class AnswerForm(CaseForm):
    catalogue_cause = forms.ModelChoiceField(
        label=_("Kind of cause"),
        queryset=Cause.objects.in_order(),
        empty_label=_("choose one"),
        help_text=_("for us, to be counted by"),
    )
    cause = text(_("Cause"), rows=3, help_text=_("what went wrong, and why"))
    remedy = text(_("Remedy"), rows=3, help_text=_("what is done about it"))
    due_at = Moment(label=_("By when"))
    turn_to = forms.CharField(
        label=_("Whom to contact until then"), max_length=300, help_text=_("name, and how to reach them")
    )
    channel = forms.ChoiceField(
        label=_("Sent by"), choices=[c for c in Channel.choices if c[0] != Channel.PHONE]
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.fields["catalogue_cause"].queryset.exists():
            # Nobody has written a catalogue.
            del self.fields["catalogue_cause"]


def answer_begun(case, by, now):
    """What an answer begins with: a whole hour tomorrow, and its writer to turn to."""
    usual = case.channel if case.channel != Channel.PHONE else Channel.MAIL
    myself = f"{by.name}, {by.email}" if by.email else by.name
    return {"due_at": next_full_hour(now), "turn_to": myself, "channel": usual}


class ComplaintProfileForm(CaseForm):
    manner = forms.ChoiceField(
        label=_("How it is told"),
        required=False,
        choices=[("", _("not said")), *ComplaintProfile.Manner.choices],
    )
    merit = forms.ChoiceField(
        label=_("Its merit"), required=False, choices=[("", _("not said")), *ComplaintProfile.Merit.choices]
    )
    expectation = text(_("What the customer expects"), rows=2, required=False)
    least_acceptable = text(_("The least they would accept"), rows=2, required=False)
    goal = text(_("Our goal"), rows=2, required=False)
