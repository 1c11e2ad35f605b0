"""Every row of history that belongs to a case, in order: who changed what, why, when, how, old and new."""

import heapq
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from cases.models import (
    Answer,
    Ask,
    Attachment,
    Attempt,
    Case,
    CaseLink,
    CaseReading,
    CaseTag,
    Clock,
    Decision,
    Message,
    Party,
    Pause,
    Person,
    Promise,
    QuestionAnswer,
    StandIn,
    Survey,
    TimerRepair,
    Trigger,
)
from escalations.models import AskBack, Escalation, Handoff, OptionUse, PassedOver, StepTick

# Whose history belongs to a case and the way from them to it; rows of one instant are told in this order.
# Of the complaint profile nobody but its keeper knows, so its history is told to nobody.
KEPT = {
    "case": (Case, "pk"),
    "party": (Party, "case"),
    "message": (Message, "case"),
    "ask": (Ask, "case"),
    "decision": (Decision, "ask__case"),
    "attachment": (Attachment, "message__case"),
    "question_answer": (QuestionAnswer, "case"),
    "attempt": (Attempt, "case"),
    "link": (CaseLink, "source"),
    "link_from": (CaseLink, "target"),
    "promise": (Promise, "case"),
    "answer": (Answer, "case"),
    "pause": (Pause, "case"),
    "clock": (Clock, "case"),
    "trigger": (Trigger, "case"),
    "case_tag": (CaseTag, "case"),
    "escalation": (Escalation, "case"),
    "handoff": (Handoff, "escalation__case"),
    "stand_in": (StandIn, "case"),
    "passed_over": (PassedOver, "escalation__case"),
    "step_tick": (StepTick, "escalation__case"),
    "option_use": (OptionUse, "case"),
    "ask_back": (AskBack, "handoff__escalation__case"),
    "timer_repair": (TimerRepair, "case"),
    "case_reading": (CaseReading, "case"),
    "survey": (Survey, "case"),
}
# Links name another case, which may be kept from whoever reads this one.
OTHER_CASE = {"link": "target", "link_from": "source"}
DID = {"+": "created", "~": "changed", "-": "deleted"}


@dataclass(frozen=True)
class Change:
    """One history row. `fields` are (name, old, new), old None for what was created."""

    what: str
    id: int
    object_id: int
    did: str
    who: Person | None
    why: str
    when: datetime
    recorded_at: datetime
    via: str
    fields: tuple
    is_erased: bool


def changes(case, *, kinds=None, who=None, via=(), since=None, before=None, after=None, most=50):
    """([Change], cursor or None if there are no more): the earliest first, `most` of them.

    `after` is the cursor of the page before: {kind: the last history id told of it}. Tables are asked by
    object id alone, the one column of theirs that is indexed, and read in the order of their own ids, so that
    nothing is told twice or left out, whatever was written meanwhile. The number of queries does not grow.
    """
    after = after or {}
    legs = []
    for rank, kind in enumerate(KEPT):
        if kinds and kind not in kinds:
            continue
        rows = _rows(kind, case).filter(history_id__gt=after.get(kind, 0))
        rows = _narrowed(rows, who=who, via=via, since=since, before=before)
        # One more than can be told says whether there is more.
        legs.append([(rank, kind, row) for row in rows.order_by("history_id")[: most + 1]])
    told = list(islice(heapq.merge(*legs, key=_in_order), most + 1))
    more, told = len(told) > most, told[:most]
    cursor = {**after, **{kind: row.history_id for _rank, kind, row in told}} if more else None
    return _compared(told), cursor


def _rows(kind, case):
    model, to_case = KEPT[kind]
    return model.history.filter(id__in=model.objects.filter(**{to_case: case.pk}).values("pk"))


def _narrowed(rows, *, who, via, since, before):
    asked = {
        "history_user_id": who,
        "history_via__in": list(via) or None,
        "history_date__gte": since,
        "history_date__lt": before,
    }
    return rows.filter(**{key: value for key, value in asked.items() if value is not None})


def _in_order(entry):
    rank, _kind, row = entry
    return row.history_date, row.history_recorded_at, rank, row.history_id


def _compared(told):
    by_kind = {}
    for _rank, kind, row in told:
        by_kind.setdefault(kind, []).append(row)
    before = {kind: _rows_before(kind, rows) for kind, rows in by_kind.items()}
    people = Person.objects.in_bulk({row.history_user_id for _rank, _kind, row in told})
    linked = {getattr(row, f"{OTHER_CASE[kind]}_id") for _rank, kind, row in told if kind in OTHER_CASE}
    known = (
        set(Case.objects.filter(pk__in=linked).open_to_all().values_list("pk", flat=True)) if linked else ()
    )
    return [_change(kind, row, before[kind].get(row.history_id), people, known) for _rank, kind, row in told]


def _rows_before(kind, rows):
    """{history id: the row of the same object before it}, whatever the list was narrowed to."""
    kept, on_page = KEPT[kind][0].history, {row.history_id: row for row in rows}
    # Ids alone: an object's past may be much longer than a page.
    past = kept.filter(id__in={row.id for row in rows}, history_id__lte=max(on_page)).order_by("history_id")
    earlier, latest = {}, {}
    for history_id, object_id in past.values_list("history_id", "id"):
        earlier[history_id] = latest.get(object_id)
        latest[object_id] = history_id
    wanted = {pk: earlier[pk] for pk in on_page if earlier[pk] is not None}
    known = on_page | kept.in_bulk(set(wanted.values()) - set(on_page))
    return {pk: known[before] for pk, before in wanted.items()}


def _change(kind, row, before, people, known):
    other = OTHER_CASE.get(kind)
    hidden = other if other and getattr(row, f"{other}_id") not in known else None
    return Change(
        what=kind,
        id=row.history_id,
        object_id=row.id,
        did=DID[row.history_type],
        who=people.get(row.history_user_id),
        why=row.history_change_reason or "",
        when=row.history_date,
        recorded_at=row.history_recorded_at,
        via=row.history_via,
        fields=tuple(field for field in _fields(row, before) if field[0] != hidden),
        is_erased=bool(getattr(row, "history_commitments", None)),
    )


def _fields(row, before):
    created, deleted = row.history_type == "+", row.history_type == "-"
    for field in row.tracked_fields:
        old = getattr(before, field.attname) if before is not None and not created else None
        new = None if deleted else getattr(row, field.attname)
        blank = old in (None, "") and new in (None, "")
        if field.name != "id" and old != new and not blank:
            yield field.name, old, new
