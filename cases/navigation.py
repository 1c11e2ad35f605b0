"""The sidebar: where each role may go, and how much waits there."""

from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import counting, queues, roles
from cases.filters import QueueFilter
from cases.models import Decision, SavedView
from cases.prepared import Given, Prepared

SAVED = Prepared(lambda: SavedView.objects.beside_the_queue_of(Given("person")).select_related("team"))


@dataclass(frozen=True)
class Link:
    href: str
    icon: str
    word: str
    count: str = ""
    note: str = ""  # a second word, of whom it is
    is_current: bool = False


def sections(request, *, counted, reader=None):
    """[(heading, [Link, …]), …] for who asks. `counted` says how many cases wait in each view;
    `reader` is who asks, where the page knows already."""
    found = []
    if roles.may(request.user, "case.find"):
        found.append(("", [*_queue_links(request, counted, reader), *_approvals(request, counted)]))
        found.append((_("Saved views"), _saved_links(request)))
    found.append((_("Look up"), _other_links(request)))
    return [(heading, links) for heading, links in found if links]


def _queue_links(request, counted, reader):
    address = reverse("case-list")
    here = kept_query(request.GET.urlencode()) if request.path == address else None
    if counted and reader is None:
        reader = queues.Reader.of(request.user, timezone.now())
    first, offered = queues.view_of("", request.user), queues.offered_to(request.user)
    # Of all that is open there are always too many to say.
    waiting = counting.counts([view for view in offered if view.key != "all"], reader) if counted else {}
    return [
        Link(
            href=f"{address}?view={view.key}" if view.key else address,
            icon=view.icon,
            word=view.title,
            count=waiting.get(view.key, ""),
            is_current=here == (f"view={view.key}" if view.key else "") or (here == "" and view == first),
        )
        for view in offered
    ]


def _approvals(request, counted):
    """What waits for the reader's approval, for those who may approve anything."""
    if not roles.may(request.user, "offer.approve"):
        return
    address, count = reverse("decisions"), ""
    if counted:
        count = queues.glance(Decision.objects.awaiting(request.user))
    yield Link(address, "scales", _("To approve"), count, is_current=request.path == address)


# What of a queue's address is worth keeping: not where in it somebody was.
KEPT = {"view", "sort", "q", *QueueFilter.base_filters}


def kept_query(query):
    """A query of the queue's address, its names in one order, so that two that mean the same are the same."""
    found = QueryDict(query)
    kept = QueryDict(mutable=True)
    for name in sorted(KEPT & set(found)):
        kept.setlist(name, sorted({value for value in found.getlist(name) if value}))
    return kept.urlencode()


def _saved_links(request):
    address = reverse("case-list")
    here = kept_query(request.GET.urlencode()) if request.path == address else None
    saved = SAVED.all(person=request.user.pk)
    links = [
        Link(
            f"{address}?{view.query}",
            "shared" if view.team else "bookmark",
            view.name,
            note=view.team.name if view.team else "",
            is_current=here == view.query,
        )
        for view in sorted(saved, key=lambda view: _own_first(view, request.user))
    ]
    manage = reverse("saved-views")
    return links and [*links, Link(manage, "gear", _("Manage"), is_current=request.path == manage)]


def _own_first(view, person):
    is_anothers = view.person_id != person.pk
    return (is_anothers, view.team.name if is_anothers else "", view.name)


def _other_links(request):
    wanted = [
        ("dashboard", "chart", _("Dashboard"), roles.may(request.user, "dashboard.read")),
        ("notices", "bell", _("Notices"), True),
        ("away", "calendar", _("Who is away"), True),
        ("matrix", "steps", _("Escalation matrix"), roles.may(request.user, "rules.read")),
        ("watchdog", "bolt", _("Watchdog"), roles.may(request.user, "engine.watch")),
        ("admin:index", "sliders", _("Console"), request.user.is_staff),
    ]
    return [
        Link(address, icon, word, is_current=request.path.startswith(address))
        for name, icon, word, allowed in wanted
        if allowed
        for address in [reverse(name)]
    ]
