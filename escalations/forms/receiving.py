"""What somebody says who has a case on its ladder, or tries to keep it off one."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.forms import CaseForm, text
from cases.models import Channel, Person
from escalations.models import Option, OptionUse
from escalations.wording import GAP

Outcome = OptionUse.Outcome


class DeclineForm(CaseForm):
    reason = text(_("Why you decline"), rows=3, help_text=_("the next person reads it"))


class AcknowledgeForm(CaseForm):
    """What an automatic handoff left open may be completed with taking it."""

    background = text(_("Background"), rows=3, required=False)
    tried = text(_("Tried so far"), rows=3, required=False)
    next_steps = text(_("Next steps"), rows=2, required=False)


class AskForm(CaseForm):
    text = text(_("What you want to know"), rows=3)


class AnswerForm(CaseForm):
    text = text(_("Your answer"), rows=4, help_text=_("it stands with the handoff"))


class SeverityForm(CaseForm):
    reason = text(_("Why it is more severe"), rows=3, help_text=_("its holder reads it"))


class HandOnForm(CaseForm):
    """`people`: ids of who may get it, in the order in which they are asked."""

    to = forms.ModelChoiceField(label=_("To"), queryset=Person.objects.none(), empty_label=_("choose one"))
    reason = text(_("Why"), rows=3, help_text=_("the next person reads it"))

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = Person.objects.filter(pk__in=people).order_by("name")
        if not people:
            self.fields["to"].help_text = _("nobody else of this level is there now")


def amount(**kwargs):
    return forms.DecimalField(
        label=_("Amount, EUR"), max_digits=12, decimal_places=2, required=False, **kwargs
    )


class OptionForm(CaseForm):
    """One option, tried on the customer. Below `option` stand those of `below` that nobody tried yet."""

    outcome = forms.ChoiceField(label=_("What came of it"), choices=Outcome.choices)
    amount = amount()
    skipped_because = text(_("Why it is skipped"), rows=2, required=False)
    reply = text(_("Word to the customer"), rows=7, required=False)
    channel = forms.ChoiceField(label=_("By"), choices=[c for c in Channel.choices if c[0] != Channel.PHONE])
    note = forms.CharField(label=_("Note"), max_length=300, required=False, help_text=_("for us alone"))

    def __init__(self, *args, option, below=(), **kwargs):
        super().__init__(*args, **kwargs)
        if not option.may_cost:
            del self.fields["amount"]
        elif option.names_an_amount:
            self.fields["amount"].is_conditional = True
        self.fields["skipped_because"].is_conditional = True
        if below:
            names = ", ".join(f"“{row}”" for row in below)
            self.fields["skipped_because"].label = _("Why lower ones are skipped: %(options)s") % {
                "options": names
            }

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("outcome") == Outcome.OFFERED and GAP in cleaned.get("reply", ""):
            self.add_error("reply", _("Fill in the gap %(gap)s before it is sent.") % {"gap": GAP})
        return cleaned


class DeescalateForm(CaseForm):
    """What settled it: an option, lowest first, or the reason why none was needed; and who has it then."""

    option = forms.ModelChoiceField(
        label=_("Option that settled it"),
        queryset=Option.objects.none(),
        required=False,
        empty_label=_("none, or one recorded before"),
    )
    outcome = forms.ChoiceField(
        label=_("What came of it"),
        choices=[(value, value.label) for value in (Outcome.ACCEPTED, Outcome.OFFERED, Outcome.DECLINED)],
        required=False,
    )
    amount = amount()
    skipped_because = text(
        _("Why options are skipped"), rows=2, required=False, help_text=_("where lower ones were not tried")
    )
    reason = text(_("What was done"), rows=3, help_text=_("so that the case can go on without you"))
    to = forms.ChoiceField(label=_("Who has it then"), required=False)
    next_steps = text(
        _("Next steps"), rows=2, required=False, help_text=_("of a step down; else as they stood")
    )

    def __init__(self, *args, options, destinations, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = destinations
        for name in ("option", "outcome", "amount", "skipped_because", "to"):
            self.fields[name].is_conditional = True
        if len(destinations) < 2:
            del self.fields["next_steps"]
        if options:
            self.fields["option"].queryset = Option.objects.filter(pk__in=[o.pk for o in options]).order_by(
                "position", "pk"
            )
        else:
            for name in ("option", "outcome", "amount", "skipped_because"):
                del self.fields[name]
