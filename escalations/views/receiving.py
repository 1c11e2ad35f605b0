"""What is done with a handoff: acknowledge, decline, ask back, answer, hand it on, step down."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from cases import roles
from cases.errors import Refused
from cases.models import Case, Channel, Standing
from cases.views.finding import find, may
from cases.views.talking import REFUSED
from escalations import forms, snapshot, wording
from escalations.models import Handoff, Question
from escalations.operations import asking, holding, options, respond
from escalations.words import euros


def find_handoff(request, number, pk):
    """(case, handoff) that `request.user` may answer, or might have until a moment ago: to whom it went hears
    from the operation that somebody was quicker, with their text kept.

    Raises Http404 where the case has no such handoff, PermissionDenied where it never was theirs.
    """
    case = find(request.user, number)
    handoff = (
        Handoff.objects.filter(pk=pk, escalation__case=case)
        .select_related("escalation__case", "escalation__version", "from_person", "to_person", "to_team")
        .first()
    )
    if not roles.may(request.user, "escalation.hold"):
        raise PermissionDenied
    if handoff is None:
        raise Http404
    if not may(request.user, "escalation.hold", case) and not _went_to(handoff, request.user):
        raise PermissionDenied
    return case, handoff


def _went_to(handoff, person):
    if handoff.to_person_id is not None:
        return handoff.to_person_id == person.pk
    return person.memberships.filter(team_id=handoff.to_team_id).exists()


class Acknowledge(LoginRequiredMixin, View):
    def post(self, request, number, handoff):
        case, found = find_handoff(request, number, handoff)
        said = {
            name: request.POST[name] for name in ("background", "tried", "next_steps") if name in request.POST
        }
        try:
            respond.acknowledge(handoff=found, by=request.user, now=timezone.now(), **said)
        except Refused as refusal:
            if said:
                return self.again(request, number, handoff, refusal)
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("You have it."))
        return HttpResponseRedirect(reverse("case", args=[case.number]))

    def get(self, request, number, handoff):
        """What was handed over, in full, to be completed with taking it."""
        case, found = find_handoff(request, number, handoff)
        initial = {name: getattr(found, name) for name in ("background", "tried", "next_steps")}
        return self.show(request, case, found, forms.AcknowledgeForm(case=case, initial=initial))

    def again(self, request, number, handoff, refusal):
        """What was typed is kept; the handoff may have moved on meanwhile."""
        case, found = find_handoff(request, number, handoff)
        form = forms.AcknowledgeForm(request.POST, case=case)
        form.is_valid()
        form.add_error(None, refusal)
        return self.show(request, case, found, form, status=REFUSED)

    def show(self, request, case, handoff, form, status=200):
        context = {"rail": True, "case": case, "handoff": handoff, "form": form, "now": timezone.now()}
        return render(request, "escalations/handoff.html", context, status=status)


class Sheet(LoginRequiredMixin, View):
    """A small sheet about one thing of a case: permission, form, one operation, answer."""

    form_class = None
    action = "case.work"
    title = word = done = ""
    icon = "check"
    means = ()
    template = "escalations/answer.html"

    def get(self, request, number, **kwargs):
        case, subject = self.subject(request, number, **kwargs)
        return self.show(request, case, subject, self.form(case, subject))

    def post(self, request, number, **kwargs):
        case, subject = self.subject(request, number, **kwargs)
        form = self.form(case, subject, request.POST)
        if form.is_valid():
            try:
                done = self.operate(case, subject, form.cleaned_data, by=request.user, now=timezone.now())
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, self.said(case, done))
                return HttpResponseRedirect(reverse("case", args=[case.number]))
        # What was typed is kept; sent again, it speaks of what its sender now sees.
        form.data = form.data.copy()
        form.data["revision"] = Case.objects.values_list("revision", flat=True).get(pk=case.pk)
        return self.show(request, case, subject, form, status=REFUSED)

    def form(self, case, subject, data=None):
        return self.form_class(data, case=case)

    def said(self, case, done):
        return self.done

    def show(self, request, case, subject, form, status=200):
        context = {
            "rail": True,
            "case": case,
            "form": form,
            "title": self.title,
            "word": self.word,
            "icon": self.icon,
            "means": self.means,
            "now": timezone.now(),
            **self.more(case, subject),
        }
        return render(request, self.template, context, status=status)

    def more(self, case, subject):
        return {}


class OfHandoff(Sheet):
    """About the handoff that waits for, or is held by, who asks."""

    def subject(self, request, number, handoff):
        return find_handoff(request, number, handoff)

    def more(self, case, handoff):
        return {"handoff": handoff}


class Decline(OfHandoff):
    form_class, icon = forms.DeclineForm, "undo"
    title, word, done = (
        gettext_lazy("Decline the handoff"),
        gettext_lazy("Decline"),
        gettext_lazy("Declined; the next one has it."),
    )
    means = (
        gettext_lazy("The next person of this level gets it, then the next level. Your reason goes with it."),
        gettext_lazy("The top level cannot decline: there is nobody above it."),
    )

    def operate(self, case, handoff, said, *, by, now):
        return respond.decline(
            handoff=handoff, reason=said["reason"], revision=said["revision"], by=by, now=now
        )

    def said(self, case, following):
        return _("Declined; %(who)s has it now.") % {"who": following.to_person or following.to_team}


class AskBack(OfHandoff):
    form_class, icon = forms.AskForm, "help"
    title, word = gettext_lazy("Ask back"), gettext_lazy("Ask")
    means = (
        gettext_lazy("Whoever gave you the case is told at once; the answer stands with the handoff."),
        gettext_lazy("Nothing is paused: you still acknowledge by the time that was set."),
    )

    def operate(self, case, handoff, said, *, by, now):
        return asking.ask_back(handoff=handoff, text=said["text"], revision=said["revision"], by=by, now=now)

    def said(self, case, question):
        return _("%(who)s is asked, and told so.") % {"who": question.asked_of}


class Answer(Sheet):
    form_class, icon = forms.AnswerForm, "chat"
    title, word, done = (
        gettext_lazy("Answer the question"),
        gettext_lazy("Answer"),
        gettext_lazy("Answered; whoever asked is told."),
    )

    def subject(self, request, number, question):
        """Whoever works the case, and whoever was asked: they may have given it out of their own hands."""
        case = find(request.user, number)
        found = (
            Question.objects.filter(pk=question, handoff__escalation__case=case)
            .select_related("handoff__escalation__case", "asked_by", "asked_of")
            .first()
        )
        theirs = (
            found is not None
            and found.asked_of_id == request.user.pk
            and roles.may(request.user, "case.work")
        )
        if not theirs and not may(request.user, "case.work", case):
            raise PermissionDenied
        if found is None:
            raise Http404
        return case, found

    def more(self, case, question):
        return {"question": question, "handoff": question.handoff}

    def operate(self, case, question, said, *, by, now):
        return asking.answer(question=question, text=said["text"], revision=said["revision"], by=by, now=now)


class HandOn(OfHandoff):
    form_class, icon = forms.HandOnForm, "users"
    title, word = gettext_lazy("Hand over to a colleague"), gettext_lazy("Hand over")
    means = (
        gettext_lazy("The case stays on its level; everything that was handed to you goes with it."),
        gettext_lazy("Your colleague owes an acknowledgement from now on."),
    )

    def form(self, case, handoff, data=None):
        now = timezone.now()
        people = holding.colleagues(case, handoff.escalation, but=self.request.user, now=now)
        return self.form_class(data, case=case, people=people)

    def operate(self, case, handoff, said, *, by, now):
        return holding.hand_on(
            handoff=handoff, to=said["to"], reason=said["reason"], revision=said["revision"], by=by, now=now
        )

    def said(self, case, following):
        return _("%(who)s has it, and is told.") % {"who": following.to_person}


class RaiseSeverity(Sheet):
    form_class, icon = forms.SeverityForm, "triangle"
    title, word = gettext_lazy("Raise the severity"), gettext_lazy("Raise it")
    means = (gettext_lazy("Whoever holds the case is told, with your reason. It is never lowered again."),)

    def subject(self, request, number, escalation):
        case = find(request.user, number, "case.work")
        found = case.escalations.filter(pk=escalation).select_related("case").first()
        if found is None:
            raise Http404
        return case, found

    def operate(self, case, escalation, said, *, by, now):
        return holding.raise_severity(
            escalation=escalation, reason=said["reason"], revision=said["revision"], by=by, now=now
        )

    def said(self, case, escalation):
        return _("Its severity is %(severity)d now.") % {"severity": escalation.severity}


class Deescalate(OfHandoff):
    form_class, icon = forms.DeescalateForm, "undo"
    title, word = gettext_lazy("De-escalate"), gettext_lazy("De-escalate")
    means = (
        gettext_lazy("Clocks keep running; whoever has the case then is told."),
        gettext_lazy("Back with its owner, the same rule does not start this path again for a day."),
    )

    def rungs(self, case, handoff):
        return options.offered(case, handoff.escalation, self.request.user)

    def form(self, case, handoff, data=None):
        return self.form_class(
            data,
            case=case,
            options=[rung.option for rung in self.rungs(case, handoff)],
            destinations=destinations(case, handoff.escalation),
        )

    def more(self, case, handoff):
        limit = options.limit_of(self.request.user, handoff.escalation)
        return {
            "handoff": handoff,
            "rungs": self.rungs(case, handoff),
            "limit": euros(limit) if limit else "",
        }

    def operate(self, case, handoff, said, *, by, now):
        level = said.get("to") or "owner"
        escalation = respond.deescalate(
            escalation=handoff.escalation,
            reason=said["reason"],
            option=said.get("option"),
            outcome=said.get("outcome") or options.Outcome.ACCEPTED,
            amount=said.get("amount"),
            skipped_because=said.get("skipped_because", ""),
            to_level=None if level == "owner" else int(level),
            next_steps=said.get("next_steps", ""),
            revision=said["revision"],
            by=by,
            now=now,
        )
        return level, escalation

    def said(self, case, done):
        level, _escalation = done
        standing = Standing.objects.select_related("holder", "holder_team").get(pk=case.pk)
        if level != "owner":
            who = standing.holder or standing.holder_team
            return _("Level %(level)d has it now: %(who)s.") % {"level": int(level), "who": who}
        return _("%(who)s has the case now; its clocks keep running.") % {"who": owner_words(case)}


def owner_words(case):
    """Who has a case that is on no ladder."""
    return str(case.owner or case.team or _("Nobody yet"))


def destinations(case, escalation):
    """[(value, words)]: back to its owner, or down to a lower level of the path."""
    path = snapshot.paths([escalation.version_id])[escalation.version_id]
    top = path.top + 1 if escalation.is_at_fallback else escalation.level_number
    lower = [level for level in path.levels if level.number < top]
    return [("owner", _("Its owner: %(who)s") % {"who": owner_words(case)})] + [
        (
            str(level.number),
            _("Level %(level)d: %(name)s") % {"level": level.number, "name": level.name},
        )
        for level in reversed(lower)
    ]


class TryOption(Sheet):
    """One option, tried on the customer before anybody else is asked, or by who holds the case."""

    form_class, icon = forms.OptionForm, "scales"
    template = "escalations/option.html"
    title, word = gettext_lazy("Try an option"), gettext_lazy("Record it")

    def subject(self, request, number, option):
        case = find(request.user, number, "case.work")
        escalation = options.running_of(case)
        rungs = options.offered(case, escalation, request.user)
        for place, rung in enumerate(rungs):
            if rung.option.pk == option:
                below = [r.option for r in rungs[:place] if not r.is_behind]
                return case, (rung, below, escalation)
        raise Http404

    def form(self, case, subject, data=None):
        rung, below, _escalation = subject
        form_initial = {
            "reply": wording.of_option(case, rung.option, by=self.request.user),
            "channel": case.channel if case.channel != Channel.PHONE else Channel.MAIL,
        }
        return self.form_class(data, case=case, option=rung.option, below=below, initial=form_initial)

    def operate(self, case, subject, said, *, by, now):
        rung, _below, _escalation = subject
        return options.use(
            case=case,
            option=rung.option,
            outcome=said["outcome"],
            amount=said.get("amount"),
            note=said["note"],
            skipped_because=said["skipped_because"],
            reply=said["reply"] if said["outcome"] == options.Outcome.OFFERED else "",
            channel=said["channel"],
            revision=said["revision"],
            by=by,
            now=now,
        )

    def said(self, case, use):
        return wording.of_use(use)

    def more(self, case, subject):
        rung, below, escalation = subject
        limit = options.limit_of(self.request.user, escalation)
        ceiling = rung.option.amount_ceiling
        return {
            "option": rung.option,
            "word_language": wording.language_of(case),
            "last": rung.last,
            "below": below,
            "limit": euros(min(limit, ceiling) if ceiling is not None else limit)
            if rung.option.may_cost
            else "",
        }
