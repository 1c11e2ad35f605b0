"""What blocks closing a case, and what falls away with it. Higher apps register theirs; this one never asks
upwards."""

from django.utils.translation import gettext as _

from cases.models import Promise
from cases.prepared import Given, Prepared

BLOCKERS = []
OWED = Prepared(
    lambda: Promise.objects.filter(
        case=Given("case"), state__in=("open", "broken"), replaced_by=None
    ).order_by("due_at", "pk")
)
ENDINGS = []


def blocks_closing(question):
    """Register `f(case)` that yields a sentence for each thing still owed."""
    BLOCKERS.append(question)
    return question


def ends_with_case(ending):
    """Register `f(case, *, by, now, outcome)`, called under the case's lock when it is resolved or closed."""
    ENDINGS.append(ending)
    return ending


def blockers(case):
    """Every sentence that speaks against closing `case` now."""
    return [sentence for question in BLOCKERS for sentence in question(case)]


def end_with(case, *, by, now, outcome):
    for ending in ENDINGS:
        ending(case, by=by, now=now, outcome=outcome)


@blocks_closing
def promises_neither_kept_nor_replaced(case):
    for promise in OWED.all(case=case.pk):
        yield _("“%(what)s” was promised for %(due)s and is neither kept nor replaced.") % {
            "what": promise.what,
            "due": promise.due_at.strftime("%Y-%m-%d %H:%M"),
        }
