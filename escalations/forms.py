"""What people may send about an escalation."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.forms import CaseForm, Moment, text
from cases.models import Skill
from escalations.models import EscalationPath, Handoff, Kind

BY_HAND = [
    (Kind.FUNCTIONAL, _("Functional"), _("another skill is needed")),
    (Kind.HIERARCHICAL, _("Hierarchical"), _("more authority is needed")),
    (Kind.PRIORITY, _("Priority"), _("enters above level 1")),
]


class EscalateForm(CaseForm):
    """A whole handoff. `to` names a path and a level of it ("3:2"); a functional one asks for a skill."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[(key, word) for key, word, _hint in BY_HAND])
    to = forms.ChoiceField(label=_("To"))
    skill = forms.ModelChoiceField(
        label=_("Skill needed"),
        queryset=Skill.objects.order_by("name"),
        required=False,
        empty_label=_("choose one"),
    )
    reason = text(_("Reason"), rows=2, help_text=_("why it moves now"))
    background = text(_("Background"), rows=3)
    tried = text(_("Tried so far"), rows=3)
    next_steps = text(_("Next steps"), rows=2, help_text=_("what the receiver should do first"))
    told_customer = text(_("What the customer was told"), rows=2, required=False)
    mode = forms.ChoiceField(label=_("How"), choices=Handoff.Mode.choices)
    call_back_at = Moment(label=_("Call back at"), required=False)

    def __init__(self, *args, case, choices, **kwargs):
        super().__init__(*args, case=case, **kwargs)
        self.fields["to"].choices = choices

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("kind") == Kind.FUNCTIONAL and not cleaned.get("skill"):
            self.add_error("skill", _("A functional escalation goes to a skill; choose which one is needed."))
        if cleaned.get("mode") == Handoff.Mode.CALL_BACK and not cleaned.get("call_back_at"):
            self.add_error("call_back_at", _("Say when the customer will be called back."))
        return cleaned


def path_and_level(value):
    """(path, level number) of a choice of `to`."""
    path, _colon, level = value.partition(":")
    return EscalationPath.objects.get(pk=path), int(level)


class DeclineForm(CaseForm):
    reason = text(_("Why you decline"), rows=3, help_text=_("the next person reads it"))


class DeescalateForm(CaseForm):
    reason = text(_("What was done"), rows=3, help_text=_("so that the case can go back to its owner"))


class AcknowledgeForm(CaseForm):
    """What an automatic handoff left open may be completed with taking it."""

    background = text(_("Background"), rows=3, required=False)
    tried = text(_("Tried so far"), rows=3, required=False)
    next_steps = text(_("Next steps"), rows=2, required=False)
