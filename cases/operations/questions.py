"""What is asked of a case of some category, and the answers to it."""

from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from cases.errors import Incomplete, WrongAnswer
from cases.models import Answer, Question


def answer(case, answers, *, by, now):
    """Keep `answers` ({question id: text}) of a locked case to the questions of its category.

    Raises WrongAnswer for an answer that does not fit its question, or one that is asked of other cases;
    Incomplete where a required one is missing. What came by itself was never asked and lacks nothing.
    """
    asked = {question.pk: question for question in Question.objects.asked_of(case.category)}
    given = {int(pk): str(value).strip() for pk, value in answers.items()}
    strangers = set(given) - set(asked)
    if strangers:
        raise WrongAnswer(
            _("Nobody asks question %(pk)s of a case of this category.") % {"pk": min(strangers)}
        )
    missing = [q for pk, q in asked.items() if q.is_required and not given.get(pk)]
    if missing and not by.is_system:
        raise Incomplete(
            [_("“%(question)s” must be answered.") % {"question": question} for question in missing]
        )
    rows = [
        Answer(
            case=case,
            question=asked[pk],
            asked=asked[pk].text,
            value=fitting(asked[pk], value),
            answered_at=now,
        )
        for pk, value in given.items()
        if value
    ]
    Answer.objects.bulk_create(sorted(rows, key=lambda row: (row.question.position, row.question_id)))


def fitting(question, value):
    """`value` as it is kept: a date as 2026-03-31, a number with a point, yes or no. Raises WrongAnswer."""
    try:
        if question.kind == Question.Kind.DATE:
            return date.fromisoformat(value).isoformat()
        if question.kind == Question.Kind.NUMBER:
            number = Decimal(value.replace(",", "."))
            if not number.is_finite():
                raise ValueError
            return f"{number:f}"
    except (ValueError, InvalidOperation) as error:
        raise WrongAnswer(
            _("“%(question)s” is answered by %(kind)s, not by “%(value)s”.")
            % {"question": question, "kind": question.get_kind_display(), "value": value[:60]}
        ) from error
    offered = {Question.Kind.CHOICE: question.options, Question.Kind.YES_NO: ["yes", "no"]}.get(question.kind)
    if offered is not None and value not in offered:
        raise WrongAnswer(
            _("“%(question)s” is answered by one of: %(choices)s.")
            % {"question": question, "choices": ", ".join(offered)}
        )
    return value
