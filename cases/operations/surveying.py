"""Asking a customer whether they were content, once a case is closed; and what they answer."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from cases import history
from cases.errors import Incomplete, SurveyOver
from cases.models import Case, Customer, Message, Notice, NoticeKind, Party, Person, Survey
from cases.models.survey import BEST
from cases.models.together import UNDO_WITHIN

from . import linking, notify

# A customer is asked at most once in so long, about whichever case.
AT_MOST_EVERY = timedelta(days=30)
OPEN_FOR = timedelta(days=14)
LONGEST = 4000
# Up to this score a customer is not content.
LOW = 2


def ask_after(case, *, now):
    """Ask the contact of a locked case that was just closed how content they were; the Survey, or None where
    they are not asked.

    Nobody is asked while the desk does not want it (settings.SURVEYS); about a restricted case, or one that
    is about somebody who works here; without an address; where nobody answered them; twice about a case, or
    twice in 30 days.
    """
    if not settings.SURVEYS or not _may_be_asked(case):
        return None
    # Two cases of one customer closed at once: who finds the customer taken leaves the question to the other.
    free = Customer.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=case.customer_id)
    theirs = Survey.objects.asked().filter(customer=case.customer_id)
    asked_lately = theirs.filter(asked_at__gt=now - AT_MOST_EVERY)
    if not free.exists() or asked_lately.exists():
        return None
    said = {"contact": case.contact, "asked_at": now, "expires_at": now + OPEN_FOR, "called_back_at": None}
    survey, _is_new = Survey.objects.update_or_create(
        case=case, defaults={**said, "customer_id": case.customer_id}
    )
    notify.queue([_question(survey)], now=now)
    return survey


def _question(survey):
    """Its mail, which waits until to close the case can no longer be undone."""
    return notify.Wanted(
        NoticeKind.SURVEY,
        survey.case,
        f"survey:{survey.pk}:{survey.asked_at.timestamp():.0f}",
        contact=survey.contact,
        facts={"survey": survey.pk},
        not_before=survey.asked_at + UNDO_WITHIN,
    )


def call_back(case, *, now):
    """A locked case is open again: while its mail has not left, nothing was asked, and closed once more the
    customer may be asked anew. What is on its way stays asked."""
    survey = Survey.objects.asked().filter(case=case, answered_at=None).select_related("case").first()
    if survey is None:
        return
    mails = Notice.objects.filter(key=notify.key(_question(survey), Notice.Channel.MAIL))
    # Whoever has begun to send it has counted the attempt.
    unsent = mails.filter(state=Notice.State.QUEUED, attempts=0)
    if unsent.update(state=Notice.State.RECORDED):
        survey.called_back_at = now
        survey.save(update_fields=["called_back_at"])


def _may_be_asked(case):
    contact = case.contact
    if contact is None or not contact.email or not contact.is_active or case.is_restricted:
        return False
    if case.category is not None and case.category.is_about_staff:
        return False
    if case.parties.filter(kind=Party.Kind.SUBJECT).exists() or linking.merged_into(case) is not None:
        return False
    told = case.messages.filter(direction=Message.Direction.OUT, is_automatic=False)
    return told.exists() and not Survey.objects.asked().filter(case=case).exists()


def answer(*, survey, score, now, comment=""):
    """Keep what the customer answers, 1 (not content at all) to 5; an answer before it is replaced. Of a low
    one whoever has the case hears.

    Signed by the customer. Raises Incomplete for any other score, SurveyOver once it is too late or the case
    was restricted.
    """
    if score not in range(1, BEST + 1):
        raise Incomplete(_("Choose one of the numbers from 1 to %(best)s.") % {"best": BEST})
    comment = comment.strip()[:LONGEST]
    with history.acting(by=history.CUSTOMER, reason=_("survey answered"), now=now, via="survey"):
        case = Case.objects.lock(survey.case_id)
        survey = Survey.objects.get(pk=survey.pk)
        if now >= survey.expires_at or survey.called_back_at or case.is_restricted:
            raise SurveyOver(_("This question can no longer be answered. Thank you all the same."))
        was_low = survey.score is not None and survey.score <= LOW
        if (survey.score, survey.comment) != (score, comment):
            survey.score, survey.comment, survey.answered_at = score, comment, now
            survey.save(update_fields=["score", "comment", "answered_at"])
        if score <= LOW and not was_low:
            _tell(case, survey, now)
    return survey


def _tell(case, survey, now):
    """Whoever has the case and whoever answers for its team hear of a customer who is not content, once."""
    people = [case.owner] if case.owner is not None and case.owner.is_active else []
    people += Person.objects.managers_of(case.team)
    facts = {"score": survey.score, "best": BEST}
    about = f"survey:{survey.pk}"
    notify.queue(
        [
            notify.Wanted(NoticeKind.SURVEY_LOW, case, about, person=person, facts=facts)
            for person in dict.fromkeys(people)
        ],
        now=now,
    )
