"""The people of the example: calendars, teams, skills, turns of duty, an absence."""

from datetime import UTC, datetime, time, timedelta

import holidays
from django.contrib.auth.hashers import make_password

from cases import history
from cases.models import (
    Absence,
    Calendar,
    CalendarVersion,
    Duty,
    Holiday,
    Membership,
    Period,
    Person,
    PersonSkill,
    Skill,
    Team,
)
from cases.operations import publishing

from . import data

# For this example only; it is printed when the example is loaded.
PASSWORD = "desk-example"
WEEKS_OF_DUTY_BEFORE = 6
ON_CALL = ("tomas", "carmen", "kofi", "alexei")
DUTY_MANAGERS = ("priya", "elena", "ana")
CONTRACTS = ("sofia", "darya")


def build(*, now, today):
    """Calendars, people, teams and rosters, as of `now`; `today` is the instant the example leads up to."""
    described = data.read("people")
    calendars = build_calendars(data.read("rules")["calendars"], now=now, today=today)
    people = _people(described, calendars)
    _teams(described["teams"], people, calendars)
    _rosters(people, today)
    _absence(today)
    return people


def build_calendars(described, *, now, today):
    """{name: Calendar}: working hours with public holidays by country and region, published."""
    for row in described:
        calendar = Calendar.objects.create(name=row["name"], time_zone=row["time_zone"])
        version = CalendarVersion.objects.create(calendar=calendar, number=1)
        Period.objects.bulk_create(
            Period(
                version=version,
                weekday=day,
                opens=time.fromisoformat(row["opens"]),
                closes=time.fromisoformat(row["closes"]),
            )
            for day in row["days"]
        )
        Holiday.objects.bulk_create(_holidays(row, version, today))
        publishing.publish_calendar(version=version, by=history.EXAMPLE, now=now)
    return {calendar.name: calendar for calendar in Calendar.objects.all()}


def _holidays(row, version, today):
    """Last year's, this year's and the next one's."""
    if "country" not in row:
        return
    years = range(today.year - 1, today.year + 2)
    known = holidays.country_holidays(
        row["country"], subdiv=row["region"] or None, years=years, language=row["language"]
    )
    for day, name in sorted(known.items()):
        yield Holiday(
            version=version,
            first_on=day,
            last_on=day,
            name=name[:120],
            country=row["country"],
            region=row["region"],
        )


def _people(described, calendars):
    # One hash for all: hashing is slow on purpose, and everybody's password is the same and printed.
    password = make_password(PASSWORD)
    people = {}
    for row in described["people"]:
        people[row["username"]] = Person.objects.create(
            username=row["username"],
            name=row["name"],
            email=f"{row['username']}@desk.example",
            password=password,
            role=row.get("role", "agent"),
            title=row["title"],
            manager=people.get(row.get("manager")),
            calendar=calendars.get(row.get("calendar")),
            time_zone=row.get("time_zone", "Europe/Madrid"),
            language=row.get("language", "en"),
            money_limit=row.get("money_limit", 0),
        )
    skills = {name: Skill.objects.create(name=name) for name in described["skills"]}
    PersonSkill.objects.bulk_create(
        PersonSkill(person=people[row["username"]], skill=skills[name])
        for row in described["people"]
        for name in row.get("skills", ())
    )
    return people


def _teams(described, people, calendars):
    teams = {}
    for row in described:
        team = teams[row["name"]] = Team.objects.create(
            name=row["name"], parent=teams.get(row.get("parent")), calendar=calendars[row["calendar"]]
        )
        members = row.get("people", ())
        Membership.objects.bulk_create(
            [
                *(Membership(team=team, person=people[m], position=i) for i, m in enumerate(members, 1)),
                Membership(team=team, person=people[row["lead"]], position=len(members) + 1, is_lead=True),
            ]
        )


def _absence(today):
    """Who was on call an hour ago fell ill two days before, and the next one of the roster stands in."""
    on_call = Duty.objects.filter(skill__name="Network on call", position=1)
    away = on_call.filter(starts_at__lte=today - timedelta(hours=1)).latest("starts_at").person
    deputy = on_call.filter(starts_at__gt=today).exclude(person=away).earliest("starts_at").person
    Absence.objects.create(
        person=away, deputy=deputy, starts_at=today - timedelta(days=2), ends_at=today + timedelta(days=5)
    )


def _rosters(people, today):
    """Turns of duty from some weeks ago to the end of next week, from Monday 08:00 UTC on."""
    skills = {skill.name: skill for skill in Skill.objects.all()}
    monday = datetime.combine(today.date() - timedelta(days=today.weekday()), time(8), UTC)
    turns = []

    def on_duty(skill, who, start, hours, position=1):
        end = start + timedelta(hours=hours)
        turns.append(
            Duty(skill=skills[skill], person=people[who], starts_at=start, ends_at=end, position=position)
        )

    for week in range(-WEEKS_OF_DUTY_BEFORE, 2):
        begins = monday + timedelta(weeks=week)
        on_duty("Duty manager", DUTY_MANAGERS[week % len(DUTY_MANAGERS)], begins, 7 * 24)
        on_duty("Contract law", CONTRACTS[week % len(CONTRACTS)], begins, 7 * 24)
        on_duty("Network on call", "priya", begins, 7 * 24, position=2)
        for half_day in range(14):
            who = ON_CALL[(week + half_day) % len(ON_CALL)]
            on_duty("Network on call", who, begins + timedelta(hours=12 * half_day), 12)
    Duty.objects.bulk_create(turns)
