"""Many chosen cases at once: which, what is to be done to each, and what came of it."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from cases import roles
from cases.errors import Refused
from cases.models import Case, DoneTogether
from cases.models.case import id_of, number_of
from cases.operations import once, together, undoing
from cases.views.doings import DOINGS
from cases.views.talking import REFUSED


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
            return HttpResponseRedirect(_back(request.GET.get("back", "")))
        return self.show(request, doing, chosen, doing.form(), uuid4().hex)

    def post(self, request):
        doing, chosen, token = _doing(request.POST), _chosen(request.POST), request.POST.get("token", "")
        form = doing.form(request.POST)
        refusal = _refusal(chosen)
        if refusal:
            form.add_error(None, refusal)
        if not form.is_valid():
            return self.show(request, doing, chosen[: together.MOST], form, token or uuid4().hex, REFUSED)
        now, operation = timezone.now(), doing.operate(form)
        done = together.carry_out(
            what=DoneTogether.What(request.POST["do"]),
            chosen=chosen,
            operate=lambda case, revision: operation(case=case, revision=revision, by=request.user, now=now),
            key=_key(request.POST),
            back=QueryDict(request.POST.get("back", "")).urlencode(),
            by=request.user,
            now=now,
        )
        return HttpResponseRedirect(reverse("cases-together-done", args=[done.pk]))

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
            "chosen": [(number_of(pk), revision, cases.get(pk), pk in theirs) for pk, revision in chosen],
            "word": doing.word(len(chosen)),
            "back": _back(query.get("back", "")),
            "back_query": query.get("back", ""),
            "now": timezone.now(),
        }
        return render(request, "cases/together.html", context, status=status)


class TogetherDone(LoginRequiredMixin, View):
    """What came of it, case by case, and of undoing it; for who did it alone."""

    def get(self, request, done):
        row = _mine(request, done)
        cases = (
            Case.objects.findable(request.user)
            .select_related("customer")
            .in_bulk([outcome["case"] for outcome in row.outcomes])
        )
        outcomes = [(cases.get(outcome["case"]), outcome) for outcome in row.outcomes]
        now, is_undone = timezone.now(), row.undone_at is not None
        touched = [(case, outcome) for case, outcome in outcomes if "is_undone" in outcome]
        context = {
            "row": row,
            "doing": DOINGS[row.what],
            "refused": [(case, o) for case, o in outcomes if not o["is_done"]],
            "done": [] if is_undone else [(case, o) for case, o in outcomes if o["is_done"]],
            "undone": [(case, o) for case, o in touched if o["is_undone"]],
            "left_alone": [(case, o) for case, o in touched if not o["is_undone"]],
            "to_undo": len(row.changed) if row.may_be_undone(now) else 0,
            "back": _back(row.back),
            "now": now,
        }
        return render(request, "cases/together_done.html", context)


class Undo(LoginRequiredMixin, View):
    def post(self, request, done):
        row = _mine(request, done)
        try:
            undoing.undo(done=row, by=request.user, now=timezone.now())
        except Refused as refusal:
            messages.error(request, " ".join(refusal.messages))
        return HttpResponseRedirect(reverse("cases-together-done", args=[row.pk]))


def _mine(request, pk):
    """What they did themselves; raises Http404 for anybody else's."""
    if not roles.may(request.user, "case.work"):
        raise PermissionDenied
    return get_object_or_404(DoneTogether, pk=pk, person=request.user)


def _doing(query):
    doing = DOINGS.get(query.get("do", ""))
    if doing is None:
        raise Http404
    return doing


def _key(query):
    """Of the form, by its token, with what it says: gone back to and changed, it is another one."""
    said = sorted((name, values) for name, values in query.lists() if name != "csrfmiddlewaretoken")
    return once.digest([query.get("token") or uuid4().hex, said])


def _chosen(query):
    """[(case id, revision), …] of what was ticked, each once; a box holds "C-20418:7"."""
    found = {}
    for value in query.getlist("case"):
        number, _colon, revision = value.rpartition(":")
        pk = id_of(number)
        if pk is not None and revision.isdecimal():
            found.setdefault(pk, int(revision))
    return list(found.items())


def _refusal(chosen):
    if not chosen:
        return _("Choose at least one case.")
    if len(chosen) > together.MOST:
        return _("At most %(most)d cases at once; you chose %(number)d.") % {
            "most": together.MOST,
            "number": len(chosen),
        }
    return ""


def _back(query):
    """The queue as it was, by the query that was kept; nowhere else."""
    kept = QueryDict(query).urlencode()
    return reverse("case-list") + (f"?{kept}" if kept else "")
