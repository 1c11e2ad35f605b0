"""A version of a path as a ladder to look at: each rung with who would answer now, its terms, whom it tells.

The same picture is drawn of a version that is stored and of a form that is being edited.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import display, durations
from cases.models import Skill
from escalations import plan, snapshot
from escalations.models import Responsible

NOBODY = "nobody"


@dataclass(frozen=True)
class Said:
    """What a level says, stored or typed so far. A term that cannot be read is kept as its text."""

    number: int | None
    name: str = ""
    responsible: str = ""
    person_id: int | None = None
    team_id: int | None = None
    skill_id: int | None = None
    acknowledge: int | str | None = None
    work: int | str | None = None
    remind: int | str | None = None
    limit: Decimal | None = None
    informs: tuple[int, ...] = ()
    is_around_the_clock: bool = False
    instructions: str = ""
    checklist: tuple[str, ...] = ()


def said_by(level):
    """The Said of a stored level, its informs and steps loaded."""
    return Said(
        number=level.number,
        name=level.name,
        responsible=level.responsible,
        person_id=level.person_id,
        team_id=level.team_id,
        skill_id=level.skill_id,
        acknowledge=level.acknowledge_seconds,
        work=level.work_seconds,
        remind=level.remind_every_seconds,
        limit=level.authority_limit,
        informs=tuple(inform.person_id for inform in level.informs.all()),
        is_around_the_clock=level.is_around_the_clock,
        instructions=level.instructions,
        checklist=tuple(str(step) for step in sorted(level.steps.all(), key=lambda s: (s.position, s.pk))),
    )


@dataclass(frozen=True)
class Line:
    """One thing a rung says; `was` is what the version in force says instead, where that differs."""

    label: str
    words: str
    was: str = ""
    is_wrong: bool = False


@dataclass(frozen=True)
class Rung:
    mark: str
    name: str
    who: str
    kind: str = ""
    now: str = ""
    is_empty: bool = False
    was: str = ""
    lines: list[Line] = field(default_factory=list)
    instructions: str = ""
    is_new: bool = False
    is_fallback: bool = False


@dataclass(frozen=True)
class Picture:
    """`otherwise`: what happens if nobody acts, in a sentence; `before`: how that is in the version in
    force."""

    rungs: list[Rung]
    otherwise: str = ""
    before: str = ""
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Before:
    """What the version in force says, to hold the drawn one against."""

    name: str
    levels: tuple[Said, ...]
    fallback_id: int | None


def draw(levels, fallback_id, *, now, before=None):
    """The Picture of `levels` (Said) and their fallback, as of `now`. Eight queries, however many levels."""
    return Drawing(now, before).draw(levels, fallback_id)


class Drawing:
    def __init__(self, now, before):
        self.now, self.before = now, before
        self.roster = snapshot.roster(since=now)
        self.skills = dict(Skill.objects.values_list("pk", "name"))
        self.old = {said.number: said for said in before.levels} if before else {}

    def draw(self, levels, fallback_id):
        levels = sorted(levels, key=lambda said: (said.number is None, said.number or 0))
        rungs = [self._rung(said) for said in levels]
        rungs.append(self._fallback(fallback_id))
        kept = {said.number for said in levels}
        gone = tuple(f"{said.number} {said.name}" for number, said in self.old.items() if number not in kept)
        return Picture(rungs, self._otherwise(levels, fallback_id), self._as_before(levels), gone)

    # --- a rung ---

    def _rung(self, said):
        old = self.old.get(said.number)
        now, is_empty = self._on_duty(said)
        return Rung(
            mark=str(said.number or "?"),
            name=said.name,
            who=self.who(said),
            kind=self._kind(said),
            now=now,
            is_empty=is_empty,
            was=self.who(old) if old and self.who(old) != self.who(said) else "",
            lines=self._lines(said, old),
            instructions=said.instructions,
            is_new=self.before is not None and old is None,
        )

    def _lines(self, said, old):
        found = [
            self._line(label, words(said), words(old) if old else None) for label, words in self._kinds()
        ]
        terms = {_("Acknowledge within"): said.acknowledge, _("Work within"): said.work}
        wrong = {label for label, value in terms.items() if isinstance(value, str)}
        return [
            Line(line.label, line.words, line.was, line.label in wrong)
            for line in found
            if line.words or line.was
        ]

    def _kinds(self):
        """(label, what a level says of it in words), in the order in which a rung says it."""
        return (
            (_("Acknowledge within"), lambda said: term(said, said.acknowledge)),
            (_("Work within"), lambda said: term(said, said.work) or _("no end")),
            (
                _("Limit"),
                lambda said: display.money(said.limit) if said.limit is not None else _("the holder’s own"),
            ),
            (_("Informs"), lambda said: ", ".join(self._name(pk) for pk in said.informs)),
            (_("Reminds every"), lambda said: written(said.remind)),
            (_("Checklist"), lambda said: "; ".join(said.checklist)),
        )

    def _line(self, label, words, before):
        was = before or _("nothing")
        return Line(label, words or _("nothing"), was) if before not in (None, words) else Line(label, words)

    def who(self, said):
        if said.responsible == Responsible.PERSON:
            return self._name(said.person_id)
        if said.responsible == Responsible.TEAM:
            return self.roster.team_names.get(said.team_id) or _("no team chosen")
        if said.responsible == Responsible.SKILL:
            return self.skills.get(said.skill_id) or _("no skill chosen")
        if said.responsible:
            return str(Responsible(said.responsible).label)
        return _("not said yet")

    def _kind(self, said):
        return {
            Responsible.TEAM: _("team"),
            Responsible.SKILL: _("on duty for"),
        }.get(said.responsible, "")

    def _name(self, pk):
        person = self.roster.people.get(pk)
        return person.name if person else _("nobody chosen")

    # --- who would answer now ---

    def _on_duty(self, said):
        """(sentence, whether nobody would answer)."""
        if said.responsible == Responsible.PERSON and said.person_id in self.roster.people:
            return self._person_now(said.person_id)
        if said.responsible == Responsible.TEAM and said.team_id:
            return self._team_now(said.team_id)
        if said.responsible == Responsible.SKILL and said.skill_id:
            return self._skill_now(said.skill_id)
        if said.responsible == Responsible.ACCOUNT_MANAGER:
            return _("differs by customer"), False
        if said.responsible == Responsible.HOLDERS_MANAGER:
            return _("differs by who holds the case"), False
        return "", False

    def _is_there(self, pk):
        person = self.roster.people.get(pk)
        return person is not None and person.is_working and self.roster.away(pk, self.now) is None

    def _person_now(self, pk):
        person = self.roster.people[pk]
        if not person.is_working:
            return _("no longer works here"), True
        away = self.roster.away(pk, self.now)
        if away is None:
            return _("there now"), False
        why, deputy = away
        absence = person.absence_at(self.now)
        words = {
            "until": display.moment(absence[1], self.now) if absence else "",
            "deputy": self._name(deputy) if deputy else "",
        }
        said = _("has quiet hours now") if why == plan.QUIET else _("absent until %(until)s") % words
        if deputy and self._is_there(deputy):
            return f"{said}; " + _("%(deputy)s stands in") % words, False
        return said, True

    def _team_now(self, team_id):
        members = self.roster.members.get(team_id, ())
        asked = plan.asked_of(team_id, plan.CaseFacts(pk=0), self.roster, self.now)
        there = [one.person_id for one in asked if one.instead_of is None]
        if not members:
            return _("has no people"), True
        if not asked:
            return _("nobody is there now"), True
        if not there:
            pairs = {"deputy": self._name(asked[0].person_id), "who": self._name(asked[0].instead_of)}
            return _("nobody of it is there now; %(deputy)s stands in for %(who)s") % pairs, False
        words = {"number": len(there), "all": len(members), "who": self._name(there[0])}
        said = ngettext(
            "%(number)d of %(all)d there now: %(who)s",
            "%(number)d of %(all)d there now, %(who)s asked first",
            len(there),
        )
        return said % words, False

    def _skill_now(self, skill):
        turns = self.roster.duties.get(skill, ())
        now = [pk for start, end, pk in turns if start <= self.now < end and self._is_there(pk)]
        if now:
            return _("on duty now: %(who)s") % {"who": self._name(now[0])}, False
        coming = min((turn for turn in turns if turn[0] > self.now), default=None)
        if coming is None:
            return _("nobody is on duty, now or later"), True
        words = {"who": self._name(coming[2]), "when": display.moment(coming[0], self.now)}
        return _("nobody on duty now; %(who)s from %(when)s") % words, True

    # --- the end of the ladder ---

    def _fallback(self, pk):
        was = ""
        if self.before and self.before.fallback_id != pk and self.before.fallback_id:
            was = self._name(self.before.fallback_id)
        if pk not in self.roster.people:
            return Rung("", _("Fallback"), _("nobody yet"), "", "", True, was, is_fallback=True)
        now, is_empty = self._person_now(pk)
        return Rung("", _("Fallback"), self._name(pk), "", now, is_empty, was, is_fallback=True)

    def _otherwise(self, levels, fallback_id):
        """ "Ana Ruiz after 2 h, Marta Soler after 4 h of working time." """
        steps = after(levels)
        if len(steps) < len(levels) or not levels:
            return ""
        names = [*(self.who(said) for said in levels[1:]), self._name(fallback_id)]
        said = ", ".join(
            _("%(who)s after %(term)s") % {"who": name, "term": durations.word(seconds)}
            for name, seconds in zip(names, steps, strict=True)
        )
        clocks = {level.is_around_the_clock for level in levels}
        if clocks == {False}:
            return _("%(steps)s of working time.") % {"steps": said}
        return _("%(steps)s, day and night.") % {"steps": said} if clocks == {True} else f"{said}."

    def _as_before(self, levels):
        if not self.before or after(self.before.levels) == after(levels):
            return ""
        said = ", ".join(durations.word(seconds) for seconds in after(self.before.levels))
        return f"{self.before.name}: {said}"


def after(levels):
    """The seconds after which each next step comes if nobody acknowledges, as far as they are known."""
    found, total = [], 0
    for said in levels:
        if not isinstance(said.acknowledge, int):
            break
        total += said.acknowledge
        found.append(total)
    return found


def written(seconds):
    """A term in words; what could not be read, as it was typed."""
    if isinstance(seconds, str):
        return f"“{seconds}”"
    return durations.word(seconds) if seconds else ""


def term(said, seconds):
    if not isinstance(seconds, int) or not seconds:
        return written(seconds)
    words = {"term": durations.word(seconds)}
    return (_("%(term)s, day and night") if said.is_around_the_clock else _("%(term)s working time")) % words
