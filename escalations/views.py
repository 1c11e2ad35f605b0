"""Escalate, acknowledge, decline, de-escalate: permission, form, one operation, answer."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from cases.errors import Refused
from cases.views.actions import Action
from cases.views.finding import find
from cases.views.talking import REFUSED
from escalations import escalate_form as sheet
from escalations import forms
from escalations.models import Handoff
from escalations.operations import respond
from escalations.operations.escalate import escalate


class Escalate(LoginRequiredMixin, View):
    """The handoff by hand: what is handed over, who gets it by when, and what happens if nobody acts."""

    def get(self, request, number):
        case = find(request.user, number, "case.work")
        now = timezone.now()
        choices, initial = sheet.destinations(case, now), sheet.prefilled(case, now)
        chosen = {name: request.GET[name] for name in ("kind", "to", "skill") if request.GET.get(name)}
        form = forms.EscalateForm(case=case, choices=choices, initial=initial | chosen)
        return self.show(request, case, form, now)

    def post(self, request, number):
        case = find(request.user, number, "case.work")
        now = timezone.now()
        form = forms.EscalateForm(request.POST, case=case, choices=sheet.destinations(case, now))
        if form.is_valid():
            try:
                handoff = self.operate(case, form.cleaned_data, by=request.user, now=now)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                who = handoff.to_person or handoff.to_team
                messages.success(request, _("%(who)s has it, and is told.") % {"who": who})
                return HttpResponseRedirect(reverse("case", args=[case.number]))
        fresh = find(request.user, number)
        form.show_again(fresh)
        return self.show(request, fresh, form, now, status=REFUSED)

    def operate(self, case, said, *, by, now):
        path, level = forms.path_and_level(said["to"])
        functional = said["kind"] == "functional"
        return escalate(
            case=case,
            path=path,
            level=None if functional else level,
            kind=said["kind"],
            skill=said["skill"] if functional else None,
            reason=said["reason"],
            background=said["background"],
            tried=said["tried"],
            next_steps=said["next_steps"],
            told_customer=said["told_customer"],
            mode=said["mode"],
            call_back_at=said["call_back_at"],
            revision=said["revision"],
            by=by,
            now=now,
        )

    def show(self, request, case, form, now, status=200):
        context = {
            "rail": True,
            "case": case,
            "form": form,
            "now": now,
            "kinds": forms.BY_HAND,
            "preview": sheet.preview(case, form, now),
        }
        return render(request, "escalations/escalate.html", context, status=status)


def find_handoff(request, number, pk):
    """(case, handoff) that `request.user` may answer. Raises Http404 where the case has no such handoff."""
    case = find(request.user, number, "escalation.hold")
    handoff = (
        Handoff.objects.filter(pk=pk, escalation__case=case)
        .select_related("escalation__case", "escalation__version", "from_person", "to_person", "to_team")
        .first()
    )
    if handoff is None:
        raise Http404
    return case, handoff


class Acknowledge(LoginRequiredMixin, View):
    def post(self, request, number, handoff):
        case, found = find_handoff(request, number, handoff)
        try:
            respond.acknowledge(
                handoff=found,
                by=request.user,
                now=timezone.now(),
                **{name: request.POST.get(name) for name in ("background", "tried", "next_steps")},
            )
        except Refused as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("You have it."))
        return HttpResponseRedirect(reverse("case", args=[case.number]))

    def get(self, request, number, handoff):
        """What was handed over, in full, to be completed with taking it."""
        case, found = find_handoff(request, number, handoff)
        initial = {name: getattr(found, name) for name in ("background", "tried", "next_steps")}
        form = forms.AcknowledgeForm(case=case, initial=initial)
        context = {"rail": True, "case": case, "handoff": found, "form": form, "now": timezone.now()}
        return render(request, "escalations/handoff.html", context)


class HandoffAction(Action):
    """A sheet about the handoff that waits for, or is held by, who asks."""

    def get(self, request, number, handoff):
        find_handoff(request, number, handoff)
        return super().get(request, number)

    def operate(self, case, said, *, by, now):
        _case, handoff = find_handoff(self.request, case.number, self.kwargs["handoff"])
        self.answer(handoff, said["reason"], by=by, now=now)


class Decline(HandoffAction):
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

    def answer(self, handoff, reason, *, by, now):
        respond.decline(handoff=handoff, reason=reason, by=by, now=now)


class Deescalate(HandoffAction):
    form_class, icon = forms.DeescalateForm, "undo"
    title, word, done = (
        gettext_lazy("De-escalate"),
        gettext_lazy("Give it back to its owner"),
        gettext_lazy("The case is its owner’s again."),
    )
    means = (
        gettext_lazy("The escalation ends; the owner has the case and is told. Clocks keep running."),
        gettext_lazy("The same rule does not start this path again for a day."),
    )

    def answer(self, handoff, reason, *, by, now):
        respond.deescalate(escalation=handoff.escalation, reason=reason, by=by, now=now)
