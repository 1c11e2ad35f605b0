"""How a case stands to others: link, merge, split; and what was tried on it."""

from django.http import Http404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases import forms
from cases.errors import WrongMove
from cases.forms.opening import written
from cases.models import Case, CaseLink
from cases.operations import attempts, merging, questions, relating
from cases.views.actions import Action


def other(person, number, action="case.find"):
    """The other case by its number, of those on which `person` may do `action`. Raises WrongMove, in the same
    words whether there is none or it is not for them."""
    reach = Case.objects.findable(person) if action == "case.find" else Case.objects.reachable(person, action)
    case = reach.numbered(number).select_related("standing__holder", "owner").first()
    if case is None:
        words = {
            "case.find": gettext("There is no case %(number)s that you could link; check the number."),
            "case.work": gettext("There is no case %(number)s that you work on; check the number."),
        }[action]
        raise WrongMove(words % {"number": number.strip()[:20]})
    return case


class Link(Action):
    form_class, icon = forms.LinkForm, "link"
    title, word, done = _("Link to another case"), _("Link"), _("The cases are linked.")
    means = (_("Both cases show the link, and both histories say so."), _("Nothing is closed or moved."))

    def operate(self, case, said, *, by, now):
        relating.link(
            case=case,
            other=other(by, said["number"]),
            kind=said["kind"],
            reason=said["reason"],
            revision=said["revision"],
            by=by,
            now=now,
        )


class Merge(Action):
    form_class, icon = forms.MergeForm, "copy"
    title, word = _("Merge into another case"), _("Merge")
    done = _("The case is merged; it goes on over there.")
    means = (
        _("This case is closed and points at the other; the customer is told under which number it goes on."),
        _("Its messages stay here, and are shown on the other case, too."),
        _("Promises go over with their dates; of two terms for the same thing the one due sooner counts."),
        _("Opening it again undoes the merge; what went over stays over there."),
    )

    def operate(self, case, said, *, by, now):
        merging.merge(
            case=case,
            into=other(by, said["number"], "case.work"),
            reason=said["reason"],
            revision=said["revision"],
            by=by,
            now=now,
        )


class Split(Action):
    form_class, icon, template = forms.SplitForm, "steps", "cases/split.html"
    title, word, done = _("Split off a new case"), _("Open the new case"), _("The new case is open.")
    means = (
        _("Copies of what you choose open a new case of this customer; the originals stay here."),
        _("What is asked goes on on the new case, and says here where; it no longer keeps this one open."),
        _("Its terms count from when the customer first said it; what we answered since counts."),
        _("The customer gets a receipt with its number."),
    )

    def operate(self, case, said, *, by, now):
        relating.split(
            case=case,
            messages=list(said["messages"]),
            files=list(said["files"]),
            asks=list(said["asks"]),
            subject=said["subject"],
            category=said["category"],
            service=said["service"],
            reason=said["reason"],
            revision=said["revision"],
            by=by,
            now=now,
        )


class Tried(Action):
    form_class, icon = forms.AttemptForm, "note"
    title, word, done = _("Note what was tried"), _("Note it"), _("Noted; nobody is asked to try it again.")
    means = (_("It stays with the case for ever, and goes into every later handoff."),)

    def operate(self, case, said, *, by, now):
        attempts.note_attempt(case=case, tried=said["tried"], revision=said["revision"], by=by, now=now)


class Answers(Action):
    form_class, icon = forms.AnswersForm, "help"
    title, word, done = _("Ask the questions"), _("Keep the answers"), _("The answers are on the case.")
    means = (_("What is left empty stays as it is; a corrected answer keeps its past in the history."),)

    def operate(self, case, said, *, by, now):
        answers = {
            name.removeprefix("q-"): written(value) for name, value in said.items() if name.startswith("q-")
        }
        questions.fill_in(case=case, answers=answers, revision=said["revision"], by=by, now=now)


class Unlink(Action):
    """Whoever may not know of the other case, does not know of the link either."""

    icon = "cross"
    title, word, done = _("Take the link away"), _("Take it away"), _("The link is taken away.")
    means = (_("Both cases lose the link; both histories keep that it was there, and your reason."),)

    def look_up(self, case):
        found = CaseLink.objects.active().of(case.pk).filter(pk=self.kwargs["link"])
        self.link = found.select_related("source", "target").first()
        beside = self.link and self._beside(case)
        if beside is None or not Case.objects.findable(self.request.user).filter(pk=beside.pk).exists():
            raise Http404

    def _beside(self, case):
        return self.link.target if self.link.source_id == case.pk else self.link.source

    def more(self, case):
        beside = self._beside(case)
        return {"means": (f"{beside.number} {beside.subject}", *self.means)}

    def operate(self, case, said, *, by, now):
        relating.unlink(
            link=self.link, reason=said["reason"], seen=case, revision=said["revision"], by=by, now=now
        )
