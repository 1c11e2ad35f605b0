"""The queue: what is owed first, first; grouped by when; in pages found by their last row, never counted."""

from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import View

from cases import branches, queues, roles, searching, snippets
from cases.filters import QueueFilter, people
from cases.fulltext import words_of
from cases.models import Case, CaseTag, Standing
from cases.models.case import id_of
from cases.operations import saved_views, together
from cases.orders import FOUND, ORDERS, Order
from cases.views.doings import Last
from cases.views.queue_rows import Row, group_of

# As many as may be done together: a page can be ticked at once.
PAGE = together.MOST
TITLES = {
    "overdue": _("Overdue"),
    "hour": _("Within the hour"),
    "today": _("Later today"),
    "later": _("Tomorrow and after"),
    "still": _("Standing still"),
}
WHEN = list(TITLES)
SHOWN = (
    "case__customer",
    "case__contact",
    "whose",
    "whose_team",
    "owner",
    "team",
    "holder",
    "holder_team",
    "clock",
    "promise",
)


@dataclass(frozen=True)
class Asked:
    """What of the queue an address asks for: the view, the filters, the order, the words, the page."""

    query: QueryDict
    reader: queues.Reader
    view: queues.QueueView
    filter: QueueFilter
    order: Order
    words: list
    is_search: bool

    @classmethod
    def of(cls, query, person, now):
        is_search = bool(query.get("q", "").strip())
        return cls(
            query=query,
            reader=queues.Reader.of(person, now),
            view=queues.view_of(query.get("view", ""), person),
            filter=QueueFilter(query, queryset=Standing.objects.all(), with_ended=is_search),
            order=FOUND if is_search else ORDERS.get(query.get("sort", ""), ORDERS[""]),
            words=words_of(query.get("q", "")),
            is_search=is_search,
        )

    @property
    def is_narrowed(self):
        return any(self.query.get(name) for name in self.filter.filters)

    def selections(self):
        """A search looks at ended cases too; a view shows only what is live."""
        if self.is_search:
            return searching.selections(self.filter.qs, self.reader, self.words)
        return queues.selections(self.view, self.reader, self.filter.qs)

    def page(self, selections):
        """(standings, key of the page before, key of the page after)."""
        edge, columns = self.order.edge(self.query.get("before")), self.order.backwards()
        if edge is not None:
            ids = self._ids(selections, edge, columns)
            page = rows([pk for pk in ids[:PAGE]][::-1])
            before = self.order.key_of(page[0]) if len(ids) > PAGE else None
            return page, before, self.order.key_of(page[-1]) if page else None
        edge = self.order.edge(self.query.get("after"))
        ids = self._ids(selections, edge, self.order.columns)
        page = rows(ids[:PAGE])
        before = self.order.key_of(page[0]) if edge and page else None
        return page, before, self.order.key_of(page[-1]) if len(ids) > PAGE else None

    def _ids(self, selections, edge, columns):
        if edge is not None:
            ranges = self.order.beyond(edge, columns)
            selections = [found.filter(part) for found in selections for part in ranges]
        return branches.first(selections, columns, PAGE + 1)


def rows(ids):
    """The standings with these ids and all that a row shows, in this order."""
    found = Standing.objects.select_related(*SHOWN).in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


class Queue(LoginRequiredMixin, View):
    def get(self, request):
        if not roles.may(request.user, "case.find"):
            raise PermissionDenied
        now = timezone.now()
        jump = _only_case_numbered(request)
        if jump:
            return HttpResponseRedirect(jump)
        asked = Asked.of(request.GET, request.user, now)
        page, before, after = asked.page(asked.selections())
        shown, may_work = groups(asked, page, now), roles.may(request.user, "case.work")
        context = {
            "asked": asked,
            "view": asked.view,
            "now": now,
            "filter": asked.filter,
            "groups": shown,
            "first_owed": _first_owed(asked, shown) if not before else None,
            "standings": page,
            "before": before,
            "after": after,
            "is_searched": asked.is_search,
            "is_narrowed": asked.is_narrowed,
            "orders": list(ORDERS.values()),
            "may_open": roles.may(request.user, "case.open"),
            "may_work": may_work,
            "teams": list(saved_views.teams_for(request.user)),
            "to_undo": Last.of(request.user, now) if may_work else None,
        }
        return render(request, "cases/queue.html", context)


class People(LoginRequiredMixin, View):
    """Everybody whose cases may be looked for: the options of a filter, when its menu is opened."""

    def get(self, request):
        if not roles.may(request.user, "case.find"):
            raise PermissionDenied
        chosen = {request.GET.get(name, "") for name in ("owner", "holder")}
        everybody = [(str(pk), name) for pk, name in people(request).values_list("pk", "name")]
        return render(request, "cases/_people.html", {"everybody": everybody, "chosen": chosen})


def _first_owed(asked, shown):
    """What comes first where nothing is owed within the hour; None where something is, or nothing at all."""
    first, *_rest = shown or [("still", "", [])]
    return first[2][0] if first[0] in ("today", "later") else None


def _only_case_numbered(request):
    """The address of the case whose number was typed, where the searcher may know of it."""
    number = request.GET.get("q", "")
    if id_of(number) is None:
        return None
    found = Case.objects.findable(request.user).numbered(number).first()
    return reverse("case", args=[found.number]) if found else None


def groups(asked, page, now):
    """[(key, title, rows), …]: by when, keeping the order of what is owed within each; one group without a
    title in any other order."""
    if not page:
        return []
    shown = shown_rows(asked, page, now)
    if asked.order.key:
        return [(asked.order.key, "", shown)]
    placed = sorted((WHEN.index(group_of(row, asked.reader)), index) for index, row in enumerate(shown))
    return [
        (WHEN[group], TITLES[WHEN[group]], [shown[index] for _group, index in members])
        for group, members in groupby(placed, key=lambda pair: pair[0])
    ]


def shown_rows(asked, page, now):
    """A Row for each standing, with its tags and, of a search, the words around what was found."""
    ids = [standing.case_id for standing in page]
    tags = {}
    for on in CaseTag.objects.on().filter(case__in=ids).select_related("tag").order_by("tag__name"):
        tags.setdefault(on.case_id, []).append(on.tag)
    said = searching.said_on(ids, asked.reader.person, asked.words) if asked.is_search and asked.words else {}
    return [
        Row.of(
            standing,
            asked.reader.person,
            now,
            tags=tags.get(standing.case_id, ()),
            hit=Hit.of(standing.case, said.get(standing.case_id), asked.words) if asked.is_search else None,
        )
        for standing in page
    ]


@dataclass(frozen=True)
class Hit:
    """Where a search found its words: `where` in a word, `text` the piece around them, marked."""

    subject: str
    where: str = ""
    text: str = ""

    @classmethod
    def of(cls, case, message, words):
        where, text = "", ""
        if message is not None:
            where = _("internal note") if message.is_internal else _("message")
            text = snippets.around(message.body, words)
        elif case.contact_id:
            told = " · ".join(filter(None, (case.contact.name, case.contact.email, case.contact.phone)))
            if "<mark>" in (said := snippets.marked(told, words)):
                where, text = _("contact"), said
        if not text and "<mark>" in (said := snippets.marked(case.reference, words)):
            where, text = _("reference"), said
        return cls(snippets.marked(case.subject, words), where, text)
