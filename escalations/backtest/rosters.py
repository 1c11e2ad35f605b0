"""Who was there at any instant of the past: people, teams and memberships as their history has them, absences
and turns of duty by their own dates. Calendars carry their past themselves."""

from bisect import bisect_right
from functools import lru_cache

from cases.models import Membership, Person, PersonPreference, Team
from escalations import snapshot

PERSON = ("name", "manager_id", "is_active", "is_system", "calendar_id", "role", "time_zone")
QUIET = ("quiet_from", "quiet_until", "quiet_weekend", "quiet_deputy_id")
KEPT_AT_ONCE = 64


class Past:
    """What the rows of a table said at an instant, of the columns that matter here."""

    def __init__(self, model, columns, until):
        """Reads the history up to `until`, row by row."""
        self.rows = {}  # id: ([from], [values, or None where it was deleted])
        history = model.history.filter(history_date__lt=until).order_by("history_id")
        # Of somebody's sign-in, too, there is a row: only what says something new is kept.
        for pk, at, kind, *values in history.values_list(
            "id", "history_date", "history_type", *columns
        ).iterator(2000):
            values = None if kind == "-" else tuple(values)
            since, said = self.rows.setdefault(pk, ([], []))
            if not said or said[-1] != values:
                since.append(at)
                said.append(values)
        self.begins = min((since[0] for since, _said in self.rows.values()), default=None)

    def changes(self):
        """The instants at which something became different."""
        return {at for since, _said in self.rows.values() for at in since}

    def at(self, instant, *, from_ever=False):
        """{id: values} at `instant`; before the table's first row, as it began. `from_ever`: what came later
        counts as there before."""
        instant = max(instant, self.begins) if self.begins else instant
        found = {}
        for pk, (since, said) in self.rows.items():
            row = bisect_right(since, instant) - 1
            values = said[max(row, 0)] if row >= 0 or from_ever else None
            if values is not None:
                found[pk] = values
        return found


class Rosters:
    """`at(instant)` gives the Roster of then; it is made once for all instants between two changes."""

    def __init__(self, *, since, until):
        self.people = Past(Person, PERSON, until)
        self.quiet = Past(PersonPreference, ("person_id", *QUIET), until)
        self.teams = Past(Team, ("name", "calendar_id"), until)
        self.memberships = Past(Membership, ("team_id", "person_id", "position"), until)
        changes = set().union(
            *(past.changes() for past in (self.people, self.quiet, self.teams, self.memberships))
        )
        self.changes = sorted(changes)
        self.absences = snapshot.ABSENCES.all(since=since)
        self.duties = snapshot.DUTIES.all(since=since)
        self._made = lru_cache(KEPT_AT_ONCE)(self._make)

    def at(self, instant):
        return self._made(bisect_right(self.changes, instant))

    def _make(self, row):
        if not self.changes:
            return self._assembled(None)
        return self._assembled(self.changes[max(row - 1, 0)])

    def _assembled(self, instant):
        quiet = {who: hours for who, *hours in self.quiet.at(instant).values()}
        unset = (None, None, False, None)
        memberships = sorted(
            (position, pk, team, who) for pk, (team, who, position) in self.memberships.at(instant).items()
        )
        return snapshot.assembled(
            people=[
                (pk, *values, *quiet.get(pk, unset))
                for pk, values in self.people.at(instant, from_ever=True).items()
            ],
            memberships=[(team, who) for _position, _pk, team, who in memberships],
            teams=[(pk, *values) for pk, values in self.teams.at(instant, from_ever=True).items()],
            absences=self.absences,
            duties=self.duties,
        )
