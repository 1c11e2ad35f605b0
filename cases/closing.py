"""What blocks resolving and closing a case, and what falls away with it. Higher apps register theirs; this
one never asks upwards."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from cases.models import Ask, Decision, Promise
from cases.prepared import Given, Prepared
from cases.states import CaseStatus


@dataclass(frozen=True)
class Blocker:
    """One thing still owed: a sentence, and the id of what it is about on the case page."""

    words: str
    where: str


# What speaks against moving a case there.
BLOCKERS = {CaseStatus.RESOLVED: [], CaseStatus.CLOSED: []}
ENDINGS, REMARKS = [], []
OWED = Prepared(lambda: Promise.objects.owed().filter(case=Given("case")).order_by("due_at", "pk"))
UNDECIDED = Prepared(
    lambda: (
        Ask.objects.filter(
            ~Exists(Decision.objects.current().filter(ask=OuterRef("pk"))),
            case=Given("case"),
            goes_on_as=None,
        )
        .order_by("position")
        .values_list("pk", "text")
    )
)
WAITING = Prepared(
    lambda: (
        Decision.objects.waiting()
        .filter(ask__case=Given("case"))
        .order_by("ask__position")
        .values_list("ask_id", "ask__text")
    )
)


def blocks_closing(question):
    """Register `f(case)` that yields a Blocker for each thing still owed when the case is closed."""
    BLOCKERS[CaseStatus.CLOSED].append(question)
    return question


def blocks_resolving(question):
    """As `blocks_closing`, of what must be done before a case is resolved already."""
    for questions in BLOCKERS.values():
        questions.append(question)
    return question


def said_at_the_end(question):
    """Register `f(case)` that yields a Blocker for each thing left undone that blocks nothing: it is said."""
    REMARKS.append(question)
    return question


def ends_with_case(ending):
    """Register `f(case, *, by, now, outcome)`, called under the case's lock when it is resolved or closed."""
    ENDINGS.append(ending)
    return ending


def blockers(case, status=CaseStatus.CLOSED):
    """Every Blocker that speaks against making `case` resolved or closed now."""
    return [blocker for question in BLOCKERS[CaseStatus(status)] for blocker in question(case)]


def remarks(case):
    """Every Blocker, though it blocks nothing, that whoever resolves or closes `case` should know of."""
    return [remark for question in REMARKS for remark in question(case)]


def end_with(case, *, by, now, outcome):
    for ending in ENDINGS:
        ending(case, by=by, now=now, outcome=outcome)


@blocks_resolving
def asks_unanswered(case):
    for pk, text in UNDECIDED.all(case=case.pk):
        yield Blocker(_("The customer asks “%(what)s”, and nothing is decided.") % _what(text), f"ask-{pk}")


@blocks_resolving
def decisions_waiting(case):
    for pk, text in WAITING.all(case=case.pk):
        yield Blocker(_("The decision on “%(what)s” waits for approval.") % _what(text), f"ask-{pk}")


def _when(at):
    return date_format(timezone.localtime(at), "j M Y, H:i")


def _what(text):
    return {"what": Truncator(text).chars(80)}


@blocks_closing
def promises_neither_kept_nor_replaced(case):
    for promise in OWED.all(case=case.pk):
        yield Blocker(
            _("“%(what)s” was promised for %(due)s and is neither kept nor replaced.")
            % {"what": promise.what, "due": _when(promise.due_at)},
            f"promise-{promise.pk}",
        )
