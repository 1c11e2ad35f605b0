"""Escalations and handoffs in the API, to read and to move; what happens if nobody acts."""

import django_filters
from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from cases.api import errors
from cases.api.fields import Moment, Shown, Text, maybe_named, named
from cases.api.filters import CaseNumberFilter, before, one, since, some
from cases.api.inputs import Said, Versioned
from cases.api.lookups import Lookup
from cases.api.reading import OfCases, OfOneCase
from cases.api.serializers import OnCase
from cases.api.verbs import verb
from cases.models import Channel, Membership, Person, Skill, Team
from escalations import outlook, snapshot, words
from escalations.errors import AlreadyRunning, NotTheHolder, NotWaiting
from escalations.models import (
    Escalation,
    EscalationPath,
    EscalationReason,
    Handoff,
    Kind,
    Option,
    PassedOver,
)
from escalations.operations import asking, checklists, escalate, holding, respond, telling

from .responses import TRIED, AskBackSerializer, AskingBack, euros
from .steps import ItemSerializer, Ticking

errors.answers(status.HTTP_409_CONFLICT, NotWaiting, AlreadyRunning)
errors.answers(status.HTTP_403_FORBIDDEN, NotTheHolder)

# --- What is shown ------------------------------------------------------------------------------------------


class PassedOverSerializer(Shown):
    person = maybe_named()

    class Meta:
        model = PassedOver
        fields = ["level_number", "person", "why", "detail", "at"]


class EscalationSerializer(OnCase):
    path = named()
    version = serializers.IntegerField(source="version.number", read_only=True)
    rule = maybe_named(help_text="The rule that started it.")
    trigger = serializers.CharField(source="trigger.kind", read_only=True, default=None, allow_null=True)
    holder = maybe_named()
    holder_team = maybe_named()
    passed_over = PassedOverSerializer(many=True, read_only=True)

    class Meta:
        model = Escalation
        fields = [
            "id",
            "case",
            "path",
            "version",
            "rule",
            "trigger",
            "state",
            "level_number",
            "is_at_fallback",
            "severity",
            "holder",
            "holder_team",
            "started_at",
            "ended_at",
            "outcome",
            "cool_off_until",
            "passed_over",
        ]


class HandoffSerializer(Shown):
    case = serializers.CharField(
        source="escalation.case.number", read_only=True, help_text="The case's number."
    )
    escalation = serializers.IntegerField(source="escalation_id", read_only=True)
    skill = maybe_named()
    catalogue_reason = maybe_named()
    from_person = maybe_named()
    to_person = maybe_named()
    to_team = maybe_named()
    answered_by = maybe_named()
    acknowledge_by = Moment(source="acknowledge_clock.due_at", read_only=True, default=None, allow_null=True)
    work_by = Moment(source="work_clock.due_at", read_only=True, default=None, allow_null=True)

    class Meta:
        model = Handoff
        fields = [
            "id",
            "case",
            "escalation",
            "level_number",
            "kind",
            "mode",
            "call_back_at",
            "was_reached",
            "skill",
            "from_person",
            "to_person",
            "to_team",
            "catalogue_reason",
            "reason",
            "background",
            "tried",
            "next_steps",
            "told_customer",
            "told_at",
            "told_by",
            "untold_because",
            "is_automatic",
            "made_at",
            "acknowledge_by",
            "state",
            "answered_at",
            "answered_by",
            "decline_reason",
            "work_by",
        ]


class PathSerializer(Shown):
    class Meta:
        model = EscalationPath
        fields = ["id", "name", "description", "is_default"]


class StepSerializer(serializers.Serializer):
    """Where the case goes at `at`. `because`: unacknowledged, unsolved, promise, or a target's metric."""

    at = Moment(read_only=True)
    because = serializers.CharField(read_only=True)
    condition = serializers.SerializerMethodField(help_text="`because` in words.")
    level = serializers.IntegerField(source="step.level_number", read_only=True)
    person = serializers.IntegerField(source="step.person_id", read_only=True, allow_null=True)
    team = serializers.IntegerField(source="step.team_id", read_only=True, allow_null=True)
    name = serializers.SerializerMethodField(help_text="Of the person or the team.")
    is_fallback = serializers.BooleanField(source="step.is_fallback", read_only=True)

    def get_condition(self, announced) -> str:
        return str(words.conditions().get(announced.because, ""))

    def get_name(self, announced) -> str:
        return words.holder_name(announced.step, self.context["roster"])


class PlanSerializer(serializers.Serializer):
    """What will happen to the case if nobody acts. Without any ladder its managers are told of a breach."""

    path = serializers.CharField(source="path.name", read_only=True, default=None, allow_null=True)
    escalation = serializers.IntegerField(
        source="escalation.pk", read_only=True, default=None, allow_null=True
    )
    level = serializers.IntegerField(
        source="escalation.level_number", read_only=True, default=None, allow_null=True
    )
    steps = StepSerializer(many=True, read_only=True)
    managers_told_at = Moment(read_only=True, allow_null=True)


# --- What is said -------------------------------------------------------------------------------------------


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


# --- What is asked ------------------------------------------------------------------------------------------


class EscalationFilter(django_filters.FilterSet):
    case = CaseNumberFilter()
    state = some(Escalation.State)
    outcome = some(Escalation.Outcome)
    path, holder, holder_team = one(EscalationPath), one(Person), one(Team)
    started_since, started_before = since("started_at"), before("started_at")

    class Meta:
        model = Escalation
        fields = ["level_number", "is_at_fallback"]


class HandoffFilter(django_filters.FilterSet):
    case = CaseNumberFilter("escalation__case")
    state = some(Handoff.State)
    kind = some(Kind)
    to_person, to_team = one(Person), one(Team)
    is_mine = django_filters.BooleanFilter(method="to_reader", label=_("To you, or to a team of yours"))
    made_since, made_before = since("made_at"), before("made_at")

    class Meta:
        model = Handoff
        fields = ["escalation", "level_number", "is_automatic"]

    def to_reader(self, found, _name, wanted):
        teams = Membership.objects.filter(person=self.request.user.pk).values("team")
        mine = Q(to_person=self.request.user.pk) | Q(to_person=None, to_team__in=teams)
        return found.filter(mine if wanted else ~mine)


class Escalations(ListModelMixin, RetrieveModelMixin, OfCases):
    """Episodes of cases on their ladders."""

    serializer_class = EscalationSerializer
    filterset_class = EscalationFilter
    queryset = Escalation.objects.select_related(
        "case", "path", "version", "rule", "trigger", "holder", "holder_team"
    ).prefetch_related(Prefetch("passed_over", PassedOver.objects.select_related("person").order_by("pk")))

    @verb(says=Deescalating, answers=EscalationSerializer, asks="escalation.hold")
    def deescalate(self, escalation, said, *, by, now):
        """The case goes back to its owner; clocks keep running, and the same rule holds off for a while."""
        respond.deescalate(escalation=escalation, by=by, now=now, **said)
        return self.queryset.all().get(pk=escalation.pk)

    @extend_schema(responses=ItemSerializer(many=True))
    @action(detail=True, asks="case.read", pagination_class=None, filterset_class=None)
    def checklist(self, request, pk):
        """What is done at its present level, step by step, and what of it is ticked."""
        escalation = self.get_object()
        latest = escalation.handoffs.order_by("-pk").first()
        return Response(ItemSerializer(checklists.items(escalation, latest), many=True).data)

    @verb(says=Ticking, answers=ItemSerializer, asks="escalation.hold")
    def tick(self, escalation, said, *, by, now):
        """You tick a step of its checklist, or take your tick back."""
        found = checklists.tick(escalation=escalation, by=by, now=now, **said)
        return next(item for item in found if item.step.pk == said["step"].pk)

    @verb(says=Answering, answers=EscalationSerializer, asks="case.work", url_path="raise-severity")
    def raise_severity(self, escalation, said, *, by, now):
        """It is worse than its ladder knows: one step more severe, and its holder is told why."""
        holding.raise_severity(escalation=escalation, by=by, now=now, **said)
        return self.queryset.all().get(pk=escalation.pk)


class Handoffs(ListModelMixin, RetrieveModelMixin, OfCases):
    """Cases moving to a holder: why, background, what was tried, next steps, and the answer."""

    serializer_class = HandoffSerializer
    filterset_class = HandoffFilter
    case_path = "escalation__case"
    queryset = Handoff.objects.select_related(
        "escalation__case",
        "skill",
        "catalogue_reason",
        "from_person",
        "to_person",
        "to_team",
        "answered_by",
        "acknowledge_clock",
        "work_clock",
    )

    @verb(says=Acknowledging, answers=HandoffSerializer, asks="escalation.hold")
    def acknowledge(self, handoff, said, *, by, now):
        """You take it."""
        return respond.acknowledge(handoff=handoff, by=by, now=now, **said)

    @verb(says=Answering, answers=HandoffSerializer, asks="escalation.hold")
    def decline(self, handoff, said, *, by, now):
        """You cannot take it. Answers with the handoff that follows: to the next person or level."""
        return respond.decline(handoff=handoff, by=by, now=now, **said)

    @verb(says=AskingBack, answers=AskBackSerializer, status=201, asks="escalation.hold", url_path="ask-back")
    def ask_back(self, handoff, said, *, by, now):
        """Ask whoever gave it to you. Nothing is paused; the answer stands with the handoff."""
        return asking.ask_back(handoff=handoff, by=by, now=now, **said)

    @verb(says=HandingOn, answers=HandoffSerializer, asks="escalation.hold", url_path="hand-on")
    def hand_on(self, handoff, said, *, by, now):
        """Sideways, to another person of the same level. Answers with the handoff that follows."""
        return holding.hand_on(handoff=handoff, by=by, now=now, **said)


class CaseLadder(OfOneCase):
    """What of the ladder is asked of, or done to, one case."""

    serializer_class = HandoffSerializer

    @verb(says=Escalating, answers=HandoffSerializer, status=201)
    def escalate(self, case, said, *, by, now):
        """Hand the case over: functional by skill, hierarchical one level up, priority above the first. The
        customer is told of it: now, already, or by when it is owed."""
        return escalate.escalate(case=case, by=by, now=now, **said)

    @extend_schema(responses=PlanSerializer)
    @action(detail=True, asks="case.find")
    def plan(self, request, number):
        """What will happen to the case if nobody acts."""
        case, now = self.subject(), timezone.now()
        roster = snapshot.roster(since=now)
        found = outlook.of([case], now=now, roster=roster)[case.pk]
        return Response(PlanSerializer(found, context={"roster": roster}).data)


class Paths(Lookup):
    """Ladders by name."""

    serializer_class = PathSerializer
    queryset = EscalationPath.objects.filter(is_active=True)


ROUTES = [
    ("escalations", Escalations, "api-escalation"),
    ("handoffs", Handoffs, "api-handoff"),
    ("cases", CaseLadder, "api-case-ladder"),
    ("paths", Paths, "api-path"),
]
