"""Ask back whoever gave a handoff, and answer. Pauses nothing (RULES 4)."""

from django.utils.translation import gettext as _

from cases.errors import Incomplete, NotTheirs
from cases.models import NoticeKind, Person
from cases.operations import notify, parties, staying
from cases.operations.changing import changing
from escalations.errors import AlreadyAsked, NobodyToAsk, NotWaiting
from escalations.models import AskBack

from .holding import held
from .options import refuse_subject


def ask_back(*, handoff, text, by, now, revision=None):
    """`by`, who has the handoff, asks whoever gave it; an automatic one, the case's owner. Returns the
    AskBack.

    Raises Incomplete, NotTheHolder, NotWaiting on a stale page, AlreadyAsked, NobodyToAsk, StaleCase.
    """
    if not text.strip():
        raise Incomplete(_("Write what you want to know."))
    reason = _("asked back about a handoff")
    with changing(handoff.escalation.case, by=by, reason=reason, now=now, revision=revision) as case:
        _escalation, current = held(handoff, by)
        if current.questions.open().exists():
            raise AlreadyAsked(_("A question about this handoff waits for its answer already."))
        row = AskBack.objects.create(
            handoff=current,
            text=text.strip(),
            asked_by_id=by.pk,
            asked_of=giver_of(current, case, by),
            asked_at=now,
        )
        if case.is_restricted:
            # Who handed it on holds it no more: asked, they see it, or the question would reach nobody.
            parties.let_in(case, row.asked_of, _("asked about its handoff"))
        _tell(NoticeKind.ASKED_BACK, case, row, row.asked_of, row.text, by, now)
    return row


def giver_of(handoff, case, by):
    """Who can say more about `handoff`, and works here until that is written. Raises NobodyToAsk."""
    subjects = set(case.parties.filter(kind="subject").values_list("person_id", flat=True))
    for pk in (handoff.from_person_id, case.owner_id):
        if pk is not None and pk != by.pk and pk not in subjects:
            person = Person.objects.working().filter(pk=pk).first()
            if person is not None and staying.here([pk]):
                return person
    raise NobodyToAsk(
        _("Nobody gave this handoff by hand, and no other person owns the case; ask with an internal note.")
    )


def answer(*, question, text, by, now, revision=None):
    """The answer stands with the handoff, and whoever asked is told.

    Raises Incomplete, NotTheirs for who asked it, NotWaiting where it is answered, StaleCase.
    """
    if not text.strip():
        raise Incomplete(_("Write the answer."))
    case = question.handoff.escalation.case
    reason = _("answered a question about a handoff")
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        refuse_subject(locked, by)
        row = AskBack.objects.select_related("asked_by").get(pk=question.pk)
        if row.answered_at is not None:
            raise NotWaiting(_("This question has been answered already."))
        if row.asked_by_id == by.pk:
            raise NotTheirs(_("You asked this yourself; %(who)s answers it.") % {"who": row.asked_of})
        row.answer, row.answered_by_id, row.answered_at = text.strip(), by.pk, now
        row.save(update_fields=["answer", "answered_by", "answered_at"])
        _tell(NoticeKind.ANSWERED_BACK, locked, row, row.asked_by, row.answer, by, now)
    return row


def _tell(kind, case, question, person, what, by, now):
    facts = {"what": what[:200], "who": by.name}
    notify.queue([notify.Wanted(kind, case, f"question:{question.pk}", person=person, facts=facts)], now=now)
