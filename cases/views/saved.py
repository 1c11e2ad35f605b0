"""Saved views: keep one from the queue, for oneself or for a team; rename, share, delete."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from cases import roles
from cases.errors import NotTheirs, Refused
from cases.models import SavedView
from cases.navigation import kept_query
from cases.operations import saved_views
from cases.views.talking import REFUSED


class Keeping(LoginRequiredMixin, View):
    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not roles.may(request.user, "case.find"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class SavedViews(Keeping):
    """The list of those one sees or looks after, and a new one."""

    def get(self, request, refusal="", status=200, **typed):
        person = request.user
        changeable = SavedView.objects.changeable_by(person)
        seen = (SavedView.objects.beside_the_queue_of(person) | changeable).select_related("person", "team")
        rows = list(seen.order_by("team__name", "name"))
        theirs = set(changeable.values_list("pk", flat=True))
        context = {
            "views": sorted((row for row in rows if row.person_id == person.pk), key=lambda row: row.name),
            "others": [(row, row.pk in theirs) for row in rows if row.person_id != person.pk],
            "teams": list(saved_views.teams_for(person)),
            "refusal": refusal,
            "now": timezone.now(),
            **typed,
        }
        return render(request, "cases/saved_views.html", context, status=status)

    def post(self, request):
        name, query = request.POST.get("name", ""), kept_query(request.POST.get("query", ""))
        try:
            team = _team(request)
            view = saved_views.save_view(name=name, query=query, team=team, by=request.user)
        except Refused as refusal:
            typed = {"typed_name": name, "typed_query": query, "typed_team": request.POST.get("team", "")}
            return self.get(request, " ".join(refusal.messages), REFUSED, **typed)
        said = _("“%(name)s” is among your views.")
        if team is not None:
            said = _("“%(name)s” is among your views and those of “%(team)s”.")
        messages.success(request, said % {"name": view.name, "team": team})
        return HttpResponseRedirect(f"{reverse('case-list')}?{view.query}")


class ChangeView(Keeping):
    """One thing done to a view: whoever does not see it is not told that it is there."""

    done = ""

    def post(self, request, view):
        person = request.user
        seen = SavedView.objects.beside_the_queue_of(person) | SavedView.objects.changeable_by(person)
        row = get_object_or_404(seen.select_related("team"), pk=view)
        try:
            self.operate(row, request)
        except NotTheirs as refusal:
            raise PermissionDenied from refusal
        except Refused as refusal:
            return SavedViews().get(request, " ".join(refusal.messages), REFUSED)
        if self.done:
            messages.success(request, self.done % {"name": row.name, "team": row.team})
        return HttpResponseRedirect(reverse("saved-views"))


class RenameView(ChangeView):
    def operate(self, row, request):
        saved_views.rename_view(view=row, name=request.POST.get("name", ""), by=request.user)


class ShareView(ChangeView):
    def operate(self, row, request):
        saved_views.share_view(view=row, team=_team(request, row.team), by=request.user)
        self.done = (
            _("“%(name)s” is shared with “%(team)s”.") if row.team_id else _("“%(name)s” is yours alone.")
        )


class DeleteView(ChangeView):
    def operate(self, row, request):
        saved_views.delete_view(view=row, by=request.user)
        self.done = _("“%(name)s” is deleted.")


def _team(request, already=None):
    """The team that was chosen, or None for nobody; what it is shared with `already` may be kept. Raises
    NotTheirs for one that was not offered."""
    chosen = request.POST.get("team", "")
    if not chosen:
        return None
    if already is not None and chosen == str(already.pk):
        return already
    team = saved_views.teams_for(request.user).filter(pk=chosen).first() if chosen.isdecimal() else None
    if team is None:
        raise NotTheirs(_("A view is shared with a team that you are in; choose one of yours."))
    return team
