"""The small sheets about a case on its ladder: whose they are, and what each does with a form."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from cases import roles
from cases.errors import Refused
from cases.models import Case
from cases.views.finding import find, may
from cases.views.talking import REFUSED
from escalations.models import Handoff
from escalations.operations.holding import went_to


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
    if not may(request.user, "escalation.hold", case) and not went_to(handoff, request.user):
        raise PermissionDenied
    return case, handoff


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
        form.show_again(Case.objects.get(pk=case.pk))
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
