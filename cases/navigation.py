"""The sidebar: where each role may go, and how much waits there."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import queues, roles


@dataclass(frozen=True)
class Link:
    href: str
    icon: str
    word: str
    count: str = ""
    is_current: bool = False


def sections(request, *, counted):
    """[(heading, [Link, …]), …] for who asks. `counted` says how many cases wait in each view."""
    found = []
    if roles.may(request.user, "case.find"):
        found.append(("", _queue_links(request, counted)))
    found.append((_("Look up"), _other_links(request)))
    return [(heading, links) for heading, links in found if links]


def _queue_links(request, counted):
    address = reverse("case-list")
    here = request.GET.get("view", "") if request.path == address else None
    reader = queues.Reader.of(request.user, timezone.now()) if counted else None
    return [
        Link(
            href=f"{address}?view={view.key}" if view.key else address,
            icon=view.icon,
            word=view.title,
            count=queues.count(view, reader) if counted and view.key != "all" else "",
            is_current=here == view.key,
        )
        for view in queues.offered_to(request.user)
    ]


def _other_links(request):
    wanted = [
        ("notices", "bell", _("Notices"), True),
        ("away", "calendar", _("Who is away"), True),
        ("watchdog", "bolt", _("Watchdog"), roles.may(request.user, "engine.watch")),
        ("admin:index", "sliders", _("Console"), request.user.is_staff),
    ]
    return [
        Link(address, icon, word, is_current=request.path.startswith(address))
        for name, icon, word, allowed in wanted
        if allowed
        for address in [reverse(name)]
    ]
