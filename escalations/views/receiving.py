"""What is done with a handoff: acknowledge, decline, ask back, answer, hand it on, make it worse."""

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
from cases.views.finding import find, may
from cases.views.talking import REFUSED
from escalations import forms, models
from escalations.operations import asking, holding, respond

from .sheets import OfHandoff, Sheet, find_handoff


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
            models.AskBack.objects.filter(pk=question, handoff__escalation__case=case)
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
