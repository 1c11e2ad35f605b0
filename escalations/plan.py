"""What will happen to a case if nobody acts: who holds which level from when. Pure.

The engine's next step, the case page's announcement, the preview of a draft and the back-test all come from
here.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cases import rota
from cases.hours import WorkingHours
from cases.quiet import QuietHours

PERSON, TEAM, SKILL = "person", "team", "skill"
ACCOUNT_MANAGER, HOLDERS_MANAGER = "account_manager", "holders_manager"
EMPTY, ABSENT, QUIET, CONFLICT, INACTIVE, DECLINED, LATE = (
    "empty",
    "absent",
    "quiet",
    "conflict",
    "inactive",
    "declined",
    "late",
)

# People's terms run from when they were told, if that was over a minute late; else from when they should
# have been.
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class LevelFacts:
    number: int
    name: str
    responsible: str
    acknowledge_seconds: int
    person_id: int | None = None
    team_id: int | None = None
    skill_id: int | None = None
    work_seconds: int | None = None
    is_around_the_clock: bool = False
    remind_every_seconds: int | None = None
    instructions: str = ""
    informs: tuple[int, ...] = ()


@dataclass(frozen=True)
class PathFacts:
    """A path version: its levels in order and who gets what nobody on them could."""

    version_id: int
    path_id: int
    name: str
    levels: tuple[LevelFacts, ...]
    fallback_id: int
    supervisor_minutes: int = 3

    def level(self, number):
        return next((level for level in self.levels if level.number == number), None)

    @property
    def top(self):
        return self.levels[-1].number


@dataclass(frozen=True)
class PersonFacts:
    pk: int
    name: str
    manager_id: int | None = None
    is_working: bool = True
    calendar_id: int | None = None
    # (from, until, deputy or None), aware, half-open
    absences: tuple[tuple[datetime, datetime, int | None], ...] = ()
    quiet: QuietHours | None = None
    quiet_deputy_id: int | None = None

    def absence_at(self, at):
        return next((a for a in self.absences if a[0] <= at < a[1]), None)


@dataclass(frozen=True)
class Roster:
    """Who is there: a snapshot of people, teams and turns of duty."""

    people: dict[int, PersonFacts]
    members: dict[int, tuple[int, ...]] = field(
        default_factory=dict
    )  # team: people in the order they are asked
    team_names: dict[int, str] = field(default_factory=dict)
    team_calendars: dict[int, int] = field(default_factory=dict)
    # skill: ((from, until, person), ...) in the order they are asked
    duties: dict[int, tuple[tuple[datetime, datetime, int], ...]] = field(default_factory=dict)
    last_resort: tuple[int, ...] = ()  # who answers when even a fallback cannot
    calendars: dict[int, WorkingHours] = field(default_factory=dict)
    always_open_id: int = 0

    def works_here(self, person_id):
        return person_id in self.people and self.people[person_id].is_working

    def is_on_duty(self, person_id, at):
        """Whether a roster has them at `at`, for whatever skill."""
        return any(
            who == person_id and start <= at < end for t in self.duties.values() for start, end, who in t
        )

    def away(self, person_id, at, *, instead_of=None):
        """(why they are not there at `at`, their deputy or None): ABSENT, or QUIET; None where they are.

        Quiet hours count for nobody on duty (RULES 4), nor for who stands in for somebody on duty:
        `instead_of` is whose deputy they are asked as.
        """
        person = self.people[person_id]
        absence = person.absence_at(at)
        if absence is not None:
            return ABSENT, absence[2]
        if person.quiet is None or not person.quiet.is_quiet(at):
            return None
        if self.is_on_duty(person_id, at) or (instead_of is not None and self.is_on_duty(instead_of, at)):
            return None
        return QUIET, person.quiet_deputy_id

    def is_at_work(self, person_id, at):
        """Whether they would pick up at `at`: there, and on duty or in the hours of their own calendar."""
        person = self.people.get(person_id)
        if person is None or not person.is_working or self.away(person_id, at) is not None:
            return False
        hours = self.calendars[person.calendar_id or self.always_open_id]
        return self.is_on_duty(person_id, at) or hours.is_open(at)

    def calendar_of(self, holder, level):
        """The id of the calendar on which this holder's terms of `level` run."""
        if level is not None and level.is_around_the_clock:
            return self.always_open_id
        own = self.people[holder.person_id].calendar_id if holder.person_id in self.people else None
        return own or self.team_calendars.get(holder.team_id) or self.always_open_id


@dataclass(frozen=True)
class CaseFacts:
    pk: int
    account_manager_id: int | None = None
    holder_id: int | None = None  # who holds it now, or owns it
    subjects: frozenset[int] = frozenset()  # named in the complaint: never hold it


@dataclass(frozen=True)
class Passed:
    """A level or person the ladder did not stop at."""

    level_number: int
    why: str
    person_id: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Asked:
    """Somebody who is told of what comes to a team and may acknowledge it: one of it, or who stands in for
    one of it that is away (`instead_of`)."""

    person_id: int
    instead_of: int | None = None


@dataclass(frozen=True)
class Step:
    """Where the ladder stops: a level and its holder, or the fallback above all levels. Of a team, `asked`
    are those who may take it; empty where nobody worked that out (see `told`)."""

    level_number: int
    person_id: int | None = None
    team_id: int | None = None
    is_fallback: bool = False
    passed: tuple[Passed, ...] = ()
    asked: tuple[Asked, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Announced:
    """One line of what happens next: at `at`, because of `because`, `step` holds it."""

    at: datetime
    because: str
    step: Step


def candidates(level, case, roster, at):
    """The people a level names, in the order they are asked (team members for a team)."""
    if level.responsible == PERSON:
        return [level.person_id]
    if level.responsible == TEAM:
        return list(roster.members.get(level.team_id, ()))
    if level.responsible == SKILL:
        return rota.on_duty(roster.duties.get(level.skill_id, ()), at)
    if level.responsible == ACCOUNT_MANAGER:
        return [case.account_manager_id] if case.account_manager_id else []
    holder = roster.people.get(case.holder_id)
    return [holder.manager_id] if holder and holder.manager_id else []


def holder_at(level, case, roster, at, declined=frozenset()):
    """(Step or None, [Passed]) for one level at `at`: its first available candidate, or the deputy of an
    absent one."""
    people = candidates(level, case, roster, at)
    available, turned_away = _ask(people, case, roster, at, declined)
    passed = [Passed(level.number, why, person_id) for person_id, why in turned_away]
    if not available:
        return None, [*passed, Passed(level.number, EMPTY)]
    if level.responsible == TEAM and not declined:
        # A team as a whole: whoever acknowledges first is the holder. On record is who never may hold it, and
        # in whose place somebody else is asked.
        replaced = {asked.instead_of for asked in available}
        kept = tuple(p for p in passed if p.why == CONFLICT or p.person_id in replaced)
        return Step(level.number, team_id=level.team_id, passed=kept, asked=available), passed
    return Step(level.number, person_id=available[0].person_id, passed=tuple(passed)), passed


def _ask(people, case, roster, at, declined=frozenset()):
    """((Asked, …) of who takes what comes to `people` at `at`, in their order and each once; [(who does not
    themself, why)])."""
    found, turned_away = [], []
    for person_id in people:
        who, why = _available(person_id, case, roster, at, declined)
        if why:
            turned_away.append((person_id, why))
        if who is not None:
            found.append(Asked(who, person_id if why else None))
    # Nobody is asked twice, and who is one of them is asked for themself.
    own, once = {asked.person_id for asked in found if asked.instead_of is None}, {}
    for asked in found:
        once.setdefault(asked.person_id, Asked(asked.person_id) if asked.person_id in own else asked)
    return tuple(once.values()), turned_away


def asked_of(team_id, case, roster, at):
    """(Asked, …): who is told at `at` of what comes to a team and may acknowledge it, in the order in which
    they are asked: those of it who are there, and who stands in for those who are not. Empty: nobody."""
    return _ask(roster.members.get(team_id, ()), case, roster, at)[0]


def told(step, case, roster, at):
    """(Asked, …) of whom `step` is told: its person, or whom its team asks. Where nobody of a team is there
    any more, and nobody stands in, all of it, to be found on return."""
    if step.person_id is not None:
        return (Asked(step.person_id),)
    found = step.asked or asked_of(step.team_id, case, roster, at)
    return found or tuple(
        Asked(pk)
        for pk in roster.members.get(step.team_id, ())
        if roster.people[pk].is_working and pk not in case.subjects
    )


def _available(person_id, case, roster, at, declined):
    """(who takes it or None, why the person named does not or None)."""
    person = roster.people.get(person_id)
    if person is None or not person.is_working:
        return None, INACTIVE
    if person_id in case.subjects:
        return None, CONFLICT
    if person_id in declined:
        return None, DECLINED
    away = roster.away(person_id, at)
    if away is None:
        return person_id, None
    why, deputy_id = away
    deputy = roster.people.get(deputy_id)
    # Who stands in was chosen by name: a deputy who is away hands on to nobody, and the ladder goes on.
    stands_in = (
        deputy is not None
        and deputy.is_working
        and deputy.pk not in case.subjects
        and deputy.pk not in declined
        and roster.away(deputy.pk, at, instead_of=person_id) is None
    )
    return (deputy.pk if stands_in else None), why


def climb(path, from_level, case, roster, at, declined=frozenset()):
    """The first level from `from_level` up that has somebody, else the fallback. Nobody is ever nobody."""
    skipped, step = _climb(path, from_level, case, roster, at, declined)
    return replace(step, passed=(*skipped, *step.passed))


def _climb(path, from_level, case, roster, at, declined=frozenset()):
    """([Passed] of the levels below the step, the step with those passed over on it)."""
    below = []
    for level in path.levels:
        if level.number < from_level:
            continue
        step, skipped = holder_at(level, case, roster, at, declined)
        if step is not None:
            return below, step
        below += skipped
        declined = frozenset()
    return below, _fallback(path, case, roster, at)


def _fallback(path, case, roster, at):
    asked = []
    for person_id in (path.fallback_id, *roster.last_resort):
        who, reason = _available(person_id, case, roster, at, frozenset())
        if reason:
            asked.append(Passed(path.top, reason, person_id))
        if who is not None:
            return Step(path.top, person_id=who, is_fallback=True, passed=tuple(asked))
    # Everybody is away at once: it stays with the first who works here and is not named in the complaint, to
    # be found on return. A ladder on an older version may name somebody who has left.
    could = (p for p in (path.fallback_id, *roster.last_resort) if p not in case.subjects)
    stays = next((p for p in could if roster.works_here(p)), path.fallback_id)
    return Step(path.top, person_id=stays, is_fallback=True, passed=tuple(asked))


def told_from(due_at, now):
    """From when a holder's terms run: `due_at` of what sent it, or `now` if that was over a minute ago."""
    return now if now - due_at > A_MINUTE else due_at


def term_of(level, within=None):
    """Seconds to acknowledge at `level`: its own, or `within` where that is sooner."""
    return level.acknowledge_seconds if within is None else min(within, level.acknowledge_seconds)


def terms(step, path, roster, started_at, within=None, pauses=()):
    """(calendar id, due_at, late_after) of the acknowledgement owed by `step`'s holder from `started_at`;
    None at the fallback. `pauses`: (from, until) of what stops it."""
    level = path.level(step.level_number)
    if step.is_fallback or level is None:
        return None
    return _term(step, level, term_of(level, within), roster, started_at, pauses)


def work_terms(step, path, roster, started_at, pauses=()):
    """The same of the work of who acknowledged at `started_at`; None where the level sets no end to it."""
    level = path.level(step.level_number)
    if step.is_fallback or level is None or not level.work_seconds:
        return None
    return _term(step, level, level.work_seconds, roster, started_at, pauses)


def _term(step, level, seconds, roster, started_at, pauses):
    calendar_id = roster.calendar_of(step, level)
    hours = roster.calendars[calendar_id]
    due_at = hours.due(started_at, seconds, pauses)
    return calendar_id, due_at, hours.late_after(due_at, pauses)


def next_step(path, number, case, roster, *, due_at, now):
    """Where a ladder at level `number`, whose term was over at `due_at`, goes at `now`; with 0, one that
    starts.

    If the engine comes late and further levels' terms are over as well, once to the highest level due, with
    those passed over and why.
    """
    if now - due_at <= A_MINUTE:
        return climb(path, number + 1, case, roster, now)
    passed, at, above = [], due_at, number + 1
    while True:
        skipped, step = _climb(path, above, case, roster, at)
        passed += skipped
        owed = terms(step, path, roster, at)
        if owed is None or now - at <= A_MINUTE or owed[2] >= now:
            break
        passed += [*step.passed, Passed(step.level_number, LATE, step.person_id, detail=span(now - due_at))]
        at, above = owed[2], step.level_number + 1
        # As if_nobody_acts has it: who would have held it decides who "the holder's manager" is.
        case = replace(case, holder_id=step.person_id or case.holder_id)
    if at == due_at:
        return climb(path, number + 1, case, roster, now)
    # The level is what was due; who of it is there is asked of the present.
    skipped, step = _climb(path, step.level_number + (1 if step.is_fallback else 0), case, roster, now)
    return replace(step, passed=(*passed, *skipped, *step.passed))


def span(late):
    """A duration as it stands in a record: "40 d 3 h 12 min", to the minute."""
    hours, minutes = divmod(int(late.total_seconds() // 60), 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h {minutes:02} min"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def if_nobody_acts(path, number, late_after, because, case, roster, *, most=10):
    """The ladder's own future from a level whose term is over after `late_after`: [Announced], up to the
    fallback."""
    announced = []
    at = late_after
    while len(announced) < most:
        step = climb(path, number + 1, case, roster, at)
        announced.append(Announced(at, because, step))
        owed = terms(step, path, roster, at)
        if owed is None:
            break
        number, at, because = step.level_number, owed[2], "unacknowledged"
        case = replace(case, holder_id=step.person_id or case.holder_id)
    return announced


def from_start(path, number, at, because, case, roster, *, most=10):
    """The future of a ladder that would start at `at` on level `number`."""
    return if_nobody_acts(path, number - 1, at, because, case, roster, most=most)
