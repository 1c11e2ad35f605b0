"""Open clocks of many cases follow a change, as a set: of their calendar, or to another policy version.

Only under the cases' locks. What is up to date already stays as it is: doing it twice changes nothing.
"""

from dataclasses import dataclass

from django.db import connection

from cases.models import Case, Clock
from cases.prepared import Given, Prepared
from cases.sets import update_each

from . import clocks, owing, renewing_postgresql, standing

ON_CALENDAR = Prepared(
    lambda: (
        Clock.objects.open()
        .filter(case__among=Given("cases"), calendar=Given("calendar"))
        .order_by("case_id", "pk")
    )
)


@dataclass
class Tally:
    """How many clocks were looked at, how many became due earlier or later, and how many of those that were
    in time before are late by the change."""

    clocks: int = 0
    earlier: int = 0
    later: int = 0
    breached: int = 0

    @property
    def unchanged(self):
        return self.clocks - self.earlier - self.later

    def count(self, before, after, now):
        """One clock. `before` and `after`: its (due_at, late_after, breached_at); paused it is due never."""
        self.clocks += 1
        (due, late_after, breached_at), (new_due, new_late_after, _breached_at) = before, after
        if due and new_due:
            self.earlier += new_due < due
            self.later += new_due > due
        if breached_at is None and new_late_after and new_late_after < now:
            self.breached += late_after is None or late_after >= now


def renew(case_ids, *, calendar_id, changed_at, now):
    """The clocks of these cases that run on a calendar which changed at `changed_at`: a Tally.

    All is as if it had been done at that very instant, however late it is `now`: what was over by then stays
    over, what the change put into the past is breached by it, and lateness counts from it.
    """
    tally, left, standings = Tally(), list(case_ids), []
    about = {"calendar_id": calendar_id, "changed_at": changed_at, "now": now, "tally": tally}
    if connection.vendor == "postgresql":
        left, standings = renewing_postgresql.renew(left, **about)
    standings += one_by_one(left, **about)
    if standings:
        standing.refresh(list(Case.objects.filter(pk__in=standings).order_by("pk")), now=now)
    return tally


def one_by_one(case_ids, *, calendar_id, changed_at, now, tally):
    """The same by the operations on clocks; return the ids of the cases whose standing may be another."""
    found = ON_CALENDAR.all(cases=case_ids, calendar=calendar_id) if case_ids else []
    before = [times(clock) for clock in found]
    clocks.reschedule(found, now=changed_at)
    touched = set()
    for clock, old in zip(found, before, strict=True):
        tally.count(old, times(clock), now)
        if old != times(clock):
            touched.add(clock.case_id)
    return sorted(touched)


def move(case_ids, version, *, now):
    """Put these cases under `version`, as routing.move_to_policy does with one: a Tally of their clocks."""
    cases = list(Case.objects.filter(pk__in=case_ids).order_by("pk"))
    before = {c.pk: times(c) for c in clocks.OPEN_OF_ALL.all(cases=case_ids)}
    for case in cases:
        case.policy_version = version
        case.revision += 1
    update_each(cases, ["policy_version", "revision"])
    kept = owing.retarget(cases, version, now=now)
    standing.refresh(cases, now=now)
    return tally_of([before[clock.pk] for clock in kept], [times(clock) for clock in kept], now)


def times(clock):
    """What of a clock a change is measured by."""
    return clock.due_at, clock.late_after, clock.breached_at


def tally_of(before, after, now):
    tally = Tally()
    for old, new in zip(before, after, strict=True):
        tally.count(old, new, now)
    return tally
