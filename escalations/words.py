"""What is to come, in words: "Level 2 → Ana Ruiz, 14:30", and on what condition."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import display
from cases.models import Standing
from cases.states import Metric


@dataclass(frozen=True)
class Next:
    """The one line of what happens if nobody acts. `level` of `last` where the case is on a ladder.

    `is_resuming`: only the pause ends, which who shows the pause has said.
    """

    text: str
    time: str
    note: str
    level: int = 0
    last: int = 0
    is_resuming: bool = False

    @property
    def sentence(self):
        """Both in a line: "Level 2 → Ana Ruiz, 14:30"."""
        return f"{self.text}, {self.time}" if self.time else self.text


def conditions():
    """{what brings a step: on what condition}."""
    return {
        "unacknowledged": _("if nobody acknowledges"),
        "unsolved": _("if not solved"),
        "promise": _("if the promise is not kept"),
        Metric.FIRST_RESPONSE: _("if not answered"),
        Metric.NEXT_UPDATE: _("if no update is sent"),
        Metric.RESOLUTION: _("if not resolved"),
        Metric.OWNERSHIP: _("if not handed on or answered"),
    }


def holder_name(step, roster):
    """Names before roles: whom a plan.Step names."""
    if step.person_id is not None:
        return roster.people[step.person_id].name
    team = roster.team_names[step.team_id]
    if not step.asked or any(asked.instead_of is None for asked in step.asked):
        return team
    names = ", ".join(roster.people[asked.person_id].name for asked in step.asked)
    words = {"team": team, "who": names}
    return ngettext("%(team)s: %(who)s stands in", "%(team)s: %(who)s stand in", len(step.asked)) % words


def arrives(step, roster):
    """ "Level 2 → Ana Ruiz", "Fallback → Marta Soler"."""
    who = holder_name(step, roster)
    if step.is_fallback:
        return _("Fallback → %(who)s") % {"who": who}
    return _("Level %(level)d → %(who)s") % {"level": step.level_number, "who": who}


def next_of(outlook, standing, roster, now):
    """The line for a case with this Outlook and Standing, or None when nothing will happen by itself."""
    note = _position(outlook)
    ladder = (outlook.escalation.level_number, outlook.path.top) if outlook.escalation else (0, 0)

    def line(text, at=None, condition=""):
        time = display.moment(at, now, "short") if at else ""
        return Next(text, time, _join(note, condition), *ladder)

    if outlook.steps:
        first = outlook.steps[0]
        return line(arrives(first.step, roster), first.at, conditions().get(outlook.because, ""))
    if standing.kind == Standing.Kind.PAUSED and standing.resumes_at:
        return replace(line(_("Clock resumes"), standing.resumes_at), is_resuming=True)
    if standing.kind == Standing.Kind.PROMISE and standing.due_at >= now:
        return line(_("Promise counts as broken"), standing.due_at, _("then a new date is owed"))
    if outlook.managers_told_at is not None:
        return line(_("Managers are told"), outlook.managers_told_at, conditions().get(outlook.because, ""))
    if standing.is_breached:
        return line(_("Managers have been told"))
    return line(_("Stays with its holder")) if outlook.escalation else None


def _position(outlook):
    if outlook.escalation is None:
        return _("Not escalated")
    if outlook.escalation.is_at_fallback:
        return _("With the fallback holder")
    return _("Level %(level)d") % {"level": outlook.escalation.level_number}


def _join(*parts):
    return " · ".join(part for part in parts if part)


def euros(amount):
    """An amount of money, as cases write it; see display.money."""
    return display.money(amount)
