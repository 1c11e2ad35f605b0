"""The bell and what it rings for: one's own notices, by day, each leading to its case."""

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View
from django.views.decorators.http import require_GET, require_POST

from cases import notices, roles
from cases.models import Case, Notice, NoticeKind

SHOWN = 50
# Nobody needs to know whether it is 100 or 40,000; counting stops here.
COUNTED = 100


class NoticeList(LoginRequiredMixin, View):
    def get(self, request):
        found = Notice.objects.in_app_for(request.user).select_related("case__customer")
        unread = request.GET.get("show") == "unread"
        if unread:
            found = found.unread()
        before = request.GET.get("before", "")
        if before.isdecimal():
            found = found.filter(pk__lt=int(before))
        page = list(found[: SHOWN + 1])
        more, page = len(page) > SHOWN, page[:SHOWN]
        now = timezone.now()
        rows = [(row, notices.sentence(row), notices.ICONS.get(row.kind, "bell")) for row in page]
        context = {
            "days": [
                (_day(day, now), list(members))
                for day, members in groupby(rows, key=lambda row: timezone.localdate(row[0].created_at))
            ],
            "only_unread": unread,
            "newest": page[0].pk if page else 0,
            "more": page[-1].pk if more else None,
            "may_open": roles.may(request.user, "case.find"),
            "now": now,
        }
        return render(request, "cases/notices.html", context)


def _day(day, now):
    away = (timezone.localdate(now) - day).days
    if away in (0, 1):
        return _("Today") if away == 0 else _("Yesterday")
    return date_format(day, "l j F" if day.year == timezone.localdate(now).year else "j F Y")


@login_required
@require_POST
def mark_read(request):
    """The one that is named, or all up to the newest that was on the page: what came since is not."""
    mine = Notice.objects.in_app_for(request.user).unread()
    chosen, newest = request.POST.get("notice", ""), request.POST.get("newest", "")
    if chosen.isdecimal():
        mine = mine.filter(pk=chosen)
    elif newest.isdecimal():
        mine = mine.filter(pk__lte=newest)
    mine.order_by().update(read_at=timezone.now())
    return redirect("notices")


@login_required
@require_POST
def open_notice(request, notice):
    """Read, and on to its case, or to whatever else it is about."""
    mine = Notice.objects.in_app_for(request.user)
    found = mine.filter(pk=notice).select_related("case").first()
    if found is None:
        raise Http404
    mine.unread().filter(pk=notice).order_by().update(read_at=timezone.now())
    if found.kind == NoticeKind.MATRIX_CHANGED:
        return redirect("matrix")
    may_open = (
        found.case is not None and Case.objects.findable(request.user).filter(pk=found.case_id).exists()
    )
    return redirect("case", found.case.number) if may_open else redirect("notices")


@login_required
@require_GET
def bell(request):
    """What the bell shows: how many are unread, in words; the newest of them in a sentence."""
    unread = list(Notice.objects.in_app_for(request.user).unread().select_related("case")[:COUNTED])
    newest = unread[0] if unread else None
    return JsonResponse(
        {
            "unread": len(unread),
            "count": shown_count(len(unread)),
            "words": ngettext("%(number)d unread notice", "%(number)d unread notices", len(unread))
            % {"number": len(unread)},
            "newest": newest.pk if newest else 0,
            "said": notices.sentence(newest) if newest else "",
        }
    )


def shown_count(number):
    return f"{COUNTED - 1}+" if number >= COUNTED else str(number or "")
