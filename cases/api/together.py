"""One thing done to many cases at once in the API: what came of it for each, and undoing it."""

from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin

from cases.models import DoneTogether, Person, Team
from cases.models.case import NUMBER, id_of, number_of
from cases.operations import ending, once, routing, tagging, together, undoing
from cases.states import Priority

from .fields import Moment, Shown, Text
from .inputs import NoWords, Tagging, one
from .reading import Reading
from .verbs import verb

What = DoneTogether.What

# --- As it is shown -----------------------------------------------------------------------------------------


class OutcomeSerializer(serializers.Serializer):
    case = serializers.SerializerMethodField(help_text="Its number.")
    is_done = serializers.BooleanField(read_only=True)
    why = serializers.CharField(read_only=True, help_text="Why it was not done to this case.")
    revision = serializers.IntegerField(read_only=True, allow_null=True, help_text="Of the case after it.")
    is_undone = serializers.BooleanField(
        read_only=True, default=None, allow_null=True, help_text="Null: nothing was undone on this case."
    )
    why_kept = serializers.CharField(
        read_only=True, default="", help_text="Why this case was left as it was when the rest was undone."
    )

    def get_case(self, outcome) -> str:
        return number_of(outcome["case"])


class DoneTogetherSerializer(Shown):
    """In `outcomes` each case that was chosen, in that order: what is refused is refused for it alone."""

    undo_until = Moment(read_only=True)
    may_be_undone = serializers.SerializerMethodField()
    outcomes = OutcomeSerializer(many=True, read_only=True)

    class Meta:
        model = DoneTogether
        fields = ["id", "what", "done_at", "undo_until", "may_be_undone", "undone_at", "outcomes"]

    def get_may_be_undone(self, done) -> bool:
        return done.may_be_undone(timezone.now())


# --- What is said -------------------------------------------------------------------------------------------


class ChosenSerializer(serializers.Serializer):
    number = serializers.RegexField(NUMBER, help_text="As in C-20418.")
    revision = serializers.IntegerField(
        min_value=1, help_text="The case's revision as you saw it; one that changed since is left as it is."
    )


class ToMany(serializers.Serializer):
    """To which cases, by number and revision. Named twice, a case counts once."""

    cases = ChosenSerializer(many=True, help_text=f"At most {together.MOST}.")
    key = serializers.CharField(
        max_length=200,
        required=False,
        help_text="Of your own making: sent again with the same words it is done once, and answered alike.",
    )

    def validate_cases(self, cases):
        if not cases:
            raise serializers.ValidationError(_("Choose at least one case."))
        if len(cases) > together.MOST:
            raise serializers.ValidationError(
                _("At most %(most)d cases at once; you chose %(number)d.")
                % {"most": together.MOST, "number": len(cases)}
            )
        found = {}
        for chosen in cases:
            pk = id_of(chosen["number"])
            found.setdefault(pk, chosen["revision"])
        return list(found.items())


class AssigningMany(ToMany):
    """Leave out what stays; null takes it away."""

    team = one(Team.objects.filter(is_active=True), required=False, allow_null=True)
    owner = one(Person.objects.working(), required=False, allow_null=True)
    reason = Text()

    def validate(self, said):
        if not {"team", "owner"} & set(said):
            raise serializers.ValidationError(_("Choose another team, another owner, or both."))
        return said


class TaggingMany(Tagging, ToMany):
    """Tags to put on and to take off each."""


class PrioritisingMany(ToMany):
    priority = serializers.ChoiceField(Priority.choices)
    reason = Text()


class ClosingMany(ToMany):
    reason = Text()


# --- Endpoints ----------------------------------------------------------------------------------------------


def together_verb(what, says):
    """`f(self)` gives the operation that does `what` to one case: it is done to each that was chosen."""

    def decorate(operation):
        def post(self, person, said, *, by, now):
            operate, chosen = operation(self), said.pop("cases")
            key = said.pop("key", uuid4().hex)
            return together.carry_out(
                what=what,
                chosen=chosen,
                operate=lambda case, revision: operate(case=case, revision=revision, by=by, now=now, **said),
                key=once.digest([key, what, self.request.data]),
                back="",
                by=by,
                now=now,
            )

        post.__name__, post.__doc__ = operation.__name__, operation.__doc__
        return verb(says=says, answers=DoneTogetherSerializer, detail=False)(post)

    return decorate


class Together(ListModelMixin, RetrieveModelMixin, Reading):
    """What you did to many cases at once in the last days, and what came of it. Yours alone."""

    asks = "case.work"
    serializer_class = DoneTogetherSerializer
    queryset = DoneTogether.objects.all()

    def get_queryset(self):
        return super().get_queryset().filter(person=self.request.user)

    def subject(self):
        return self.get_object() if self.detail else self.request.user

    @together_verb(What.ASSIGN, AssigningMany)
    def assign(self):
        """Give each case another team, another owner, or both."""
        return routing.assign

    @together_verb(What.TAG, TaggingMany)
    def tag(self):
        """Put tags on each case, and take tags off it."""
        return tagging.tag

    @together_verb(What.PRIORITY, PrioritisingMany)
    def prioritise(self):
        """Set the priority of each case; open clocks are re-targeted."""
        return routing.prioritise

    @together_verb(What.CLOSE, ClosingMany)
    def close(self):
        """Close each case on which nothing is owed any more."""
        return ending.close

    @verb(says=NoWords, answers=DoneTogetherSerializer)
    def undo(self, done, said, *, by, now):
        """Within a quarter of an hour: put back what nobody changed since, case by case."""
        return undoing.undo(done=done, by=by, now=now)
