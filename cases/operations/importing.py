"""People from a sheet: all rows or none, as a set, and exactly what was shown before."""

from dataclasses import dataclass

from django.db.models import Max
from django.utils.translation import gettext as _

from cases import history, people_plan, roles
from cases.errors import Incomplete, NotTheirs, StaleSheet, WrongSheet
from cases.models import Membership, Person, PersonSkill
from cases.people_plan import CHANGED, CREATED
from cases.sets import add_each, update_each

COLUMNS = ("name", "email", "role", "language", "time_zone", "money_limit")


@dataclass(frozen=True)
class Imported:
    created: int
    changed: int


def may_import(person):
    """Whether `person` takes people on, of all teams."""
    everywhere = roles.scope(person, "people.change") == roles.Scope.ALL
    return everywhere and roles.may_grant(person, roles.Role.AGENT)


def carry_out(*, lines, shown, by, now, reason):
    """Import these Lines (people_sheet) if they do what was `shown`, [Row.mark, …]. Returns an Imported.

    Whoever is new has no password until one is set. Sent twice, the second time does nothing.
    Raises NotTheirs, Incomplete without a reason, WrongSheet where a row is wrong, StaleSheet (which has the
    `rows` as they are now) where the desk changed meanwhile; then nothing is written.
    """
    if not may_import(by):
        raise NotTheirs(_("Who takes people on imports them."))
    if not reason.strip():
        raise Incomplete(_("Say why; each person's history shows it."))
    with history.acting(by=by, reason=reason.strip(), now=now):
        # One import after the other, also of people who are new in both.
        list(Person.objects.select_for_update(no_key=True).filter(pk=by.pk))
        named = [person.pk for person in people_plan.Known(lines).people.values()]
        list(Person.objects.select_for_update(no_key=True).filter(pk__in=named).order_by("pk"))
        rows = people_plan.compare(lines, by=by)
        does = [row for row in rows if row.outcome in (CREATED, CHANGED)]
        wrong = any(row.errors for row in rows)
        if not does and not wrong:
            return Imported(0, 0)
        if [row.mark for row in rows] != list(shown):
            raise StaleSheet(rows)
        if wrong:
            raise WrongSheet(rows)
        return _write(does)


def _write(rows):
    new = [row for row in rows if row.outcome == CREATED]
    for row in new:
        row.person = Person(username=row.username, **{c: row.values[c] for c in COLUMNS if c in row.values})
        row.person.set_unusable_password()
    add_each([row.person for row in new])
    old = [row for row in rows if row not in new]
    _set_columns(old)
    _set_managers(rows)
    _set_teams(rows)
    _set_skills(rows)
    return Imported(len(new), len(old))


def _set_columns(rows):
    for row in rows:
        for column in COLUMNS:
            if column in row.values:
                setattr(row.person, column, row.values[column])
    update_each([row.person for row in rows], COLUMNS)


def _set_managers(rows):
    """Once everybody is there: a manager may be new in the same file."""
    named = [row for row in rows if "manager" in row.values]
    usernames = {row.values["manager"] for row in named if row.values["manager"]}
    ids = dict(Person.objects.filter(username__in=usernames).values_list("username", "pk"))
    for row in named:
        row.person.manager_id = ids.get(row.values["manager"])
    update_each([row.person for row in named], ["manager"])


def _set_teams(rows):
    people = {row.person.pk: row.values["teams"] for row in rows if "teams" in row.values}
    there = {}
    for pk, person, team in Membership.objects.filter(person__in=people).values_list("pk", "person", "team"):
        there[person, team] = pk
    wanted = {(person, team) for person, teams in people.items() for team in teams}
    Membership.objects.filter(pk__in=[pk for pair, pk in there.items() if pair not in wanted]).delete()
    missing = sorted(wanted - set(there))
    last = dict(
        Membership.objects.filter(team__in={team for _person, team in missing})
        .values_list("team")
        .annotate(Max("position"))
    )
    memberships = []
    for person, team in missing:
        last[team] = last.get(team, 0) + 1
        memberships.append(Membership(person_id=person, team_id=team, position=last[team]))
    add_each(memberships)


def _set_skills(rows):
    people = {row.person.pk: row.values["skills"] for row in rows if "skills" in row.values}
    there = {}
    for pk, person, skill in PersonSkill.objects.filter(person__in=people).values_list(
        "pk", "person", "skill"
    ):
        there[person, skill] = pk
    wanted = {(person, skill) for person, skills in people.items() for skill in skills}
    PersonSkill.objects.filter(pk__in=[pk for pair, pk in there.items() if pair not in wanted]).delete()
    add_each(PersonSkill(person_id=person, skill_id=skill) for person, skill in sorted(wanted - set(there)))
