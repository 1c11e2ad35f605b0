"""What may be done to many chosen cases at once: its form, its operation on one, and its words."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy, ngettext

from cases import display, forms
from cases.models import DoneTogether
from cases.operations import ending, routing, tagging

What = DoneTogether.What


@dataclass(frozen=True)
class Doing:
    """One of the things that may be done to many cases, by its form and its operation on one."""

    title: Lazy
    word: Callable  # (number of cases) -> what the button says
    icon: str
    form: type
    operate: Callable  # (form) -> keyword arguments' operation(case=, revision=, by=, now=)
    said: Callable  # (number of cases, time of day) -> what was done
    undo_means: tuple  # sentences on what follows from undoing it
    means: tuple = ()
    undo_asks: bool = False  # to undo it leaves something otherwise: that is to be read first


def _assign(form):
    changes = form.changes()
    return lambda **one: routing.assign(reason=form.cleaned_data["reason"], **changes, **one)


def _tag(form):
    return lambda **one: tagging.tag(add=form.cleaned_data["add"], remove=form.cleaned_data["remove"], **one)


def _prioritise(form):
    said = form.cleaned_data
    return lambda **one: routing.prioritise(priority=said["priority"], reason=said["reason"], **one)


def _close(form):
    return lambda **one: ending.close(reason=form.cleaned_data["reason"], **one)


DOINGS = {
    What.ASSIGN: Doing(
        gettext_lazy("Assign"),
        lambda number: (
            ngettext("Assign %(number)d case", "Assign %(number)d cases", number) % {"number": number}
        ),
        "user",
        forms.AssignManyForm,
        _assign,
        lambda number, time: (
            ngettext(
                "You assigned %(number)d case at %(time)s.",
                "You assigned %(number)d cases at %(time)s.",
                number,
            )
            % {"number": number, "time": time}
        ),
        (
            gettext_lazy("Each case goes back to the team and the owner that it had."),
            gettext_lazy("A team that gets a case back has its whole ownership term again."),
            gettext_lazy("Who gets a case back is told in the app."),
        ),
        (
            gettext_lazy("Each new owner is told in the app."),
            gettext_lazy("Clocks keep running; a running escalation keeps its holder."),
        ),
    ),
    What.TAG: Doing(
        gettext_lazy("Tag"),
        lambda number: ngettext("Tag %(number)d case", "Tag %(number)d cases", number) % {"number": number},
        "tag",
        forms.TagManyForm,
        _tag,
        lambda number, time: (
            ngettext(
                "You changed the tags of %(number)d case at %(time)s.",
                "You changed the tags of %(number)d cases at %(time)s.",
                number,
            )
            % {"number": number, "time": time}
        ),
        (gettext_lazy("What was put on is taken off, and what was taken off is put on again."),),
    ),
    What.PRIORITY: Doing(
        gettext_lazy("Set the priority"),
        lambda number: (
            ngettext("Set the priority of %(number)d case", "Set the priority of %(number)d cases", number)
            % {"number": number}
        ),
        "sliders",
        forms.PriorityManyForm,
        _prioritise,
        lambda number, time: (
            ngettext(
                "You set the priority of %(number)d case at %(time)s.",
                "You set the priority of %(number)d cases at %(time)s.",
                number,
            )
            % {"number": number, "time": time}
        ),
        (
            gettext_lazy("Each case gets back its priority, and open clocks its terms from their own start."),
            gettext_lazy("A term that was breached by the change stays breached."),
        ),
        (
            gettext_lazy("Open clocks get the new priority’s terms from their own start, with pauses kept."),
            gettext_lazy("A term that is over by then is breached at once."),
        ),
    ),
    What.CLOSE: Doing(
        gettext_lazy("Close"),
        lambda number: (
            ngettext("Close %(number)d case", "Close %(number)d cases", number) % {"number": number}
        ),
        "lock",
        forms.ReasonForManyForm,
        _close,
        lambda number, time: (
            ngettext(
                "You closed %(number)d case at %(time)s.", "You closed %(number)d cases at %(time)s.", number
            )
            % {"number": number, "time": time}
        ),
        (
            gettext_lazy(
                "The cases are opened again as the rules say: the resolution clock goes on with the time "
                "that was left, and the customer is owed an update."
            ),
            gettext_lazy("Pauses and escalations that ended with the close stay ended."),
            gettext_lazy("It does not count as a reopening. A case that was resolved before stays closed."),
        ),
        (
            gettext_lazy("A case on which something is still owed is refused, and it is said what."),
            gettext_lazy(
                "Clocks, pauses and escalations end with it. Undone, the case is opened again; pauses and "
                "escalations stay ended."
            ),
            gettext_lazy("Reopening stays possible."),
        ),
        undo_asks=True,
    ),
}


@dataclass(frozen=True)
class Last:
    """What somebody did last to many cases and can still undo, as the queue says it."""

    row: DoneTogether
    said: str
    asks: bool

    @classmethod
    def of(cls, person, now):
        row = DoneTogether.objects.latest_to_undo(person, now)
        if row is None:
            return None
        doing = DOINGS[row.what]
        said = doing.said(len(row.changed), display.clock_time(row.done_at))
        return cls(row, said, doing.undo_asks)
