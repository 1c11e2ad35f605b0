"""Of everybody who works here, those whom the plans of some cases can need: so that what a case page costs
depends on the paths it shows, and not on how many people there are.

What plan.py says of these cases with this Roster is what it says with snapshot.roster; tests hold the two
against each other.
"""

from django.db.models import Q

from cases.models import Absence, Duty, Membership, Person, Team
from cases.prepared import Given, Prepared

from . import plan
from .snapshot import LAST_RESORT, OF_A_PERSON, assembled

PEOPLE = Prepared(lambda: Person.objects.filter(pk__among=Given("people")).values_list(*OF_A_PERSON))
LAST = Prepared(lambda: Person.objects.working().filter(role__in=list(LAST_RESORT)).values_list("pk"))
ABSENCES = Prepared(
    lambda: Absence.objects.filter(ends_at__gt=Given("since"), person__among=Given("people")).values_list(
        "person_id", "starts_at", "ends_at", "deputy_id"
    )
)
MEMBERS = Prepared(lambda: Membership.objects.filter(team__among=Given("teams")).values_list("person_id"))
ON_DUTY = Prepared(
    lambda: Duty.objects.filter(ends_at__gt=Given("since"), skill__among=Given("skills")).values_list(
        "person_id"
    )
)
DUTIES = Prepared(
    lambda: (
        Duty.objects.filter(ends_at__gt=Given("since"))
        .filter(Q(skill__among=Given("skills")) | Q(person__among=Given("people")))
        .order_by("skill_id", "position", "starts_at", "pk")
        .values_list("skill_id", "starts_at", "ends_at", "person_id")
    )
)
MEMBERSHIPS = Prepared(
    lambda: (
        Membership.objects.filter(Q(team__among=Given("teams")) | Q(person__among=Given("people")))
        .order_by("position", "pk")
        .values_list("team_id", "person_id")
    )
)
TEAMS = Prepared(
    lambda: Team.objects.filter(pk__among=Given("teams")).values_list("pk", "name", "calendar_id")
)
# Where each stands in a row of OF_A_PERSON.
MANAGER, ACTIVE, SYSTEM, CALENDAR, QUIET_FROM, QUIET_WEEKEND, DEPUTY = (
    OF_A_PERSON.index(name)
    for name in (
        "manager_id",
        "is_active",
        "is_system",
        "calendar_id",
        "preference__quiet_from",
        "preference__quiet_weekend",
        "preference__quiet_deputy",
    )
)


def of(paths, about, *, since, people=(), teams=()):
    """The plan.Roster that the plans of `about` (CaseFacts) on any of `paths` (PathFacts) need from `since`
    on, with these `people` and `teams` (ids) beside. How many queries depends on the paths alone."""
    paths, about = list(paths), list(about)
    levels = [level for path in paths for level in path.levels]
    skills = {level.skill_id for level in levels} - {None}
    asked = ({level.team_id for level in levels} | set(teams)) - {None}
    named = {level.person_id for level in levels} | {path.fallback_id for path in paths}
    named |= {pk for case in about for pk in (case.account_manager_id, case.holder_id)} | set(people)
    named |= {pk for (pk,) in MEMBERS.all(teams=asked)} if asked else set()
    named |= {pk for (pk,) in ON_DUTY.all(since=since, skills=skills)} if skills else set()
    rows, away = _with_who_follows(named - {None}, paths, about, since)
    memberships = MEMBERSHIPS.all(teams=asked, people=rows)
    their_teams = TEAMS.all(teams=asked | {team for team, _person in memberships})
    calendars = {row[CALENDAR] for row in rows.values()} | {calendar for _pk, _name, calendar in their_teams}
    return assembled(
        people=rows.values(),
        memberships=[pair for pair in memberships if pair[1] in rows],
        teams=their_teams,
        absences=away,
        duties=DUTIES.all(since=since, skills=skills, people=rows),
        calendars=calendars - {None},
    )


def _with_who_follows(wanted, paths, about, since):
    """({person id: row}, [absences]) of the people `wanted`, of who stands in for them, of the managers whom
    a path asks, and of who answers where a fallback may not be there."""
    rows, away = {}, []
    hops = max((_asks_managers(path) for path in paths), default=0)
    # From a holder to their manager, and from each to a deputy; at first to whoever is the last resort.
    for turn in range(3 + 2 * hops):
        wanted -= rows.keys()
        if not wanted:
            break
        found = {row[0]: row for row in PEOPLE.all(people=wanted)}
        gone = ABSENCES.all(since=since, people=wanted)
        rows |= found
        away += gone
        wanted = {deputy for *_when, deputy in gone} | {row[DEPUTY] for row in found.values()}
        if hops:
            wanted |= {row[MANAGER] for row in found.values()}
        if turn == 0 and not _is_fallback_sure(paths, about, rows, {person for person, *_rest in away}):
            wanted |= {pk for (pk,) in LAST.all()}
        wanted -= {None}
    return rows, away


def _asks_managers(path):
    return sum(level.responsible == plan.HOLDERS_MANAGER for level in path.levels)


def _is_fallback_sure(paths, about, rows, away):
    """Whether each path's fallback can take whatever comes: nobody after them is ever asked then."""
    subjects = frozenset().union(*(case.subjects for case in about))
    fallbacks = {path.fallback_id for path in paths}
    return not fallbacks & (subjects | away) and all(_never_sleeps(rows.get(pk)) for pk in fallbacks)


def _never_sleeps(row):
    is_here = row is not None and row[ACTIVE] and not row[SYSTEM]
    return is_here and row[QUIET_FROM] is None and not row[QUIET_WEEKEND]
