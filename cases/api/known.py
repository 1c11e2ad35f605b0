"""What is known of a case beside what was said: what was tried, and what the questions of its category found
out. As the page of the case has it."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from cases.models import Attempt, Question, QuestionAnswer
from cases.operations import attempts, questions

from .fields import Moment, Shown, Text, named
from .inputs import Versioned
from .reading import OfOneCase
from .verbs import verb

# --- As it is shown -----------------------------------------------------------------------------------------


class AttemptSerializer(Shown):
    case = serializers.CharField(
        source="case.number", read_only=True, help_text="Of this one, or of one from which this case goes on."
    )
    told_by = named()

    class Meta:
        model = Attempt
        fields = ["id", "case", "what", "told_by", "recorded_at"]


class TriedSerializer(serializers.Serializer):
    attempts = AttemptSerializer(many=True, read_only=True, help_text="As they were noted, the first first.")


class CaseQuestionSerializer(serializers.Serializer):
    """A question as it is asked now, with what was answered; one that is asked no more, as it was then."""

    question = serializers.IntegerField(source="question.pk", read_only=True)
    text = serializers.CharField(read_only=True, help_text="As it was asked, where it was answered.")
    kind = serializers.ChoiceField(Question.Kind.choices, source="question.kind", read_only=True)
    choices = serializers.ListField(source="question.options", child=serializers.CharField(), read_only=True)
    is_required = serializers.BooleanField(source="question.is_required", read_only=True)
    is_asked = serializers.BooleanField(
        read_only=True, help_text="Of cases of this category today; only then it may be answered."
    )
    answer = serializers.CharField(
        source="row.value",
        read_only=True,
        default=None,
        allow_null=True,
        help_text="A date as 2026-03-31, a number with a point, yes or no. Null: not answered yet.",
    )
    answered_at = Moment(source="row.answered_at", read_only=True, default=None, allow_null=True)


class CaseQuestionsSerializer(serializers.Serializer):
    questions = CaseQuestionSerializer(many=True, read_only=True)


def asked_of(case):
    """[{question, text, is_asked, row}]: what is asked of `case` now, then what was and is no more. Two
    queries."""
    known = QuestionAnswer.objects.filter(case=case).select_related("question")
    rows = {row.question_id: row for row in known.order_by("question__position", "pk")}
    now = list(Question.objects.asked_of(case.category))
    before = [row.question for pk, row in rows.items() if pk not in {question.pk for question in now}]
    return [
        {
            "question": question,
            "text": rows[question.pk].asked if question.pk in rows else question.text,
            "is_asked": is_asked,
            "row": rows.get(question.pk),
        }
        for is_asked, some in ((True, now), (False, before))
        for question in some
    ]


# --- What is said -------------------------------------------------------------------------------------------


class NotingAttempt(Versioned):
    tried = Text(help_text="One a line: each is kept for ever, and goes into every later handoff.")


class FillingIn(Versioned):
    answers = serializers.DictField(
        child=serializers.CharField(max_length=4000, allow_blank=True),
        help_text="By the question's id. What is left out or empty stays as it is.",
    )

    def validate_answers(self, answers):
        if not all(key.isdecimal() and len(key) < 18 for key in answers):
            raise serializers.ValidationError(_("Answers go by the ids of their questions."))
        return {int(key): value for key, value in answers.items()}


# --- Endpoints ----------------------------------------------------------------------------------------------


class Known(OfOneCase):
    """What is known of one case, for whoever may read the whole of it."""

    asks = "case.read"
    serializer_class = TriedSerializer

    @extend_schema(responses=TriedSerializer)
    @action(detail=True, filterset_class=None, pagination_class=None)
    def attempts(self, request, number):
        """What was already tried, on this case and on those from which it goes on."""
        found = Attempt.objects.known_on(self.subject())
        return Response(TriedSerializer({"attempts": found}).data)

    @verb(says=NotingAttempt, answers=TriedSerializer, status=201, url_path="note-attempt")
    def note_attempt(self, case, said, *, by, now):
        """Something was tried and did not settle it: nobody is asked to try it again."""
        attempts.note_attempt(case=case, by=by, now=now, **said)
        return {"attempts": Attempt.objects.known_on(case)}

    @extend_schema(responses=CaseQuestionsSerializer)
    @action(detail=True, filterset_class=None, pagination_class=None)
    def questions(self, request, number):
        """What is asked of a case of its category, and what was answered."""
        return Response(CaseQuestionsSerializer({"questions": asked_of(self.subject())}).data)

    @verb(says=FillingIn, answers=CaseQuestionsSerializer, url_path="fill-in")
    def fill_in(self, case, said, *, by, now):
        """What the customer answered later, or corrected; a corrected answer keeps its past in the
        history."""
        questions.fill_in(case=case, by=by, now=now, **said)
        return {"questions": asked_of(case)}
