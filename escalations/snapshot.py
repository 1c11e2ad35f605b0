"""Load, as sets, the facts that the pure rules want: who is there, what a path says, what a case is."""

from cases import history
from cases.models import Absence, Calendar, Case, Customer, Duty, Membership, Party, Person, Team
from cases.models.preference import quiet_hours
from cases.operations import standing
from cases.prepared import Given, Prepared
from cases.roles import Role

from .models import Level, LevelInform, PathVersion
from .plan import CaseFacts, LevelFacts, PathFacts, PersonFacts, Roster

SUBJECTS = Prepared(
    lambda: Party.objects.filter(case__among=Given("cases"), kind=Party.Kind.SUBJECT).values_list(
        "case_id", "person_id"
    )
)
ABSENCES = Prepared(
    lambda: Absence.objects.filter(ends_at__gt=Given("since")).values_list(
        "person_id", "starts_at", "ends_at", "deputy_id"
    )
)
DUTIES = Prepared(
    lambda: (
        Duty.objects.filter(ends_at__gt=Given("since"))
        .order_by("skill_id", "position", "starts_at", "pk")
        .values_list("skill_id", "starts_at", "ends_at", "person_id")
    )
)
MEMBERSHIPS = Prepared(
    lambda: Membership.objects.order_by("position", "pk").values_list("team_id", "person_id")
)
TEAMS = Prepared(lambda: Team.objects.values_list("pk", "name", "calendar_id"))
OF_A_PERSON = (
    "pk",
    "name",
    "manager_id",
    "is_active",
    "is_system",
    "calendar_id",
    "role",
    "time_zone",
    "preference__quiet_from",
    "preference__quiet_until",
    "preference__quiet_weekend",
    "preference__quiet_deputy",
)
PEOPLE = Prepared(lambda: Person.objects.values_list(*OF_A_PERSON))
ACCOUNT_MANAGERS = Prepared(
    lambda: Customer.objects.filter(pk__among=Given("customers"), account_manager__isnull=False).values_list(
        "pk", "account_manager_id"
    )
)


VERSIONS = Prepared(lambda: PathVersion.objects.filter(pk__among=Given("versions")).select_related("path"))
LEVELS = Prepared(lambda: Level.objects.filter(version__among=Given("versions")).order_by("number"))
INFORMS = Prepared(
    lambda: LevelInform.objects.filter(level__version__among=Given("versions")).values_list(
        "level_id", "person_id"
    )
)
# Always there, and always the same one.
ALWAYS_OPEN = Prepared(lambda: Calendar.objects.filter(is_default=True).values_list("pk"))

# Who answers when even a fallback cannot, and which of them first.
LAST_RESORT = {Role.ESCALATION_MANAGER: 0, Role.ADMINISTRATOR: 1, Role.SUPERVISOR: 2}


def roster(*, since):
    """Who is there from `since` on: people, absences, memberships, turns of duty, calendars. Seven
    queries."""
    earliest, known = history.remembered("roster", lambda: (since, _roster(since)))
    return known if earliest <= since else _roster(since)


def _roster(since):
    return assembled(
        people=PEOPLE.all(),
        memberships=MEMBERSHIPS.all(),
        teams=TEAMS.all(),
        absences=ABSENCES.all(since=since),
        duties=DUTIES.all(since=since),
    )


def assembled(*, people, memberships, teams, absences, duties, calendars=None):
    """A Roster of rows as the queries above give them, with the calendars as they are now: of all, or of
    `calendars` (ids) and the one that is always open."""
    away, turns, members, first_team = {}, {}, {}, {}
    [(always_open_id,)] = ALWAYS_OPEN.all()
    for person, start, end, deputy in absences:
        away.setdefault(person, []).append((start, end, deputy))
    for skill, start, end, person in duties:
        turns.setdefault(skill, []).append((start, end, person))
    for team, person in memberships:
        members.setdefault(team, []).append(person)
        first_team.setdefault(person, team)
    teams = {pk: (name, calendar) for pk, name, calendar in teams}
    known, last_resort = {}, []
    for pk, name, manager, active, system, calendar, role, zone, *quiet, deputy in people:
        works = active and not system
        known[pk] = PersonFacts(
            pk=pk,
            name=name,
            manager_id=manager,
            is_working=works,
            absences=tuple(away.get(pk, ())),
            calendar_id=calendar or (teams[first_team[pk]][1] if pk in first_team else None),
            quiet=quiet_hours(zone, *quiet),
            quiet_deputy_id=deputy,
        )
        if works and role in LAST_RESORT:
            last_resort.append((LAST_RESORT[role], pk))
    return Roster(
        people=known,
        members={team: tuple(ids) for team, ids in members.items()},
        team_names={pk: name for pk, (name, _c) in teams.items()},
        team_calendars={pk: calendar for pk, (_n, calendar) in teams.items()},
        duties={skill: tuple(rows) for skill, rows in turns.items()},
        last_resort=tuple(pk for _rank, pk in sorted(last_resort)),
        calendars=Calendar.objects.hours(None if calendars is None else {*calendars, always_open_id}),
        always_open_id=always_open_id,
    )


def paths(version_ids):
    """{version id: PathFacts} of the given path versions. Three queries, none without any."""
    version_ids = frozenset(version_ids)
    if not version_ids:
        return {}
    return history.remembered(("paths", version_ids), lambda: _paths(version_ids))


def _paths(version_ids):
    informs = {}
    for level, person in INFORMS.all(versions=version_ids):
        informs.setdefault(level, []).append(person)
    levels = {}
    for level in LEVELS.all(versions=version_ids):
        levels.setdefault(level.version_id, []).append(level)
    found = {}
    for version in VERSIONS.all(versions=version_ids):
        found[version.pk] = PathFacts(
            version_id=version.pk,
            path_id=version.path_id,
            name=version.path.name,
            fallback_id=version.fallback_id,
            supervisor_minutes=version.supervisor_minutes,
            levels=tuple(
                LevelFacts(
                    number=level.number,
                    name=level.name,
                    responsible=level.responsible,
                    person_id=level.person_id,
                    team_id=level.team_id,
                    skill_id=level.skill_id,
                    acknowledge_seconds=level.acknowledge_seconds,
                    work_seconds=level.work_seconds,
                    is_around_the_clock=level.is_around_the_clock,
                    remind_every_seconds=level.remind_every_seconds,
                    instructions=level.instructions,
                    informs=tuple(informs.get(level.pk, ())),
                )
                for level in levels.get(version.pk, ())
            ),
        )
    return found


def _account_managers(rows):
    """{customer id: its account manager's id or None}."""
    if all(Case.customer.is_cached(case) for case in rows):
        return {case.customer_id: case.customer.account_manager_id for case in rows}
    return dict(ACCOUNT_MANAGERS.all(customers={case.customer_id for case in rows}))


def subjects(case_ids):
    """{case id: {ids of the people whom the complaint names}}, of cases that name any. One query."""
    found = {}
    for case, person in SUBJECTS.all(cases=case_ids):
        found.setdefault(case, set()).add(person)
    return found


def cases(rows):
    """{case id: CaseFacts} of the given cases. Two queries, three where their customers are not loaded."""
    rows = list(rows)
    ids = [case.pk for case in rows]
    named = subjects(ids)
    managers = _account_managers(rows)
    holders = {pk: person for pk, person, _team in standing.HOLDERS.all(cases=ids)}
    return {
        case.pk: CaseFacts(
            pk=case.pk,
            account_manager_id=managers.get(case.customer_id),
            holder_id=holders.get(case.pk) or case.owner_id,
            subjects=frozenset(named.get(case.pk, ())),
        )
        for case in rows
    }
