"""A person's saved views: keep one from the queue, rename, delete."""

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
from cases.errors import Refused
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
    """The list of one's own, and a new one."""

    def get(self, request, refusal="", status=200, **typed):
        mine = SavedView.objects.filter(person=request.user).order_by("name")
        context = {"views": mine, "refusal": refusal, "now": timezone.now(), **typed}
        return render(request, "cases/saved_views.html", context, status=status)

    def post(self, request):
        name, query = request.POST.get("name", ""), kept_query(request.POST.get("query", ""))
        try:
            view = saved_views.save_view(name=name, query=query, by=request.user)
        except Refused as refusal:
            return self.get(request, " ".join(refusal.messages), REFUSED, typed_name=name, typed_query=query)
        messages.success(request, _("“%(name)s” is among your views.") % {"name": view.name})
        return HttpResponseRedirect(f"{reverse('case-list')}?{view.query}")


class RenameView(Keeping):
    def post(self, request, view):
        row = get_object_or_404(SavedView, pk=view, person=request.user)
        try:
            saved_views.rename_view(view=row, name=request.POST.get("name", ""))
        except Refused as refusal:
            return SavedViews().get(request, " ".join(refusal.messages), REFUSED)
        return HttpResponseRedirect(reverse("saved-views"))


class DeleteView(Keeping):
    def post(self, request, view):
        row = get_object_or_404(SavedView, pk=view, person=request.user)
        saved_views.delete_view(view=row)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": row.name})
        return HttpResponseRedirect(reverse("saved-views"))
