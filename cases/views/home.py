"""Where each role begins, the list of notices, and on a phone the rest of the menu."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from cases import notices, roles
from cases.models import Notice

SHOWN = 50


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
def notice_list(request):
    found = Notice.objects.in_app_for(request.user).select_related("case__customer")[:SHOWN]
    rows = [(notice, notices.sentence(notice), notices.ICONS.get(notice.kind, "bell")) for notice in found]
    return render(request, "cases/notices.html", {"rows": rows, "now": timezone.now()})


@login_required
@require_POST
def notices_read(request):
    """All of them, or the one that was opened."""
    mine = Notice.objects.in_app_for(request.user).unread()
    chosen = request.POST.get("notice", "")
    if chosen.isdecimal():
        mine = mine.filter(pk=chosen)
    mine.order_by().update(read_at=timezone.now())
    return redirect("notices")


@login_required
@require_GET
def menu(request):
    return render(request, "cases/menu.html", {"now": timezone.now()})
