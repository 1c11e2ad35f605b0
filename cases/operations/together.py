"""One thing done to many chosen cases: case by case, each by the same operation that does it to one.

What is refused is refused for that case alone, and said; nothing is passed over in silence.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases.errors import Refused
from cases.models import Case


@dataclass(frozen=True)
class Outcome:
    """What came of it for one case; `case` is None where it is not for this person to know of."""

    pk: int
    case: Case | None
    is_done: bool
    why: str = ""


def each(chosen, operate, *, by):
    """[Outcome, …] in the order of `chosen`, [(case id, revision that was seen), …].

    `operate(case, revision)` is an operation on one case; StaleCase and all else that it refuses is an
    outcome. Cases are taken in the order of their ids, as everybody locks them.
    """
    ids = [pk for pk, _revision in chosen]
    cases = Case.objects.findable(by).select_related("customer", "owner", "team").in_bulk(ids)
    theirs = set(Case.objects.reachable(by, "case.work").filter(pk__in=ids).values_list("pk", flat=True))
    found = {pk: _one(pk, revision, cases.get(pk), pk in theirs, operate) for pk, revision in sorted(chosen)}
    return [found[pk] for pk in ids]


def _one(pk, revision, case, is_theirs, operate):
    if case is None:
        return Outcome(pk, None, False, _("There is no such case, or it is not yours to know of."))
    if not is_theirs:
        return Outcome(pk, case, False, _("This case is another team’s; you may not change it."))
    try:
        operate(case, revision)
    except Refused as refusal:
        return Outcome(pk, case, False, " ".join(refusal.messages))
    return Outcome(pk, case, True)
