"""The bell and what it rings for: one's own notices, by day and case, each leading to its case."""

from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View
from django.views.decorators.http import require_GET, require_POST

from cases import notices, roles
from cases.models import Case, Notice
from cases.operations import seeing

SHOWN = 50
# Nobody needs to know whether it is 100 or 40,000; counting stops here.
COUNTED = 100


@dataclass(frozen=True)
class OfCase:
    """What came about one case without another between, the newest first: [(notice, sentence, icon), …]."""

    rows: list

    @property
    def case(self):
        return self.rows[0][0].case

    @property
    def unread(self):
        return sum(notice.read_at is None for notice, _said, _icon in self.rows)


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
                (_day(day, now), _by_case(members))
                for day, members in groupby(rows, key=lambda row: timezone.localdate(row[0].created_at))
            ],
            "only_unread": unread,
            "newest": page[0].pk if page else 0,
            "more": page[-1].pk if more else None,
            "may_open": roles.may(request.user, "case.find"),
            "now": now,
        }
        return render(request, "cases/notices.html", context)


def _by_case(rows):
    """[OfCase, …] of rows that follow each other; what is about no case stands by itself."""
    groups = groupby(rows, key=lambda row: row[0].case_id or -row[0].pk)
    return [OfCase(list(members)) for _case, members in groups]


def _day(day, now):
    away = (timezone.localdate(now) - day).days
    if away in (0, 1):
        return _("Today") if away == 0 else _("Yesterday")
    return date_format(day, "l j F" if day.year == timezone.localdate(now).year else "j F Y")


@login_required
@require_POST
def mark_read(request):
    """The one that is named, or all, or all of a case, up to the newest that was on the page: what came since
    is not."""
    chosen, newest, case = (_number(request.POST.get(name, "")) for name in ("notice", "newest", "case"))
    seeing.see(by=request.user, now=timezone.now(), notice=chosen, up_to=newest, case=case)
    kept = "?show=unread" if request.POST.get("show") == "unread" else ""
    return redirect(reverse("notices") + kept)


def _number(text):
    """The id that was sent, or None where none was. A database's id has at most 18 digits."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)


@login_required
@require_POST
def open_notice(request, notice):
    """Read, and on to what it is about."""
    found = Notice.objects.in_app_for(request.user).filter(pk=notice).select_related("case").first()
    if found is None:
        raise Http404
    seeing.see(by=request.user, now=timezone.now(), notice=notice)
    may_open = found.case is None or Case.objects.findable(request.user).filter(pk=found.case_id).exists()
    return redirect(may_open and notices.page_of(found, request.user) or "notices")


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
