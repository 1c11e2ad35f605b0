"""One thing done to many chosen cases: case by case, each by the same operation that does it to one.

What is refused is refused for that case alone, and said; nothing is passed over in silence. What each case
had before is kept, so that it can be undone (operations/undoing.py).
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases import history
from cases.errors import Refused
from cases.models import Case, CaseTag, DoneTogether

What = DoneTogether.What
# Cases at once, whoever asks; a page of the queue shows as many.
MOST = 50
# The columns of a case that each changes; tags have rows of their own.
COLUMNS = {What.ASSIGN: ("team_id", "owner_id"), What.PRIORITY: ("priority",), What.CLOSE: ("status",)}


@dataclass(frozen=True)
class Outcome:
    """What came of it for one case; `case` is None where it is not for this person to know of."""

    pk: int
    case: Case | None
    is_done: bool
    why: str = ""


def carry_out(*, what, chosen, operate, key, back, by, now):
    """Do `what` to the `chosen` cases (see `each`) and keep what came of it: a DoneTogether.

    `key` is the form's own: of two that are sent, the second does nothing and has the first one's answer.
    `back` is the query of the queue that it was done from.
    """
    with history.acting(by=by, reason=what, now=now):
        done, is_first = DoneTogether.objects.get_or_create(
            person=by, key=key, defaults={"what": what, "back": back, "done_at": now}
        )
        if is_first:
            ids = [pk for pk, _revision in chosen]
            before = respects(what, ids)
            outcomes = each(chosen, operate, by=by)
            # A case that was done to had the revision that was seen, so that what was read first was still
            # true under its lock.
            after = respects(what, ids)
            done.outcomes = [_kept(o, before.get(o.pk, {}), after.get(o.pk, {})) for o in outcomes]
            done.save(update_fields=["outcomes"])
    return done


def respects(what, ids):
    """{case id: {what of it such a thing changes: its value now}}: columns, or the ids of the rows of its
    tags."""
    if what != What.TAG:
        return {row.pop("pk"): row for row in Case.objects.filter(pk__in=ids).values("pk", *COLUMNS[what])}
    found = {pk: {"tags": []} for pk in ids}
    for pk, case in (
        CaseTag.objects.on().filter(case__in=ids).order_by("pk").values_list("pk", "case").iterator()
    ):
        found[case]["tags"].append(pk)
    return found


def _kept(outcome, before, after):
    changed = {name: [value, after[name]] for name, value in before.items() if after[name] != value}
    return {
        "case": outcome.pk,
        "is_done": outcome.is_done,
        "why": outcome.why,
        "changed": changed if outcome.is_done else {},
        "revision": outcome.case.revision if outcome.is_done else None,
    }


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
