"""What customers ask, what was decided on it, and what they were answered, in the API."""

import django_filters
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin

from cases.decisions import Offer, Outcome
from cases.models import Answer, Ask, Cause, Decision, Person
from cases.operations import asking

from .fields import Moment, Shown, Text, maybe_named, named
from .filters import CaseNumberFilter, before, one, since, some
from .inputs import WRITTEN, Nothing, Reason, Versioned
from .reading import OfCases
from .serializers import OnCase, PromiseSerializer
from .verbs import verb

EUR = {"max_digits": 12, "decimal_places": 2}


# --- As it is shown -----------------------------------------------------------------------------------------


class DecisionSerializer(Shown):
    """How an ask ends. While its `state` is waiting it needs somebody's approval: the ask is not answered.

    `at_stake` (EUR) is what is held against money limits.
    """

    case = serializers.CharField(source="ask.case.number", read_only=True, help_text="The case's number.")
    ask = serializers.IntegerField(source="ask_id", read_only=True)
    made_by = named()
    approved_by = maybe_named()
    ended_by = maybe_named(help_text="Who sent it back or took it back; `end_reason` says why.")

    class Meta:
        model = Decision
        fields = [
            "id",
            "case",
            "ask",
            "outcome",
            "part",
            "grounds",
            "remedies",
            "customer_said",
            "offer_kind",
            "offer_what",
            "offer_amount",
            "precedent",
            "at_stake",
            "needs_approval",
            "state",
            "made_by",
            "made_at",
            "approved_by",
            "approved_at",
            "ended_by",
            "ended_at",
            "end_reason",
        ]


class AskSerializer(OnCase):
    """`decision` is the one that stands or waits; earlier ones are among the decisions. `goes_on_as`: the
    same ask on the case that was split off with it, where it is decided."""

    state = serializers.ChoiceField(Ask.State.choices, read_only=True)
    recorded_by = named()
    decision = DecisionSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Ask
        fields = [
            "id",
            "case",
            "position",
            "text",
            "amount",
            "recorded_by",
            "recorded_at",
            "state",
            "goes_on_as",
            "decision",
        ]


class AnswerSerializer(OnCase):
    promise = PromiseSerializer(read_only=True, help_text="The date that was told with it.")
    message = serializers.IntegerField(source="message_id", read_only=True)
    given_by = named()
    catalogue_cause = maybe_named(help_text="What it is counted under.")

    class Meta:
        model = Answer
        fields = [
            "id",
            "case",
            "catalogue_cause",
            "cause",
            "remedy",
            "turn_to",
            "message",
            "promise",
            "given_by",
            "given_at",
        ]


# --- What may be said ---------------------------------------------------------------------------------------


class Asking(Versioned):
    text = Text(max_length=500, help_text="One thing, in the customer's words.")
    amount = serializers.DecimalField(
        **EUR, required=False, help_text="What it is worth, EUR, if it can be said."
    )


class Deciding(Versioned):
    outcome = serializers.ChoiceField(Outcome.choices)
    part = Text(required=False, help_text="Of a grant in part: which.")
    grounds = Text(
        required=False, help_text="Of a refusal: what was examined, and why it does not lead there."
    )
    remedies = Text(required=False, help_text="Of a refusal: where the customer may turn.")
    customer_said = Text(required=False, help_text="Of a withdrawal: how and when the customer said so.")
    offer_kind = serializers.ChoiceField(Offer.choices, required=False)
    offer_what = Text(max_length=300, required=False, help_text="Of anything but money: what exactly.")
    offer_amount = serializers.DecimalField(**EUR, required=False, help_text="What it is worth, EUR.")
    precedent = Text(max_length=200, required=False)


class CaseAnswering(Versioned):
    catalogue_cause = serializers.PrimaryKeyRelatedField(
        queryset=Cause.objects.in_order(), required=False, help_text="One of /causes/."
    )
    cause = Text()
    remedy = Text()
    due_at = Moment(help_text="By when; it becomes a promise.")
    turn_to = Text(max_length=300, help_text="Whom the customer turns to until then.")
    channel = serializers.ChoiceField(WRITTEN, required=False)


# --- What lists may be narrowed by --------------------------------------------------------------------------


class AskFilter(django_filters.FilterSet):
    case = CaseNumberFilter()
    state = some(Ask.State)
    recorded_by = one(Person)

    class Meta:
        model = Ask
        fields = []


class DecisionFilter(django_filters.FilterSet):
    case = CaseNumberFilter("ask__case")
    state, outcome, offer_kind = some(Decision.State), some(Outcome), some(Offer)
    made_by, approved_by = one(Person), one(Person)
    made_since, made_before = since("made_at"), before("made_at")
    awaits_me = django_filters.BooleanFilter(method="awaiting", label=_("Waits for your approval"))

    class Meta:
        model = Decision
        fields = ["ask", "needs_approval"]

    def awaiting(self, found, _name, wanted):
        mine = Decision.objects.awaiting(self.request.user).values("pk")
        return found.filter(pk__in=mine) if wanted else found.exclude(pk__in=mine)


class AnswerFilter(django_filters.FilterSet):
    case = CaseNumberFilter()
    given_by, catalogue_cause = one(Person), one(Cause)
    given_since, given_before = since("given_at"), before("given_at")

    class Meta:
        model = Answer
        fields = []


# --- Endpoints ----------------------------------------------------------------------------------------------


class Asks(ListModelMixin, RetrieveModelMixin, OfCases):
    """What customers ask, each with how it ended or that it is open."""

    serializer_class = AskSerializer
    filterset_class = AskFilter
    queryset = Ask.objects.with_state().with_decision().select_related("case", "recorded_by")

    @verb(says=Asking, answers=AskSerializer)
    def correct(self, ask, said, *, by, now):
        """Put right what was noted, while nothing is decided on it. Left out, `amount` is not said."""
        asking.correct(ask=ask, by=by, now=now, **said)
        return as_asked(ask)

    @verb(says=Deciding, answers=AskSerializer)
    def decide(self, ask, said, *, by, now):
        """End it: within your own money limit the decision stands at once, above it it waits for approval."""
        asking.decide(ask=ask, by=by, now=now, **said)
        return as_asked(ask)

    @verb(says=Reason, answers=AskSerializer, url_path="take-back")
    def take_back(self, ask, said, *, by, now):
        """Open it again, while the case is live."""
        asking.take_back(ask=ask, by=by, now=now, **said)
        return as_asked(ask)


class Decisions(ListModelMixin, RetrieveModelMixin, OfCases):
    """Every decision that was made, also those that were sent or taken back."""

    case_path = "ask__case"
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilter
    queryset = Decision.objects.select_related("ask__case", "made_by", "approved_by", "ended_by")

    @verb(says=Nothing, answers=DecisionSerializer, asks="offer.approve")
    def approve(self, decision, said, *, by, now):
        """Let it stand. Nobody approves their own, nor above their own money limit."""
        asking.approve(decision=decision, by=by, now=now, **said)
        return self.get_queryset().get(pk=decision.pk)

    @verb(says=Reason, answers=DecisionSerializer, asks="offer.approve", url_path="send-back")
    def send_back(self, decision, said, *, by, now):
        """It does not stand; the ask is open again and its maker is told why."""
        asking.send_back(decision=decision, by=by, now=now, **said)
        return self.get_queryset().get(pk=decision.pk)


class Answers(ListModelMixin, RetrieveModelMixin, OfCases):
    """What customers were answered: cause, remedy, by when, whom to contact."""

    serializer_class = AnswerSerializer
    filterset_class = AnswerFilter
    queryset = Answer.objects.select_related(
        "case", "catalogue_cause", "given_by", "promise__case", "promise__made_by"
    )


def as_asked(ask):
    """The ask as the database has it now."""
    return Asks.queryset.all().get(pk=ask.pk)
