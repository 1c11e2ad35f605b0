"""Where each role begins, and on a phone the rest of the menu."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from cases import roles


@login_required
@require_GET
def home(request):
    """Who works cases begins with what they owe, an auditor with all open ones, the rest in the console."""
    if request.user.role == roles.Role.ADMINISTRATOR:
        return redirect("admin:index")
    view = "" if roles.may(request.user, "case.work") else "?view=all"
    return HttpResponseRedirect(reverse("case-list") + view)


@login_required
@require_GET
def menu(request):
    return render(request, "cases/menu.html", {"now": timezone.now()})
