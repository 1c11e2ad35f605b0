"""What another priority, category or service would do to the clocks of a case. Nothing is written."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime

from cases.models import Calendar, Clock, SlaPolicyVersion
from cases.states import Priority, TimerKind

from . import clocks, correcting, owing


@dataclass(frozen=True)
class UnderPriority:
    """`clocks`: those that go on, unsaved, with the times they would have; `gone`: those that would stop."""

    priority: Priority
    clocks: list[Clock]
    gone: list[Clock]


@dataclass(frozen=True)
class Term:
    """A clock, unsaved, with the times it would have, and when it is due as things stand; `is_new` where it
    would start only then."""

    clock: Clock
    due_before: datetime | None
    is_new: bool

    @property
    def is_same(self):
        return not self.is_new and self.clock.due_at == self.due_before


@dataclass(frozen=True)
class Corrected:
    """What a case would owe once it is put right: by which `version` of a policy, another one than now
    where `is_other`; `terms` that go on or start, `gone` clocks that would stop."""

    version: SlaPolicyVersion
    is_other: bool
    terms: list[Term]
    gone: list[Clock]

    @property
    def changes_nothing(self):
        return not self.gone and all(term.is_same for term in self.terms)


def by_priority(case):
    """[UnderPriority] of every priority but the case's own, the least first; as routing.prioritise would make
    them. A fixed number of queries; none but one for a case that owes nothing by a policy."""
    if not case.clocks.open().exists():
        return []
    version, found = owing.version_of(case), []
    for priority in Priority:
        if priority == case.priority:
            continue
        as_if = copy(case)
        as_if.priority = priority
        found.append(UnderPriority(priority, *owing.aim([as_if], version)))
    _schedule([clock for one in found for clock in one.clocks], case)
    for one in found:
        one.clocks.sort(key=_by_due)
    return found


def by_correction(case, *, now, category=correcting.LEFT, service=correcting.LEFT):
    """The Corrected of `case` if `category` or `service` (None: it has none) were put right, as
    correcting.correct would make it; what is left out stays. Terms that no clock has yet, and those that stay
    as they are, are among them. A fixed number of queries.

    Raises WrongMove where nothing changes, and for what is not this customer's; NoOpenHour.
    """
    given = {"category_id": category, "service_id": service}
    given = {name: row and row.pk for name, row in given.items() if row is not correcting.LEFT}
    changed = {name: pk for name, pk in given.items() if getattr(case, name) != pk}
    correcting.check(case, changed, category, service, correcting.LEFT, reason="-")
    as_if = copy(case)
    for name, pk in changed.items():
        setattr(as_if, name, pk)
    other = None if correcting.is_on_purpose(case) else correcting.other_version(as_if, now)
    version = other or owing.version_of(case)
    open_now = {clock.pk: clock for clock in case.clocks.open().select_related("statute__version")}
    kept, gone = owing.aim([as_if], other) if other else ([], [])
    wrong, started = correcting.set_right(as_if, version, stopped=gone, now=now) if case.is_live else ([], [])
    ends = {clock.pk for clock in (*gone, *wrong)}
    aimed = {clock.pk: clock for clock in kept}
    goes_on = [
        aimed.get(pk) or copy(clock)
        for pk, clock in open_now.items()
        if pk not in ends and clock.breach_kind == TimerKind.CLOCK_BREACHED
    ]
    _schedule([clock for clock in goes_on if clock.pk in aimed] + started, case)
    terms = [Term(clock, open_now[clock.pk].due_at, is_new=False) for clock in goes_on]
    terms += [Term(clock, None, is_new=True) for clock in started]
    terms.sort(key=lambda term: _by_due(term.clock))
    return Corrected(version, other is not None, terms, [open_now[pk] for pk in sorted(ends)])


def _schedule(found, case):
    pauses = clocks.pauses_by_case({case.pk}).get(case.pk, ())
    hours = Calendar.objects.hours({clock.calendar_id for clock in found})
    for clock in found:
        clocks.schedule(clock, hours[clock.calendar_id], pauses)


def _by_due(clock):
    return clock.due_at is None, clock.due_at, clock.pk or 0
