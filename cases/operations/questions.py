"""What is asked of a case of some category, and the answers to it."""

from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from cases.errors import Incomplete, WrongAnswer
from cases.models import Question, QuestionAnswer

from .changing import changing


def answer(case, answers, *, by, now):
    """Keep `answers` ({question id: text}) of a new, locked case to the questions of its category.

    Raises WrongAnswer for an answer that does not fit its question, or one that is asked of other cases;
    Incomplete where a required one is missing. What came by itself was never asked and lacks nothing.
    """
    if by.is_system and not answers:
        return
    asked, given = _asked_and_given(case, answers)
    missing = [q for pk, q in asked.items() if q.is_required and pk not in given]
    if missing and not by.is_system:
        raise Incomplete(
            [_("“%(question)s” must be answered.") % {"question": question} for question in missing]
        )
    QuestionAnswer.objects.bulk_create(_answer(case, asked[pk], value, now) for pk, value in given.items())


def fill_in(*, case, answers, by, now, revision=None):
    """What the customer answered later, or corrected; what is left empty stays as it is.

    Raises WrongAnswer as above, and Incomplete where nothing was answered.
    """
    with changing(case, by=by, reason=_("questions answered"), now=now, revision=revision) as locked:
        asked, given = _asked_and_given(locked, answers)
        if not given:
            raise Incomplete(_("Write down at least one answer."))
        known = {row.question_id: row for row in locked.question_answers.all()}
        for pk, value in given.items():
            row, new = known.get(pk), _answer(locked, asked[pk], value, now)
            if row is not None and row.value != new.value:
                row.asked, row.value, row.answered_at = new.asked, new.value, now
                row.save(update_fields=["asked", "value", "answered_at"])
            elif row is None:
                new.save()


def _asked_and_given(case, answers):
    """({question id: question}, {question id: text}) of what is asked and of what was answered."""
    asked = {question.pk: question for question in Question.objects.asked_of(case.category)}
    given = {int(pk): str(value).strip() for pk, value in answers.items() if str(value).strip()}
    strangers = set(given) - set(asked)
    if strangers:
        raise WrongAnswer(
            _("Nobody asks question %(pk)s of a case of this category.") % {"pk": min(strangers)}
        )
    return asked, {pk: given[pk] for pk in asked if pk in given}


def _answer(case, question, value, now):
    kept = fitting(question, value)
    return QuestionAnswer(case=case, question=question, asked=question.text, value=kept, answered_at=now)


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
