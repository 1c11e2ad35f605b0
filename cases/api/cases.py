"""Cases: to find, to read, and every verb that is done to one."""

from django.db.models import Prefetch
from django.http import Http404
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response

from cases import wording
from cases.models import Case, CaseTag, Pause
from cases.operations import (
    answering,
    asking,
    correcting,
    ending,
    intake,
    parties,
    pausing,
    promising,
    routing,
    tagging,
    talk,
)
from cases.operations import reading as opening

from . import asking as asked
from . import filters, inputs, serializers, shown_messages
from .reading import OfOneCase, ReadOfCases
from .verbs import carry_out, documented, verb

RELATED = (
    "customer",
    "contact",
    "category",
    "service",
    "team",
    "owner",
    "policy_version__policy",
    "standing__whose",
    "standing__whose_team",
    "standing__holder",
    "standing__holder_team",
)


def shown():
    """Cases with everything that CaseSerializer shows, in three queries however many there are."""
    tags = CaseTag.objects.on().select_related("tag").order_by("tag__name")
    open_pauses = Pause.objects.open().select_related("reason", "started_by").order_by("started_at", "pk")
    return Case.objects.select_related(*RELATED).prefetch_related(
        Prefetch("pauses", open_pauses, to_attr="open_pauses"), Prefetch("tags", tags, to_attr="tags_on")
    )


def case_verb(says):
    """A verb after which the case itself is the answer."""

    def decorate(operate):
        return verb(says=says, answers=serializers.CaseSerializer)(operate)

    return decorate


class Cases(ListModelMixin, ReadOfCases, OfOneCase):
    """What customers brought. Each is found by its number; lists show your teams' own, or more, by role."""

    case_path = ""
    serializer_class = serializers.CaseSerializer
    filterset_class = filters.CaseFilter
    asks_for = {"create": "case.open", "retrieve": "case.find"}

    def get_queryset(self):
        person = self.request.user
        # Of an identified customer every case may be found; otherwise lists hold what one may read.
        if self.request.query_params.get("customer"):
            return shown().findable(person)
        return shown().reachable(person)

    def retrieve(self, request, number):
        """One case: who holds it, where it stands, what is owed next."""
        return Response(self.get_serializer(as_it_is(self.subject())).data)

    @documented(says=inputs.Opening, answers=serializers.CaseSerializer, status=201)
    def create(self, request):
        """Open a case: it is routed, its clocks start, the customer gets a receipt."""
        return carry_out(
            self,
            request,
            None,
            open_case,
            says=inputs.Opening,
            answers=serializers.CaseSerializer,
            status=201,
        )

    @verb(says=inputs.Reply, answers=shown_messages.MessageSerializer, status=201)
    def reply(self, case, said, *, by, now):
        """Write to the customer: stops the response clocks; the next update is owed anew. With a `revision`,
        internal notes that came since do not count as a change."""
        template = said.pop("template", None)
        if template is not None:
            filled = wording.fill(template.body, case=case, by=by, now=now, language=template.language)
            said["body"] = filled.text
        return talk.reply(case=case, by=by, now=now, **said)

    @verb(says=inputs.Note, answers=shown_messages.MessageSerializer, status=201, asks="case.log")
    def note(self, case, said, *, by, now):
        """An internal note, on any case you may find. Stops nothing."""
        return talk.note(case=case, by=by, now=now, **said)

    @verb(says=inputs.Call, answers=shown_messages.MessageSerializer, status=201, asks="case.log")
    def call(self, case, said, *, by, now):
        """Log a telephone call, either way, on any case you may find."""
        return talk.log_call(case=case, by=by, now=now, **said)

    @verb(
        says=inputs.WithReason,
        answers=serializers.CaseReadingSerializer,
        asks="case.read_for_a_reason",
        url_path="open-rest",
    )
    def open_rest(self, case, said, *, by, now):
        """Open the rest of another team's case, to read, until the end of your day.

        Your reason is kept with it; asked again while it is open, the first one stands.
        """
        return opening.open_rest(case=case, by=by, now=now, **said)

    @verb(says=inputs.Incoming, answers=shown_messages.MessageSerializer, status=201)
    def receive(self, case, said, *, by, now):
        """The customer wrote: ends the pauses that wait for that."""
        return talk.receive(case=case, by=by, now=now, **said)

    @verb(says=inputs.Promising, answers=serializers.PromiseSerializer, status=201)
    def promise(self, case, said, *, by, now):
        """Track a date that was told to the customer."""
        return promising.promise(case=case, by=by, now=now, **said)

    @verb(says=asked.Asking, answers=asked.AskSerializer, status=201)
    def ask(self, case, said, *, by, now):
        """Note one thing that the customer asks for: the case is resolved only when it is decided."""
        return asked.as_asked(asking.ask(case=case, by=by, now=now, **said))

    @verb(says=asked.CaseAnswering, answers=asked.AnswerSerializer, status=201)
    def answer(self, case, said, *, by, now):
        """Cause, remedy, by when, whom to contact: written to the customer, its date promised."""
        return answering.answer(case=case, by=by, now=now, **said)

    @verb(says=inputs.Pausing, answers=serializers.PauseSerializer, status=201)
    def pause(self, case, said, *, by, now):
        """Stop the clocks that the reason names, until an expected end."""
        return pausing.pause(case=case, by=by, now=now, **said)

    @case_verb(inputs.Resuming)
    def resume(self, case, said, *, by, now):
        """End the open pause with this reason."""
        pause = (
            case.pauses.filter(reason=said.pop("reason"))
            .select_related("case", "reason")
            .order_by("-pk")
            .first()
        )
        if pause is None:
            raise Http404
        pausing.resume(pause=pause, by=by, now=now, **said)
        return as_it_is(case)

    @case_verb(inputs.Assigning)
    def assign(self, case, said, *, by, now):
        """Give the case another team, another owner, or both."""
        routing.assign(case=case, by=by, now=now, **said)
        return as_it_is(case)

    @case_verb(inputs.Correcting)
    def correct(self, case, said, *, by, now):
        """Put right what was written down: of another category or service it may owe other terms, from the
        clocks' own start."""
        correcting.correct(case=case, by=by, now=now, **said)
        return as_it_is(case)

    @case_verb(inputs.Prioritising)
    def prioritise(self, case, said, *, by, now):
        """Change the priority, by itself or through impact and urgency; open clocks are re-targeted."""
        routing.prioritise(case=case, by=by, now=now, **said)
        return as_it_is(case)

    @case_verb(inputs.TaggingOne)
    def tag(self, case, said, *, by, now):
        """Put tags on it, and take tags off it."""
        tagging.tag(case=case, by=by, now=now, **said)
        return as_it_is(case)

    @verb(says=inputs.ShortReason, answers=serializers.CaseSerializer, asks="case.restrict")
    def restrict(self, case, said, *, by, now):
        """From now on it exists for those named on it alone: you and its owner at first."""
        parties.restrict(case=case, by=by, now=now, **said)
        return as_it_is(case)

    @verb(
        says=inputs.ShortReason,
        answers=serializers.CaseSerializer,
        asks="case.restrict",
        url_path="open-up",
    )
    def open_up(self, case, said, *, by, now):
        """It is open to its team again."""
        parties.open_up(case=case, by=by, now=now, **said)
        return as_it_is(case)

    @verb(
        says=inputs.Naming,
        answers=serializers.PartySerializer,
        status=201,
        asks="case.restrict",
        url_path="name",
    )
    def name_person(self, case, said, *, by, now):
        """Name somebody on it, with access or as the subject of the complaint, who then sees none of it."""
        return parties.name(case=case, by=by, now=now, **said)

    @verb(says=inputs.Striking, answers=serializers.PartySerializer, asks="case.restrict")
    def strike(self, case, said, *, by, now):
        """Somebody is not named on it any more; that they were stays on record."""
        return parties.strike(by=by, now=now, **said)

    @case_verb(inputs.Nothing)
    def take(self, case, said, *, by, now):
        """Become the owner of a case that has none; unrouted, it comes to your first team."""
        routing.take(case=case, by=by, now=now, **said)
        return as_it_is(case)

    @verb(says=inputs.Nothing, answers=serializers.CaseSerializer, url_path="take-up")
    def take_up(self, case, said, *, by, now):
        """Work begins: new becomes open. No clock stops."""
        routing.take_up(case=case, by=by, now=now, **said)
        return as_it_is(case)

    @case_verb(inputs.Reason)
    def resolve(self, case, said, *, by, now):
        """What was owed is done."""
        ending.resolve(case=case, by=by, now=now, **said)
        return as_it_is(case)

    @case_verb(inputs.Reason)
    def close(self, case, said, *, by, now):
        """The end. Refused while something is still owed; each blocker is named."""
        ending.close(case=case, by=by, now=now, **said)
        return as_it_is(case)

    @case_verb(inputs.Reason)
    def reopen(self, case, said, *, by, now):
        """It was not done after all: open again, with the time that was left."""
        ending.reopen(case=case, by=by, now=now, **said)
        return as_it_is(case)


def as_it_is(case):
    """The case as the database has it now; whoever just acted on it may see what came of it."""
    return shown().get(pk=case.pk)


def open_case(view, subject, said, *, by, now):
    return as_it_is(intake.open_case(by=by, now=now, **said))
