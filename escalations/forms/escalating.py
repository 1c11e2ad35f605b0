"""The escalate form: a whole handoff with the word to the customer, or nothing."""

from zoneinfo import ZoneInfo

from django import forms
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases import display
from cases.errors import Refused
from cases.forms import CaseForm, Moment, text
from cases.models import Channel, Skill
from escalations.models import EscalationPath, EscalationReason, Handoff, Kind
from escalations.operations.escalate import refuse_late_call
from escalations.operations.telling import Telling, Word

BY_HAND = [
    (Kind.FUNCTIONAL, _("Functional"), _("another skill is needed")),
    (Kind.HIERARCHICAL, _("Hierarchical"), _("more authority is needed")),
    (Kind.PRIORITY, _("Priority"), _("enters above level 1")),
]


# Asked for where the choice beside them needs them, which clean() sees to.
CONDITIONAL = (
    "skill",
    "call_back_at",
    "call_back_zone",
    "word",
    "word_channel",
    "said_at",
    "untold_because",
    "owed_by",
)


class Reached(models.TextChoices):
    """What came of a live transfer, and what it becomes where nobody answered."""

    YES = "yes", _("Yes, they take over on the line")
    WRITTEN = "written", _("No: hand it over in writing")
    CALL_BACK = "call_back", _("No: agree a call-back")


class EscalateForm(CaseForm):
    """A whole handoff. `to` names a path and a level of it ("3:2"); a functional one asks for a skill.

    `asked`: a supervisor.Asked, where the customer asked for one.
    """

    kind = forms.ChoiceField(label=_("Kind"), choices=[(key, word) for key, word, _hint in BY_HAND])
    to = forms.ChoiceField(label=_("To"))
    skill = forms.ModelChoiceField(
        label=_("Skill needed"),
        queryset=Skill.objects.order_by("name"),
        required=False,
        empty_label=_("choose one"),
    )
    catalogue_reason = forms.ModelChoiceField(
        label=_("Reason"),
        queryset=EscalationReason.objects.filter(is_active=True).order_by("position", "pk"),
        empty_label=_("choose one"),
    )
    reason = text(_("In your words"), rows=2, required=False)
    background = text(_("Background"), rows=3)
    tried = text(_("Tried so far"), rows=3)
    next_steps = text(_("Next steps"), rows=2, help_text=_("what the receiver should do first"))
    told_customer = text(_("What the customer was told"), rows=2, required=False)
    mode = forms.ChoiceField(label=_("How"), choices=Handoff.Mode.choices, initial=Handoff.Mode.WRITTEN)
    reached = forms.ChoiceField(
        label=_("Did somebody answer?"),
        choices=Reached.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    call_back_at = Moment(label=_("Call back at"), required=False, help_text="")
    call_back_zone = forms.ChoiceField(label=_("In whose time"), required=False)
    telling = forms.ChoiceField(
        label=_("Word to the customer"), choices=Telling.choices, widget=forms.RadioSelect
    )
    word = text(_("What the customer reads"), rows=8, required=False)
    word_channel = forms.ChoiceField(label=_("By"), choices=Channel.choices, required=False)
    said_at = Moment(label=_("When it was said"), required=False)
    untold_because = forms.CharField(label=_("Why not yet"), max_length=300, required=False)
    owed_by = Moment(label=_("They will be told by"), required=False)

    def __init__(self, *args, case, choices, now, asked=None, **kwargs):
        super().__init__(*args, case=case, **kwargs)
        self.asked, self.now = asked, now
        self.fields["to"].choices = choices
        for name in CONDITIONAL:
            self.fields[name].is_conditional = True
        self.fields["call_back_zone"].choices = zones(case.customer)
        if not self.fields["catalogue_reason"].queryset.exists():
            # Nobody has written a catalogue: one's own words are the reason.
            del self.fields["catalogue_reason"]
            self.fields["reason"].required = True
            self.fields["reason"].label = _("Reason")

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("kind") == Kind.FUNCTIONAL and not cleaned.get("skill"):
            self.add_error("skill", _("A functional escalation goes to a skill; choose which one is needed."))
        self._clean_reason(cleaned)
        self._clean_way(cleaned)
        self._clean_word(cleaned)
        return cleaned

    def _clean_reason(self, cleaned):
        reason, kind = cleaned.get("catalogue_reason"), cleaned.get("kind")
        if reason is not None and reason.kind and kind and reason.kind != kind:
            words = {"reason": reason.name, "kind": reason.get_kind_display()}
            self.add_error(
                "catalogue_reason",
                _("“%(reason)s” belongs to another kind (%(kind)s); choose another reason, or that kind.")
                % words,
            )

    def _clean_way(self, cleaned):
        """What a live transfer came to is what it is: reached, or one of the other two ways."""
        cleaned["was_reached"] = None
        if cleaned.get("mode") == Handoff.Mode.LIVE:
            reached = cleaned.get("reached")
            if not reached:
                self.add_error("reached", _("Say whether somebody answered; if not, what it becomes."))
                return
            cleaned["was_reached"] = reached == Reached.YES
            if reached != Reached.YES:
                cleaned["mode"] = reached
        if cleaned.get("mode") != Handoff.Mode.CALL_BACK:
            cleaned["call_back_at"] = None
            return
        at = cleaned.get("call_back_at")
        if at is None:
            if "call_back_at" not in self.errors:
                self.add_error("call_back_at", _("Say when the customer will be called back."))
            return
        cleaned["call_back_at"] = at = in_zone(at, cleaned.get("call_back_zone"))
        try:
            refuse_late_call(self.asked, at, self.now)
        except Refused as refusal:
            self.add_error("call_back_at", refusal)

    def _clean_word(self, cleaned):
        telling = cleaned.get("telling")
        if telling in (Telling.NOW, Telling.SAID) and not cleaned.get("word"):
            self.add_error("word", _("Write what the customer is told: why, who is next, by when."))
        if telling == Telling.SAID and not cleaned.get("said_at") and "said_at" not in self.errors:
            self.add_error("said_at", _("Say when the customer was told."))
        if telling == Telling.LATER:
            if not cleaned.get("untold_because"):
                self.add_error("untold_because", _("Say why the customer is not told yet."))
            if not cleaned.get("owed_by") and "owed_by" not in self.errors:
                self.add_error("owed_by", _("Say by when they will be told; it is owed until then."))

    @property
    def word_said(self):
        """The telling.Word of a valid form."""
        said = self.cleaned_data
        return Word(
            said["telling"],
            text=said["word"],
            channel=said["word_channel"] or Channel.MAIL,
            said_at=said["said_at"],
            because=said["untold_because"],
            owed_by=said["owed_by"],
        )


def zones(customer):
    """[(name, words)]: the customer's zone first, then the reader's, once where they are the same."""
    theirs, mine = customer.time_zone, timezone.get_current_timezone_name()
    found = [(theirs, _("theirs, %(city)s") % {"city": display.zone_city(theirs)})]
    if mine != theirs:
        found.append((mine, _("yours, %(city)s") % {"city": display.zone_city(mine)}))
    return found


def in_zone(at, zone):
    """The instant at which it is in `zone` what `at` is on the reader's wall."""
    return timezone.make_naive(at).replace(tzinfo=ZoneInfo(zone)) if zone else at


def path_and_level(value):
    """(path, level number) of a choice of `to`."""
    path, _colon, level = value.partition(":")
    return EscalationPath.objects.get(pk=path), int(level)
