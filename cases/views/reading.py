"""Opening the rest of another team's case for a reason; the case on paper."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from cases import conversations, forms, roles
from cases.errors import Refused
from cases.models import Attempt, Message, Pause
from cases.operations import reading
from cases.views import case_rows
from cases.views.case import promises_of
from cases.views.finding import find, may
from cases.views.finding import reading as recorded
from cases.views.talking import REFUSED


class OpenRest(LoginRequiredMixin, View):
    """Who may read the case already is led there; who may never, is refused."""

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated:
            self.case = find(request.user, kwargs["number"])
            if may(request.user, "case.read", self.case):
                return self.to_case()
            if not roles.may(request.user, "case.read_for_a_reason"):
                raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, number):
        return self.show(request, forms.OpenRestForm())

    def post(self, request, number):
        form = forms.OpenRestForm(request.POST)
        if form.is_valid():
            try:
                reading.open_rest(
                    case=self.case, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
                )
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, _("The whole case is open to you, to read."))
                return self.to_case()
        return self.show(request, form, status=REFUSED)

    def to_case(self):
        return HttpResponseRedirect(reverse("case", args=[self.case.number]))

    def show(self, request, form, status=200):
        context = {
            "rail": True,
            "case": self.case,
            "form": form,
            "title": _("Open the rest of this case"),
            "word": _("Open it to read"),
            "icon": "eye",
            "means": (
                _("You see all of it until the end of your day: what we said among us, clocks, history."),
                _("You may read it, not work on it; that stays with its team."),
                _("Its history shows that you opened it, when, and why."),
            ),
            "now": timezone.now(),
        }
        return render(request, "cases/action.html", context, status=status)


class Print(LoginRequiredMixin, View):
    """A case on paper, for who may read the whole of it.

    As it comes, what the customer may see, also of what was said on cases merged into it; with ?internal=1
    notes, clocks and the ladder too, with &history=1 the history, and then every page says that it is for us
    alone.
    """

    def get(self, request, number):
        case = find(request.user, number, "case.read")
        recorded(request, case)
        now = timezone.now()
        internal = bool(request.GET.get("internal"))
        said = conversations.said_on(case, request.user)
        said = said.select_related("author", "contact", "case", "answer").order_by("occurred_at", "pk")
        said = said.prefetch_related("attachments")
        if not internal:
            said = said.exclude(direction=Message.Direction.INTERNAL)
        told = list(said)
        pauses = list(
            Pause.objects.filter(case=case).select_related("reason", "started_by").order_by("started_at")
        )
        clocks = list(
            case.clocks.select_related(
                "calendar", "policy_version__policy", "owed_by", "owed_by_team", "statute"
            ).order_by("pk")
        )
        context = {
            "case": case,
            "now": now,
            "internal": internal,
            "with_history": internal and bool(request.GET.get("history")),
            "messages_said": told,
            "calls": [message for message in told if message.is_call and message.direction == "out"],
            "answers": list(case.answers.select_related("promise", "given_by").order_by("pk")),
            "attempts": list(Attempt.objects.known_on(case)) if internal else [],
            "clocks": case_rows.shown_clocks(clocks, pauses, now) if internal else [],
            "pauses": pauses,
            "promises": promises_of(case, now),
        }
        return render(request, "cases/print.html", context)
