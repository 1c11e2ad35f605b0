"""Going round all open cases in slices, from where the last slice stopped."""

import logging
from datetime import timedelta

from django.db import InterfaceError, OperationalError
from django.db.models import Exists, OuterRef, Q

from cases.models import Case, Clock, Pause, Promise, ReconcilerRound, Timer, Trigger
from cases.states import CaseStatus

from .comparing import suspects
from .mending import Report, mend

log = logging.getLogger(__name__)

SLICE = 1000  # cases compared at once
WINDOW = 20_000  # ids looked through at once: closed cases are many
TAKEN = timedelta(seconds=60)  # for so long nobody else goes on, if whoever took the round says nothing more
PLACE = ("after_id", "started_at", "cases", "repairs", "taken_until")
LAST = ("rounds", "last_started_at", "last_finished_at", "last_cases", "last_repairs")


def look(case_ids, *, now, wait, mending=True):
    """Compare these cases, and mend what is wrong: a Report. One that cannot be looked at stops no other."""
    try:
        wrong = suspects(Case.objects.in_bulk(case_ids))
        report = mend(sorted(wrong), now=now, wait=wait) if wrong and mending else Report(busy=len(wrong))
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not a case's: the next slice does it again
    except Exception:
        if len(case_ids) == 1:
            log.exception("case %s could not be reconciled", case_ids[0])
            return Report(cases=1, failed=list(case_ids))
        middle, report = len(case_ids) // 2, Report()
        for half in (case_ids[:middle], case_ids[middle:]):
            report.add(look(half, now=now, wait=wait, mending=mending))
        return report
    report.cases = len(case_ids)
    return report


def next_slice(after, *, size=SLICE):
    """(ids to look at next, the id up to which all has been looked at then); None where the round is over."""
    # From the next one there is: numbers that were never given are no windows to look through.
    following = Case.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True).first()
    if following is None:
        return [], None
    until = following - 1 + WINDOW
    ids = list(_open_ones(after, until).order_by("pk").values_list("pk", flat=True)[:size])
    return ids, ids[-1] if len(ids) == size else until


def _open_ones(after, until):
    """Cases on which anything is open: what is not closed, and a closed one with something left on it."""
    mine = {"case": OuterRef("pk")}
    left = (
        Exists(Timer.objects.pending().filter(**mine))
        | Exists(Clock.objects.open().filter(**mine))
        | Exists(Pause.objects.open().filter(**mine))
        | Exists(Promise.objects.open().filter(**mine))
        | Exists(Trigger.objects.waiting().filter(**mine))
    )
    return Case.objects.filter(pk__gt=after, pk__lte=until).filter(~Q(status=CaseStatus.CLOSED) | left)


def whole_round(*, now, size=SLICE, mending=True):
    """Look at every open case at once, waiting for those somebody works on: a Report.

    Without `mending` nothing is written, and `busy` counts the cases on which something seems wrong.
    """
    total, after = Report(), 0
    while after is not None:
        ids, after = next_slice(after, size=size)
        if ids:
            total.add(look(ids, now=now, wait=True, mending=mending))
    if mending:
        place, _is_new = ReconcilerRound.objects.get_or_create(pk=ReconcilerRound.ONLY)
        place.was_round(began=now, ended=now, cases=total.cases, repairs=len(total.repairs))
        place.save(update_fields=LAST)
    return total


def go_on(*, seconds, clock, stopped, size=SLICE):
    """Slices for `seconds`, from where the last one stopped, to the end of the round at most: a Report.

    `clock()` gives aware UTC. One at a time: who finds it taken does nothing.
    """
    started, total, is_over = clock(), Report(), False
    place = _take(started)
    while place is not None and not is_over and not stopped():
        now = clock()
        ids, after = next_slice(place.after_id, size=size)
        report = look(ids, now=now, wait=False) if ids else Report()
        total.add(report)
        if place.after_id == 0:
            place.started_at, place.cases, place.repairs = now, 0, 0
        place.cases += report.cases
        place.repairs += len(report.repairs)
        if after is None:
            place.was_round(began=place.started_at, ended=now, cases=place.cases, repairs=place.repairs)
        place.after_id, place.taken_until = after or 0, now + TAKEN
        place.save(update_fields=[*PLACE, *(LAST if after is None else ())])
        is_over = after is None or (clock() - started).total_seconds() >= seconds
    if place is not None:
        place.taken_until = None
        place.save(update_fields=["taken_until"])
    return total


def _take(now):
    """The round's row if nobody goes on with it, else None. A clock that was put back locks nobody out."""
    ReconcilerRound.objects.get_or_create(pk=ReconcilerRound.ONLY)
    free = Q(taken_until=None) | Q(taken_until__lte=now) | Q(taken_until__gt=now + TAKEN)
    taken = ReconcilerRound.objects.filter(free, pk=ReconcilerRound.ONLY).update(taken_until=now + TAKEN)
    return ReconcilerRound.objects.get(pk=ReconcilerRound.ONLY) if taken else None


def last_round():
    """The row that says when the last whole round began and ended and what it found, or None before any."""
    return ReconcilerRound.objects.filter(rounds__gt=0).first()
