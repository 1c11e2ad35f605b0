"""One past case played again: which ladders would have started, and whom they would have called. Pure.

What is taken from the past as it was, and what is assumed (the page of a back-test says the same):

- What happened to a case (its triggers, and who started or moved a ladder by hand) happened at the same
  instants, with the case's category, priority, team and owner of then. Rules are asked as the engine asks.
- A ladder ends when the case's real one ended (that of the same path, where there was one); where none did,
  when the case was resolved or closed. One that was de-escalated holds off as long as it really did.
- While a case really was on a ladder, people acknowledge and decline at the instants at which they really
  did, never sooner, whoever holds the case then. While it was not, a level is acknowledged after the time in
  which half of the acknowledgements at a level of that number really came (`typical`); at a level that nobody
  ever acknowledged, nobody does.
- The engine is never late; a target that was found broken only later (a change put its term into the past) is
  found when it really was.
"""

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from escalations import matching, plan

# What stops a term to work, as metrics of pauses.
ACKNOWLEDGE, WORK = "acknowledge", "ownership"
ACKNOWLEDGED, DECLINED, MOVED = "acknowledged", "declined", "moved"
# A ladder that people keep moving by hand is followed so far.
MOST_CALLS = 100


@dataclass(frozen=True)
class Call:
    """Somebody was handed a case: at `at`, at this level; a person, or a team as a whole."""

    at: datetime
    level_number: int
    person_id: int | None = None
    team_id: int | None = None
    is_fallback: bool = False


@dataclass(frozen=True)
class Ladder:
    """One run of a path on a case, real or not; `ended_at` is None where it still ran at the end."""

    path_id: int
    calls: tuple[Call, ...]
    passed: tuple[plan.Passed, ...] = ()
    ended_at: datetime | None = None

    @property
    def started_at(self):
        return self.calls[0].at

    @property
    def reached(self):
        """(the highest level it came to, whether it went on to the fallback)."""
        return max((call.level_number, call.is_fallback) for call in self.calls)

    def runs_at(self, at):
        return self.started_at <= at and (self.ended_at is None or at <= self.ended_at)


@dataclass(frozen=True)
class Answer:
    """What somebody did about a ladder: acknowledged, declined, or moved it by hand to a level."""

    at: datetime
    what: str
    person_id: int | None = None
    level_number: int | None = None
    skill_id: int | None = None  # of a move to another skill


@dataclass(frozen=True)
class Episode:
    """A real ladder: when it ran, how people answered, until when its path held off afterwards."""

    path_id: int
    started_at: datetime
    ended_at: datetime | None
    cool_off_until: datetime | None = None
    answers: tuple[Answer, ...] = ()

    def covers(self, at):
        """Whether it ran at `at`. The engine comes a moment after an instant, and a play at it."""
        return self.started_at - plan.A_MINUTE <= at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True)
class Start:
    """What may start a ladder: a trigger with what rules may ask then, or a person (`path_id`, `level`).

    `due_at` is when the ladder should have begun, `told_at` from when its first holder's term runs;
    `is_over` says that what a trigger was about, or the case, had ended before anybody looked.
    """

    at: datetime
    due_at: datetime
    told_at: datetime
    facts: matching.Facts | None = None
    is_over: bool = False
    path_id: int | None = None
    level_number: int = 1
    skill_id: int | None = None  # asked for by whoever started it by hand


@dataclass(frozen=True)
class PastCase:
    pk: int
    account_manager_id: int | None = None
    subjects: frozenset[int] = frozenset()
    owners: tuple[tuple[datetime, int | None], ...] = ()  # (from, owner), in order
    done_at: tuple[datetime, ...] = ()  # when it was resolved or closed, in order
    starts: tuple[Start, ...] = ()  # in order
    episodes: tuple[Episode, ...] = ()
    pauses: dict[str, tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict)
    breached_at: tuple[datetime, ...] = ()  # when what the customer was owed was broken, in order

    def owner_at(self, at):
        """Whose it was at `at`; before the first record, whose it became."""
        if not self.owners:
            return None
        row = bisect_right(self.owners, at, key=lambda owner: owner[0])
        return self.owners[max(row - 1, 0)][1]

    def episode_at(self, path_id, at):
        """The real ladder that this case was on at `at`, or None; of several, that of the same path."""
        running = [episode for episode in self.episodes if episode.covers(at)]
        return next((e for e in running if e.path_id == path_id), running[0] if running else None)


@dataclass(frozen=True)
class House:
    """What a case is played in: ordered rules, {path id: PathFacts}, who is there, how soon people answer.

    `roster_at` gives the Roster as of an instant; `typical`: {level number: seconds, or absent}.
    """

    rules: tuple
    paths: dict[int, plan.PathFacts]
    roster_at: object
    typical: dict[int, float] = field(default_factory=dict)


def ladders(case, house, *, until):
    """The Ladders that `case` would have been on in `house` by `until` (aware, not included)."""
    found, running_until, holding_off = [], {}, {}
    for start in case.starts:
        path_id, level_number = _asked(start, house)
        if path_id not in house.paths or start.at >= until:
            continue
        if start.at < running_until.get(path_id, start.at):
            continue  # it runs already: its severity is raised
        if start.facts is not None and start.at < holding_off.get(path_id, start.at):
            continue
        ends_at, cool_off_until = _end_of(case, path_id, start.at)
        over = min(ends_at or until, until)
        play = _Play(case, house.paths[path_id], house)
        play.from_start(start, level_number, over)
        found.append(
            Ladder(path_id, tuple(play.calls), tuple(play.passed), ends_at if over == ends_at else None)
        )
        running_until[path_id] = over
        if cool_off_until is not None:
            holding_off[path_id] = cool_off_until
    return found


def _asked(start, house):
    """(id of the path, level) that `start` asks for; (None, 0) where no rule answers it."""
    if start.facts is None:
        return start.path_id, start.level_number
    rule = None if start.is_over else matching.first_match(house.rules, start.facts)
    return (rule.path_id, rule.level_number) if rule else (None, 0)


def _end_of(case, path_id, at):
    """(when a ladder of this path that runs at `at` ends or None, until when the path then holds off)."""
    really = next((e for e in case.episodes if e.path_id == path_id and e.covers(at)), None)
    if really is not None:
        return really.ended_at, really.cool_off_until
    later = [e for e in case.episodes if e.ended_at is not None and e.ended_at > at]
    same = [e for e in later if e.path_id == path_id]
    ending = min(same or later, key=lambda e: e.ended_at, default=None)
    row = bisect_right(case.done_at, at)
    done = case.done_at[row] if row < len(case.done_at) else None
    if ending is not None and (done is None or ending.ended_at <= done):
        return ending.ended_at, ending.cool_off_until
    return done, None


TERM_OVER = "term over"


class _Play:
    """One ladder while it is played: where it stands, and what it did so far."""

    def __init__(self, case, path, house):
        self.case, self.path, self.house = case, path, house
        self.calls, self.passed = [], []
        self.holder_id = None  # the person who has it; of a team nobody, until somebody acknowledges

    def from_start(self, start, level_number, over):
        self.stop_at(level_number, start.at, start.told_at, due_at=start.due_at, skill_id=start.skill_id)
        while len(self.calls) < MOST_CALLS:
            event = self.next_event()
            if event is None or event.at >= over:
                return
            if event.what == ACKNOWLEDGED:
                self.acknowledge(event)
            elif event.what == DECLINED:
                declined = self.declined | {event.person_id}
                self.stop_at(self.step.level_number, event.at, event.at, declined=declined)
            elif event.what == MOVED:
                self.stop_at(event.level_number, event.at, event.at, skill_id=event.skill_id)
            else:
                self.stop_at(self.step.level_number + 1, event.at, event.at)

    def stop_at(self, number, at, told_at, *, declined=frozenset(), due_at=None, skill_id=None):
        """Call whoever has it from level `number` up at `at`; who was passed over on the way is kept."""
        roster = self.house.roster_at(at)
        facts = plan.CaseFacts(
            pk=self.case.pk,
            account_manager_id=self.case.account_manager_id,
            holder_id=self.holder_id or self.case.owner_at(at),
            subjects=self.case.subjects,
        )
        step = self.of_skill(skill_id, number, facts, roster, at)
        if step is not None:
            pass
        elif declined:
            step = plan.climb(self.path, number, facts, roster, at, declined)
        else:
            step = plan.next_step(self.path, number - 1, facts, roster, due_at=due_at or at, now=at)
        owed = plan.terms(step, self.path, roster, told_at, pauses=self.case.pauses.get(ACKNOWLEDGE, ()))
        self.passed += [p for p in step.passed if p.why != plan.DECLINED]
        self.calls.append(Call(at, step.level_number, step.person_id, step.team_id, step.is_fallback))
        self.step, self.at, self.holder_id = step, at, step.person_id
        self.declined = declined if step.level_number == number else frozenset()
        self.is_acknowledged, self.late_after = False, owed[2] if owed else None

    def of_skill(self, skill_id, number, facts, roster, at):
        """Who was on duty for the skill that somebody asked for by hand; None without one, or nobody."""
        if skill_id is None:
            return None
        rung = self.path.level(number) or self.path.levels[-1]
        wanted = replace(rung, responsible=plan.SKILL, skill_id=skill_id, person_id=None, team_id=None)
        return plan.holder_at(wanted, facts, roster, at)[0]

    def next_event(self):
        """What happens to it next: an Answer, or that its term is over; None where nothing does."""
        coming = [*self.real_answer(), *self.typical_answer()]
        if self.late_after is not None:
            coming.append(Answer(self.late_after, TERM_OVER))
        # What somebody does at the very instant comes before the term is over.
        return min(coming, key=lambda answer: (answer.at, answer.what == TERM_OVER), default=None)

    def real_answer(self):
        episode = self.case.episode_at(self.path.path_id, self.at)
        episodes = [episode] if episode else [e for e in self.case.episodes if e.started_at > self.at]
        answers = (answer for e in episodes for answer in e.answers if answer.at > self.at)
        return [answer for answer in answers if self.applies(answer)][:1]

    def typical_answer(self):
        takes = self.house.typical.get(self.step.level_number)
        if takes is None or self.is_acknowledged or self.step.is_fallback:
            return []
        if self.case.episode_at(self.path.path_id, self.at) is not None:
            return []
        return [Answer(self.at + timedelta(seconds=takes), ACKNOWLEDGED, self.step.person_id)]

    def applies(self, answer):
        """Whether whoever holds the case in this play can give this real answer."""
        if answer.what == ACKNOWLEDGED:
            return not self.is_acknowledged
        if answer.what == MOVED:
            return answer.skill_id is not None or answer.level_number != self.step.level_number
        if self.is_acknowledged or self.step.is_fallback or self.step.level_number >= self.path.top:
            return False
        if answer.person_id == self.step.person_id:
            return True
        return self.is_of_its_team(answer.person_id, self.house.roster_at(answer.at))

    def is_of_its_team(self, person_id, roster):
        """Whether they may take what waits for a team: as one of it, or asked in the place of one who is
        away."""
        members = roster.members.get(self.step.team_id, ())
        return person_id in members or person_id in {one.person_id for one in self.step.asked}

    def acknowledge(self, answer):
        """The holder takes it, of a team whoever of it did; the term to work runs, if there is one."""
        roster = self.house.roster_at(answer.at)
        if self.is_of_its_team(answer.person_id, roster):
            self.step = replace(self.step, person_id=answer.person_id)
        owed = plan.work_terms(self.step, self.path, roster, answer.at, self.case.pauses.get(WORK, ()))
        self.is_acknowledged, self.at, self.holder_id = True, answer.at, self.step.person_id
        self.late_after = owed[2] if owed else None
