"""Many chosen cases at once: which, what is to be done to each, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View

from cases import forms, roles
from cases.models import Case
from cases.models.case import NUMBER, NUMBER_BASE
from cases.operations import ending, routing, tagging, together
from cases.views.queue import PAGE
from cases.views.talking import REFUSED

KEPT = "together"  # in the session: what the last one came to


@dataclass(frozen=True)
class Doing:
    """One of the things that may be done to many cases, by its form and its operation on one."""

    title: Lazy
    word: Callable  # (number of cases) -> what the button says
    icon: str
    form: type
    operate: Callable  # (form) -> keyword arguments' operation(case=, revision=, by=, now=)
    means: tuple = ()


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
    "assign": Doing(
        gettext_lazy("Assign"),
        lambda number: (
            ngettext("Assign %(number)d case", "Assign %(number)d cases", number) % {"number": number}
        ),
        "user",
        forms.AssignManyForm,
        _assign,
        (
            gettext_lazy("Each new owner is told in the app."),
            gettext_lazy("Clocks keep running; a running escalation keeps its holder."),
        ),
    ),
    "tag": Doing(
        gettext_lazy("Tag"),
        lambda number: ngettext("Tag %(number)d case", "Tag %(number)d cases", number) % {"number": number},
        "tag",
        forms.TagManyForm,
        _tag,
    ),
    "priority": Doing(
        gettext_lazy("Set the priority"),
        lambda number: (
            ngettext("Set the priority of %(number)d case", "Set the priority of %(number)d cases", number)
            % {"number": number}
        ),
        "sliders",
        forms.PriorityManyForm,
        _prioritise,
        (
            gettext_lazy("Open clocks get the new priority’s terms from their own start, with pauses kept."),
            gettext_lazy("A term that is over by then is breached at once."),
        ),
    ),
    "close": Doing(
        gettext_lazy("Close"),
        lambda number: (
            ngettext("Close %(number)d case", "Close %(number)d cases", number) % {"number": number}
        ),
        "lock",
        forms.ReasonForManyForm,
        _close,
        (
            gettext_lazy("A case on which something is still owed is refused, and it is said what."),
            gettext_lazy("Reopening stays possible."),
        ),
    ),
}


class Together(LoginRequiredMixin, View):
    """The one form for what is to be done to all chosen; carried out case by case."""

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not roles.may(request.user, "case.work"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request):
        doing = _doing(request.GET)
        chosen = _chosen(request.GET)
        refusal = _refusal(chosen)
        if refusal:
            messages.error(request, refusal)
            return HttpResponseRedirect(_back(request.GET))
        return self.show(request, doing, chosen, doing.form(), uuid4().hex)

    def post(self, request):
        doing, chosen, token = _doing(request.POST), _chosen(request.POST), request.POST.get("token", "")
        if token and request.session.get(KEPT, {}).get("token") == token:
            return HttpResponseRedirect(reverse("cases-together-done"))  # sent twice, done once
        form = doing.form(request.POST)
        refusal = _refusal(chosen)
        if refusal:
            form.add_error(None, refusal)
        if not form.is_valid():
            return self.show(request, doing, chosen[:PAGE], form, token or uuid4().hex, REFUSED)
        now, operation = timezone.now(), doing.operate(form)
        outcomes = together.each(
            chosen,
            lambda case, revision: operation(case=case, revision=revision, by=request.user, now=now),
            by=request.user,
        )
        request.session[KEPT] = {
            "token": token,
            "what": request.POST["do"],
            "back": _back(request.POST),
            "outcomes": [(outcome.pk, outcome.is_done, outcome.why) for outcome in outcomes],
        }
        return HttpResponseRedirect(reverse("cases-together-done"))

    def show(self, request, doing, chosen, form, token, status=200):
        ids = [pk for pk, _revision in chosen]
        cases = Case.objects.findable(request.user).select_related("customer", "owner", "team").in_bulk(ids)
        theirs = set(
            Case.objects.reachable(request.user, "case.work").filter(pk__in=ids).values_list("pk", flat=True)
        )
        query = request.POST if request.method == "POST" else request.GET
        context = {
            "what": query["do"],
            "doing": doing,
            "form": form,
            "token": token,
            "chosen": [
                (f"C-{NUMBER_BASE + pk}", revision, cases.get(pk), pk in theirs) for pk, revision in chosen
            ],
            "word": doing.word(len(chosen)),
            "back": _back(query),
            "back_query": query.get("back", ""),
            "now": timezone.now(),
        }
        return render(request, "cases/together.html", context, status=status)


class TogetherDone(LoginRequiredMixin, View):
    """What came of the last time, case by case; the page may be loaded again without doing anything."""

    def get(self, request):
        if not roles.may(request.user, "case.work"):
            raise PermissionDenied
        kept = request.session.get(KEPT)
        if kept is None:
            raise Http404
        cases = (
            Case.objects.findable(request.user)
            .select_related("customer")
            .in_bulk([pk for pk, _done, _why in kept["outcomes"]])
        )
        outcomes = [(pk, cases.get(pk), done, why) for pk, done, why in kept["outcomes"]]
        context = {
            "doing": DOINGS[kept["what"]],
            "refused": [outcome for outcome in outcomes if not outcome[2]],
            "done": [outcome for outcome in outcomes if outcome[2]],
            "back": kept["back"],
            "now": timezone.now(),
        }
        return render(request, "cases/together_done.html", context)


def _doing(query):
    doing = DOINGS.get(query.get("do", ""))
    if doing is None:
        raise Http404
    return doing


def _chosen(query):
    """[(case id, revision), …] of what was ticked, each once; a box holds "C-20418:7"."""
    found = {}
    for value in query.getlist("case"):
        number, _colon, revision = value.rpartition(":")
        match = NUMBER.match(number)
        if match and revision.isdecimal():
            found.setdefault(int(match[1]) - NUMBER_BASE, int(revision))
    return list(found.items())


def _refusal(chosen):
    if not chosen:
        return _("Choose at least one case.")
    if len(chosen) > PAGE:
        return _("At most %(most)d cases at once; you chose %(number)d.") % {
            "most": PAGE,
            "number": len(chosen),
        }
    return ""


def _back(query):
    """The queue as it was, from the query kept in the form; nowhere else."""
    kept = QueryDict(query.get("back", "")).urlencode()
    return reverse("case-list") + (f"?{kept}" if kept else "")
