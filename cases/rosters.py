"""A week of the roster as a picture and a table: who is on duty for what, where nobody is, who is away."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from cases import roles, rota
from cases.models import Absence, Calendar, Duty, DutyPattern, Person, Skill

DAYS = 7
A_DAY = timedelta(days=1)
# Of the picture, in its own units.
WIDTH, LANE, BAR = 1000, 28, 22
LETTER = 6.2


@dataclass(frozen=True)
class Somebody:
    """Whoever covers a skill and is not for the reader to know: neither who it is, nor whether they are
    away."""

    name: str

    def __str__(self):
        return self.name

    def get_short_name(self):
        return self.name

    initials = "…"


@dataclass(frozen=True)
class Block:
    """A turn in the picture: where it stands, and what it says as far as there is room."""

    turn: Duty
    who: "Person | Somebody"
    x: float
    y: float
    width: float
    is_away: bool

    @property
    def name(self):
        room = int((self.width - 8) / LETTER)
        for words in (self.who.name, self.who.get_short_name(), self.who.initials):
            if len(words) <= room:
                return words
        return ""


@dataclass(frozen=True)
class Shown:
    """A turn as its person has it on one day."""

    turn: Duty
    starts_at: datetime
    ends_at: datetime
    is_away: bool
    instead_of: "Person | Somebody | None"


@dataclass
class SkillWeek:
    skill: Skill
    blocks: list = field(default_factory=list)
    height: int = LANE
    gaps: list = field(default_factory=list)  # (from, until)
    gap_blocks: list = field(default_factory=list)  # (x, width)
    overlaps: list = field(default_factory=list)  # (from, until, one, other): people
    # Who is on duty now, in the order in which they are asked: (person, their absence of now or None).
    now: list = field(default_factory=list)


@dataclass
class Week:
    """`days`: the local midnights at which each of its days begins; `until`: that of the day after."""

    days: list
    until: datetime
    skills: list
    people: list  # (person, [[Shown, …] of each day], [whether they are away on it])
    now_x: float | None
    day_lines: list


def out_of_reach(person_ids, reader):
    """Those of these ids of people whose turns and absences `reader` may not see. No query for who may see
    everybody's."""
    if roles.scope(reader, "people.read") == roles.Scope.ALL:
        return set()
    within = Person.objects.reachable(reader, "people.read").filter(pk__in=person_ids)
    return set(person_ids) - set(within.values_list("pk", flat=True))


def week(*, monday, zone, now, reader, skill=None, team=None):
    """The week of `zone` (a name) from `monday` (a date) on, of one `skill` or those with a roster, and of
    the people of `team` or all who have a turn: as far as `reader` may see them; a skill that is covered by
    somebody else is covered. Six queries, seven with a team; three more within a department."""
    tz = ZoneInfo(zone)
    days = [datetime.combine(monday + A_DAY * n, datetime.min.time(), tz) for n in range(DAYS + 1)]
    *days, until = [day.astimezone(ZoneInfo("UTC")) for day in days]
    turns = list(_turns(days[0], until, skill))
    involved = {pk for turn in turns for pk in (turn.person_id, turn.instead_of_id) if pk is not None}
    hidden = out_of_reach(involved, reader)
    away = _absences({turn.person_id for turn in turns} - hidden, days[0], until)
    place = _Place(days[0], until)
    hours = Calendar.objects.hours()
    skills = [
        _of_skill(row, turns, away, place, hours, now, hidden) for row in _skills(skill, days[0], until)
    ]
    shown = _of_team([turn for turn in turns if turn.person_id not in hidden], team)
    return Week(
        days,
        until,
        skills,
        _people(shown, away, days, until, hidden),
        place.x(now) if days[0] <= now < until else None,
        [place.x(day) for day in days[1:]],
    )


def _turns(since, until, skill):
    """In the order in which they are asked, as the engine reads them."""
    found = Duty.objects.filter(starts_at__lt=until, ends_at__gt=since)
    if skill is not None:
        found = found.filter(skill=skill)
    return found.select_related("person", "skill", "instead_of").order_by(
        "skill_id", "position", "starts_at", "pk"
    )


def _skills(skill, since, until):
    if skill is not None:
        return [skill]
    turns = Duty.objects.filter(skill=OuterRef("pk"), starts_at__lt=until, ends_at__gt=since)
    patterns = DutyPattern.objects.filter(
        Q(last_on=None) | Q(last_on__gte=since.date()), skill=OuterRef("pk"), first_on__lte=until.date()
    )
    return list(Skill.objects.filter(Exists(turns) | Exists(patterns)).order_by("name"))


def _of_team(turns, team):
    if team is None:
        return turns
    members = set(team.memberships.values_list("person", flat=True))
    return [turn for turn in turns if turn.person_id in members]


def _absences(people, since, until):
    """{person id: [Absence, …]} of this time."""
    found = {}
    rows = Absence.objects.filter(person__in=people, starts_at__lt=until, ends_at__gt=since)
    for row in rows.select_related("deputy").order_by("starts_at"):
        found.setdefault(row.person_id, []).append(row)
    return found


def _is_away(turn, away):
    if not turn.person.is_active:
        return True
    theirs = away.get(turn.person_id, ())
    return any(a.starts_at < turn.ends_at and a.ends_at > turn.starts_at for a in theirs)


def _absence_at(at, away, person_id):
    return next((row for row in away.get(person_id, ()) if row.starts_at <= at < row.ends_at), None)


class _Place:
    """Where an instant stands in the picture of a week: by real time, so a day of 23 hours is shorter."""

    def __init__(self, since, until):
        self.since, self.until = since, until

    def x(self, at):
        at = min(max(at, self.since), self.until)
        return round(WIDTH * ((at - self.since) / (self.until - self.since)), 2)


def _of_skill(skill, turns, away, place, hours, now, hidden):
    mine = [turn for turn in turns if turn.skill_id == skill.pk]
    asked = [(turn.starts_at, turn.ends_at, turn.person_id) for turn in mine]
    somebody = Somebody(_("somebody else"))
    people = {t.person_id: somebody if t.person_id in hidden else t.person for t in mine}
    found = SkillWeek(
        skill, now=[(people[who], _absence_at(now, away, who)) for who in rota.on_duty(asked, now)]
    )
    since = max(place.since, now)
    if since < place.until:
        wanted = [(since, place.until)]
        if skill.cover_id is not None:
            wanted = hours[skill.cover_id].open_intervals(since, place.until)
        found.gaps = rota.gaps(asked, wanted)
        found.gap_blocks = [
            (place.x(start), max(place.x(end) - place.x(start), 1)) for start, end in found.gaps
        ]
    placed = [(turn.starts_at, turn.ends_at, turn.person_id, turn.position) for turn in mine]
    found.overlaps = [
        (start, end, people[one], people[other])
        for start, end, one, other in rota.overlaps(placed)
        if end > now
    ]
    lanes = []  # until when each is taken
    for turn in mine:
        lane = next((n for n, taken in enumerate(lanes) if taken <= turn.starts_at), len(lanes))
        lanes[lane : lane + 1] = [turn.ends_at]
        x = place.x(turn.starts_at)
        width = max(place.x(turn.ends_at) - x - 1, 1)
        is_away = turn.person_id not in hidden and _is_away(turn, away)
        found.blocks.append(Block(turn, people[turn.person_id], x, lane * LANE + 3, width, is_away))
    found.height = max(len(lanes), 1) * LANE
    return found


def _people(turns, away, days, until, hidden):
    somebody = Somebody(_("somebody else"))
    ends = [*days[1:], until]
    rows = {}
    for turn in turns:
        cells = rows.setdefault(turn.person, [[] for _day in days])
        for number, (start, end) in enumerate(zip(days, ends, strict=True)):
            if turn.starts_at < end and turn.ends_at > start:
                part = max(turn.starts_at, start), min(turn.ends_at, end)
                instead_of = somebody if turn.instead_of_id in hidden else turn.instead_of
                cells[number].append(Shown(turn, *part, _is_away(turn, away), instead_of))
    found = []
    for person in sorted(rows, key=lambda who: who.name):
        absent = [
            any(a.starts_at < end and a.ends_at > start for a in away.get(person.pk, ()))
            for start, end in zip(days, ends, strict=True)
        ]
        found.append((person, list(zip(rows[person], absent, strict=True))))
    return found


def turns_to_come(skill, *, but, now):
    """Turns of `skill` that others than `but` (a Person) have and that have not begun, soonest first."""
    found = Duty.objects.filter(skill=skill, starts_at__gt=now).exclude(person=but)
    return found.select_related("person").order_by("starts_at", "position", "pk")
