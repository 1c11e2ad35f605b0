"""Undo what was done to many cases at once: for a while, case by case, where nobody changed it since.

Nothing is turned back behind anybody's back: each case is changed once more, by the same operation, and both
changes stand in its history. What is no event of the case (it was a slip) is not told to the rules and counts
as no reassignment and no reopening; what the first change led to in the meantime, notices and escalations,
stays.
"""

from django.utils.translation import gettext as _

from cases import history, roles
from cases.errors import NotTheirs, Refused, StaleCase, TooLate, WrongMove
from cases.models import Case, CaseTag, DoneTogether, Person, Tag, Team
from cases.states import CaseStatus

from . import ending, routing, tagging

What = DoneTogether.What


def undo(*, done, by, now):
    """Put back what `done` changed; returns it with "is_undone" and "why_kept" in its outcomes.

    A second press finds it undone, and does nothing. Raises NotTheirs where it is somebody else's, TooLate
    once UNDO_WITHIN is over.
    """
    with history.acting(by=by, reason=_("undone"), now=now):
        done = DoneTogether.objects.select_for_update(no_key=True).get(pk=done.pk)
        if done.person_id != by.pk or not roles.may(by, "case.work"):
            raise NotTheirs(_("Only who did it may undo it."))
        if done.undone_at is not None:
            return done
        if not done.may_be_undone(now):
            raise TooLate(_("The time to undo this is over; change the cases that should be otherwise."))
        _put_back(done, by=by, now=now)
        done.undone_at = now
        done.save(update_fields=["outcomes", "undone_at"])
    return done


def _put_back(done, *, by, now):
    ids = Case.objects.lock_ids([outcome["case"] for outcome in done.changed])
    cases = Case.objects.findable(by).select_related("customer").in_bulk(ids)
    theirs = set(Case.objects.reachable(by, "case.work").filter(pk__in=ids).values_list("pk", flat=True))
    if done.what == What.ASSIGN:
        theirs = set(ids)  # it was theirs to give; to take it back is not to work on another team's case
    why_kept, put_back = (_tags if done.what == What.TAG else _columns)(done)
    for outcome in sorted(done.changed, key=lambda outcome: outcome["case"]):
        case = cases.get(outcome["case"])
        try:
            if case is None or case.pk not in theirs:
                raise NotTheirs(_("This case is no longer yours to change."))
            if case.pk in why_kept:
                raise StaleCase(why_kept[case.pk])
            put_back(case, outcome, reason=_("undone"), by=by, now=now)
        except Refused as refusal:
            outcome["is_undone"], outcome["why_kept"] = False, " ".join(refusal.messages)
        else:
            outcome["is_undone"], outcome["why_kept"] = True, ""


# --- What stands in the columns of a case -----------------------------------------------------------------


def _columns(done):
    """({case id: why it is left alone}, how the others are put back)."""
    before = [{name: old for name, (old, _new) in o["changed"].items()} for o in done.changed]
    teams = Team.objects.in_bulk([row["team_id"] for row in before if row.get("team_id")])
    people = Person.objects.in_bulk([row["owner_id"] for row in before if row.get("owner_id")])

    def assign(case, outcome, **signed):
        given = {}
        for name, rows in (("team", teams), ("owner", people)):
            if f"{name}_id" in outcome["changed"]:
                given[name] = rows.get(outcome["changed"][f"{name}_id"][0])
        routing.assign(case=case, is_undo=True, **given, **signed)

    def prioritise(case, outcome, **signed):
        routing.prioritise(case=case, priority=outcome["changed"]["priority"][0], is_undo=True, **signed)

    def reopen(case, outcome, **signed):
        if outcome["changed"]["status"][0] == CaseStatus.RESOLVED:
            raise WrongMove(
                _("It was resolved before; opened again it would be worked on anew. It stays closed.")
            )
        ending.reopen(case=case, is_undo=True, **signed)

    ways = {What.ASSIGN: assign, What.PRIORITY: prioritise, What.CLOSE: reopen}
    return _changed_since(done), ways[done.what]


def _changed_since(done):
    """{case id: who changed since what `done` had set}, by the history: also where it is the same again."""
    set_to = {
        o["case"]: (o["revision"], {name: new for name, (_old, new) in o["changed"].items()})
        for o in done.changed
    }
    names = sorted({name for _revision, values in set_to.values() for name in values})
    first = {}
    rows = Case.history.filter(id__in=set_to).order_by("history_id")
    for row in rows.values("id", "revision", "history_user_id", *names):
        revision, values = set_to[row["id"]]
        if row["revision"] > revision and any(row[name] != value for name, value in values.items()):
            first.setdefault(row["id"], row["history_user_id"])
    people = Person.objects.in_bulk(set(first.values()))
    return {
        pk: _("%(who)s changed this since; it stays as it is.") % {"who": people.get(who) or _("Somebody")}
        for pk, who in first.items()
    }


# --- Its tags ---------------------------------------------------------------------------------------------


def _tags(done):
    """As `_columns`, of the rows of tags that were added and ended."""
    touched = {o["case"]: [set(rows) for rows in o["changed"]["tags"]] for o in done.changed}
    rows = CaseTag.objects.filter(case__in=touched).order_by("pk").values("pk", "case", "tag", "removed_at")
    latest = {(row["case"], row["tag"]): row for row in rows}
    tag_of = {row["pk"]: row["tag"] for row in rows}
    tags = Tag.objects.in_bulk(set(tag_of.values()))
    why_kept = {
        pk: _("Somebody changed these tags since; they stay as they are.")
        for pk, (before, after) in touched.items()
        if not all(
            latest[pk, tag_of[row]]["pk"] == row
            and (row in after) == (latest[pk, tag_of[row]]["removed_at"] is None)
            for row in before ^ after
        )
    }

    def put_back(case, _outcome, *, reason, by, now):
        before, after = touched[case.pk]
        tagging.tag(
            case=case,
            add=[tags[tag_of[row]] for row in before - after],
            remove=[tags[tag_of[row]] for row in after - before],
            reason=reason,
            by=by,
            now=now,
        )

    return why_kept, put_back
