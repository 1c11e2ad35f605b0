"""What happened to a case since somebody looked at it, told by the revision they saw."""

from dataclasses import dataclass
from datetime import datetime

from cases.models import Case, Message


@dataclass(frozen=True)
class Since:
    """Where the part of a history begins that the reader of a revision has not seen.

    `recorded_after`: by the database's own clock, when that revision was saved; `from_then`: the instant of
    the first change after it. Between the two the engine may have acted, without a revision of its own,
    before the reader came.
    """

    recorded_after: datetime
    from_then: datetime

    def covers(self, row):
        """Whether a history row belongs to it."""
        return row.history_recorded_at > self.recorded_after and row.history_date >= self.from_then


def since(case, seen):
    """The Since of who saw revision `seen` of `case`, or None where nothing changed or there never was such a
    one. One query, by the one indexed column of the history."""
    rows = Case.history.filter(id=case.pk, revision__gte=seen).order_by("history_id")
    known, after = None, None
    for revision, recorded_at, at in rows.values_list("revision", "history_recorded_at", "history_date"):
        if revision == seen:
            known = recorded_at
        elif after is None:
            after = at
    return Since(known, after) if known is not None and after is not None else None


def only_notes(case, seen):
    """Whether nothing but internal notes came to `case` since somebody saw its revision `seen`.

    Every operation makes one revision, and a note is one message: the case itself is as it was in everything
    but its revision, and there are as many notes as revisions. What is unknown is not harmless.
    """
    part = since(case, seen)
    if part is None or len(_as_it_was(case, seen)) != 1:
        return False
    mine = Message.objects.filter(case=case, direction=Message.Direction.INTERNAL).values("pk")
    notes = Message.history.filter(
        id__in=mine,
        history_type="+",
        history_recorded_at__gt=part.recorded_after,
        history_date__gte=part.from_then,
    )
    return notes.count() == case.revision - seen


def _as_it_was(case, seen):
    """What the case's own columns, but the revision, were since then: each set of values once."""
    columns = [f.attname for f in Case.history.model.tracked_fields if f.attname != "revision"]
    rows = Case.history.filter(id=case.pk, revision__gte=seen)
    return set(rows.values_list(*columns))
