"""The words of the timeline for what was asked, decided and answered."""

from django.utils.translation import gettext as _

from cases import display
from cases.decisions import Outcome
from cases.models import Decision
from cases.models.survey import BEST
from reports.sentences import Said


def of_ask(before, row, names):
    if before is None:
        yield Said(_("noted what the customer asks: “%(what)s”") % {"what": row.text}, "help")
        return
    if row.goes_on_as_id and not before.goes_on_as_id:
        yield Said(_("split “%(what)s” off into a case of its own") % {"what": row.text}, "link")
    changes = []
    if row.text != before.text:
        changes.append((_("Asked"), before.text, row.text))
    if row.amount != before.amount:
        changes.append((_("Worth"), _worth(before), _worth(row)))
    if changes:
        yield Said(_("corrected what the customer asks"), "pencil", changes=changes)


def _worth(row):
    return display.money(row.amount) if row.amount is not None else _("not said")


DECIDED = {
    Outcome.GRANTED: (lambda: _("granted “%(what)s”"), "check", ""),
    Outcome.PARTLY: (lambda: _("granted “%(what)s” in part"), "sliders", "part"),
    Outcome.REFUSED: (lambda: _("refused “%(what)s”"), "slashed", "grounds"),
    Outcome.WITHDRAWN: (lambda: _("noted that the customer withdrew “%(what)s”"), "undo", "customer_said"),
}
PROPOSED = {
    Outcome.GRANTED: lambda: _("asked for approval to grant “%(what)s”"),
    Outcome.PARTLY: lambda: _("asked for approval to grant “%(what)s” in part"),
    Outcome.REFUSED: lambda: _("asked for approval to refuse “%(what)s”"),
}


def of_decision(before, row, names):
    what = {"what": names.ask(row.ask_id)}
    if before is None:
        yield _made(row, what)
    elif row.state != before.state:
        yield _answered(row, what)


def _made(row, what):
    text, icon, why = DECIDED[Outcome(row.outcome)]
    if row.state == Decision.State.WAITING:
        text, icon = PROPOSED[Outcome(row.outcome)], "scales"
    said = text() % what
    if row.offer_kind:
        said = _("%(decided)s; offered: %(offer)s") % {"decided": said, "offer": display.offer(row)}
    return Said(said, icon, why=getattr(row, why) if why else "")


def _answered(row, what):
    if row.state == Decision.State.STANDS:
        return Said(_("approved the decision on “%(what)s”") % what, "check")
    if row.state == Decision.State.SENT_BACK:
        return Said(_("sent back the decision on “%(what)s”") % what, "undo", why=row.end_reason)
    return Said(_("took back the decision on “%(what)s”") % what, "undo", why=row.end_reason)


def of_answer(before, row, names):
    if before is None:
        yield Said(_("gave the answer, with its date promised"), "send")


def of_survey(before, row, names):
    if before is not None and row.called_back_at and not before.called_back_at:
        yield Said(_("called back the question to the customer, which had not left"), "undo")
    elif before is None or (before.called_back_at and not row.called_back_at):
        yield Said(_("asked the customer how content they are"), "send")
    elif (row.score, row.comment) != (before.score, before.comment):
        words = {"score": row.score, "best": BEST}
        if before.score is None:
            yield Said(_("answered: %(score)s of %(best)s") % words, "chat", why=row.comment)
        else:
            yield Said(_("changed the answer: %(score)s of %(best)s") % words, "chat", why=row.comment)
