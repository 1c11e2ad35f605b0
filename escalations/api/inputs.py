"""What the verbs of the ladder may be told. Each reads the words of one operation; the operation decides."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from cases.api.fields import Moment, Text
from cases.api.inputs import Said, Versioned
from cases.models import Channel, Person, Skill
from escalations.models import EscalationPath, EscalationReason, Handoff, Kind, Option
from escalations.operations import telling

from .responses import TRIED, euros

SAY_THE_WORD = _(
    "The customer hears of it too: send the word now (telling: now, with word), say when it was said "
    "(said, with word and said_at), or by when it is owed and why (later, with owed_by and untold_because)."
)


class Escalating(Versioned):
    """A whole handoff with the word to the customer, who never repeats themselves and never wonders."""

    kind = serializers.ChoiceField([c for c in Kind.choices if c[0] != Kind.AUTOMATIC])
    reason = Text(required=False, help_text="In your words, beside or instead of one of the catalogue.")
    catalogue_reason = serializers.PrimaryKeyRelatedField(
        queryset=EscalationReason.objects.filter(is_active=True), required=False
    )
    background, tried, next_steps = Text(), Text(), Text()
    told_customer = Text(required=False)
    path = serializers.PrimaryKeyRelatedField(
        queryset=EscalationPath.objects.filter(is_active=True),
        required=False,
        help_text="Left out: the path it runs on, else the default one.",
    )
    level = serializers.IntegerField(required=False, min_value=1, max_value=1000)
    skill = serializers.PrimaryKeyRelatedField(
        queryset=Skill.objects.all(), required=False, help_text="Of a functional one."
    )
    mode = serializers.ChoiceField(Handoff.Mode.choices, required=False)
    was_reached = serializers.BooleanField(
        required=False,
        help_text="Of a live transfer: somebody took it on the line. If not, choose another mode. Where the "
        "customer asked for a supervisor, who took it acknowledges within the path's minutes.",
    )
    call_back_at = Moment(
        required=False,
        help_text="When the customer will be called back, if the mode is call_back: it becomes a promise. "
        "Of one who asked for a supervisor, on the same working day.",
    )
    telling = serializers.ChoiceField(
        telling.Telling.choices,
        error_messages=dict.fromkeys(("required", "null", "invalid_choice"), SAY_THE_WORD),
        help_text="The word to the customer. now: `word` is sent by `word_channel`. said: `word` was said at "
        "`said_at`, by `word_channel`. later: it is owed by `owed_by`, because of `untold_because`, and "
        "tracked as a promise.",
    )
    word = Text(
        required=False,
        help_text="What the customer is or was told: why, who is next, by when. Needed for now and said.",
    )
    word_channel = serializers.ChoiceField(
        Channel.choices, required=False, help_text="Left out: mail. A word that is sent goes by no phone."
    )
    said_at = Moment(required=False, help_text="When it was said. Needed for said.")
    untold_because = Text(required=False, help_text="Why the customer is not told yet. Needed for later.")
    owed_by = Moment(required=False, help_text="By when the customer will be told. Needed for later.")

    def validate(self, said):
        if said.get("mode") == Handoff.Mode.CALL_BACK and "call_back_at" not in said:
            raise serializers.ValidationError(
                {"call_back_at": [_("Say when the customer will be called back.")]}
            )
        word = {
            "text": said.pop("word", ""),
            "channel": said.pop("word_channel", Channel.MAIL),
            "said_at": said.pop("said_at", None),
            "because": said.pop("untold_because", ""),
            "owed_by": said.pop("owed_by", None),
        }
        said["word"] = telling.Word(said.pop("telling"), **word)
        return said


class Acknowledging(Said):
    """What an automatic handoff left open may be completed with taking it."""

    background, tried, next_steps = Text(required=False), Text(required=False), Text(required=False)


class Answering(Versioned):
    reason = Text()


class HandingOn(Answering):
    to = serializers.PrimaryKeyRelatedField(queryset=Person.objects.working())


class Deescalating(Answering):
    """What was done, and by which option; where none was tried, why not."""

    option = serializers.PrimaryKeyRelatedField(
        queryset=Option.objects.filter(is_active=True), required=False
    )
    outcome = serializers.ChoiceField(
        TRIED,
        required=False,
    )
    amount = euros(required=False, allow_null=True)
    skipped_because = Text(required=False)
    to_level = serializers.IntegerField(
        required=False, min_value=1, help_text="Step down to this level; left out, the escalation ends."
    )
    next_steps = Text(required=False, help_text="Of a step down; left out, as they stood.")
