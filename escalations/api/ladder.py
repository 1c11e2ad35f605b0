"""Escalations and handoffs in the API, to read and to move; what happens if nobody acts."""

import django_filters
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from cases.api import errors
from cases.api.filters import CaseNumberFilter, before, one, since, some
from cases.api.lookups import Lookup
from cases.api.reading import OfCases, OfOneCase
from cases.api.verbs import verb
from cases.models import Membership, Person, StandIn, Team
from escalations import outlook
from escalations.errors import AlreadyRunning, NotTheHolder, NotWaiting
from escalations.models import Escalation, EscalationPath, Handoff, Kind, PassedOver
from escalations.operations import asking, checklists, escalate, holding, respond

from . import inputs, shown_ladder
from .responses import AskBackSerializer, AskingBack
from .steps import ItemSerializer, Ticking

errors.answers(status.HTTP_409_CONFLICT, NotWaiting, AlreadyRunning)
errors.answers(status.HTTP_403_FORBIDDEN, NotTheHolder)

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
    is_mine = django_filters.BooleanFilter(
        method="to_reader", label=_("To you, to a team of yours, or to one in which you stand in")
    )
    made_since, made_before = since("made_at"), before("made_at")

    class Meta:
        model = Handoff
        fields = ["escalation", "level_number", "is_automatic"]

    def to_reader(self, found, _name, wanted):
        reader = self.request.user.pk
        teams = Membership.objects.filter(person=reader).values("team")
        asked = StandIn.objects.open().filter(
            person=reader, case=OuterRef("escalation__case"), team=OuterRef("to_team")
        )
        mine = Q(to_person=reader) | Q(to_person=None, to_team__in=teams) | Q(Exists(asked), to_person=None)
        return found.filter(mine if wanted else ~mine)


class Escalations(ListModelMixin, RetrieveModelMixin, OfCases):
    """Episodes of cases on their ladders."""

    serializer_class = shown_ladder.EscalationSerializer
    filterset_class = EscalationFilter
    queryset = Escalation.objects.select_related(
        "case", "path", "version", "rule", "trigger", "holder", "holder_team"
    ).prefetch_related(Prefetch("passed_over", PassedOver.objects.select_related("person").order_by("pk")))

    @verb(says=inputs.Deescalating, answers=shown_ladder.EscalationSerializer, asks="escalation.hold")
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

    @verb(
        says=inputs.Answering,
        answers=shown_ladder.EscalationSerializer,
        asks="case.work",
        url_path="raise-severity",
    )
    def raise_severity(self, escalation, said, *, by, now):
        """It is worse than its ladder knows: one step more severe, and its holder is told why."""
        holding.raise_severity(escalation=escalation, by=by, now=now, **said)
        return self.queryset.all().get(pk=escalation.pk)


class Handoffs(ListModelMixin, RetrieveModelMixin, OfCases):
    """Cases moving to a holder: why, background, what was tried, next steps, and the answer."""

    serializer_class = shown_ladder.HandoffSerializer
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

    @verb(says=inputs.Acknowledging, answers=shown_ladder.HandoffSerializer, asks="escalation.hold")
    def acknowledge(self, handoff, said, *, by, now):
        """You take it."""
        return respond.acknowledge(handoff=handoff, by=by, now=now, **said)

    @verb(says=inputs.Answering, answers=shown_ladder.HandoffSerializer, asks="escalation.hold")
    def decline(self, handoff, said, *, by, now):
        """You cannot take it. Answers with the handoff that follows: to the next person or level."""
        return respond.decline(handoff=handoff, by=by, now=now, **said)

    @verb(says=AskingBack, answers=AskBackSerializer, status=201, asks="escalation.hold", url_path="ask-back")
    def ask_back(self, handoff, said, *, by, now):
        """Ask whoever gave it to you. Nothing is paused; the answer stands with the handoff."""
        return asking.ask_back(handoff=handoff, by=by, now=now, **said)

    @verb(
        says=inputs.HandingOn,
        answers=shown_ladder.HandoffSerializer,
        asks="escalation.hold",
        url_path="hand-on",
    )
    def hand_on(self, handoff, said, *, by, now):
        """Sideways, to another person of the same level. Answers with the handoff that follows."""
        return holding.hand_on(handoff=handoff, by=by, now=now, **said)


class CaseLadder(OfOneCase):
    """What of the ladder is asked of, or done to, one case."""

    serializer_class = shown_ladder.HandoffSerializer

    @verb(says=inputs.Escalating, answers=shown_ladder.HandoffSerializer, status=201)
    def escalate(self, case, said, *, by, now):
        """Hand the case over: functional by skill, hierarchical one level up, priority above the first. The
        customer is told of it: now, already, or by when it is owed."""
        return escalate.escalate(case=case, by=by, now=now, **said)

    @extend_schema(responses=shown_ladder.PlanSerializer)
    @action(detail=True, asks="case.find")
    def plan(self, request, number):
        """What will happen to the case if nobody acts."""
        case = self.subject()
        found = outlook.of([case], now=timezone.now())[case.pk]
        return Response(shown_ladder.PlanSerializer(found, context={"roster": found.roster}).data)


class Paths(Lookup):
    """Ladders by name."""

    serializer_class = shown_ladder.PathSerializer
    queryset = EscalationPath.objects.filter(is_active=True)


ROUTES = [
    ("escalations", Escalations, "api-escalation"),
    ("handoffs", Handoffs, "api-handoff"),
    ("cases", CaseLadder, "api-case-ladder"),
    ("paths", Paths, "api-path"),
]
