"""Cases like the one that is being taken down: open ones, so that nobody opens it twice, and ended ones with
how they ended. Only what the reader may know of; each query is over an index and bounded."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases.models import Case
from cases.states import LIVE, CaseStatus

SHOWN = 5
# The latest so many of a kind are compared.
COMPARED = 200
SHARED = ("customer", "owner", "team", "service", "category", "standing__holder", "standing__holder_team")


@dataclass(frozen=True)
class Like:
    """A case, and in what it is alike; of one that has ended, how it ended."""

    case: Case
    why: str
    ending: str = ""


def open_cases(*, customer, reader, service=None, category=None, subject=""):
    """[Like]: the customer's own open cases, then others' of the same service and words alike."""
    own = customer.cases.findable(reader).live().select_related(*SHARED).order_by("-pk")[:SHOWN]
    found = [Like(case, _why_own(case, service, category)) for case in own]
    found.sort(key=lambda like: not like.why)
    alike = {"service": service} if service else {"category": category} if category else None
    if alike is None:
        return found
    latest = list(
        Case.objects.filter(status__in=LIVE, **alike).order_by("-pk").values_list("pk", flat=True)[:COMPARED]
    )
    others = Case.objects.reachable(reader).filter(pk__in=latest).exclude(customer=customer)
    why = _("same service") if service else _("same category")
    ranked = _by_words(subject, others.select_related(*SHARED).order_by("-pk"), needs_words=not service)
    return found + [Like(case, why) for case in ranked[:SHOWN]]


def _why_own(case, service, category):
    if service and case.service_id == service.pk:
        return _("same service")
    if category and case.category_id == category.pk:
        return _("same category")
    return ""


def precedents(*, reader, category=None, service=None, subject="", ignoring=None):
    """[Like]: ended cases of the category that say the same, the nearest first."""
    if category is None:
        return []
    ended = Case.objects.filter(category=category, status__in=(CaseStatus.RESOLVED, CaseStatus.CLOSED))
    latest = list(ended.order_by("-pk").values_list("pk", flat=True)[:COMPARED])
    known = Case.objects.reachable(reader).filter(pk__in=latest).exclude(pk=ignoring).select_related(*SHARED)
    ranked = _by_words(
        subject,
        known.order_by("-pk"),
        needs_words=True,
        bonus=lambda case: service and case.service_id == service.pk,
    )[:SHOWN]
    endings = _endings([case.pk for case in ranked])
    return [Like(case, "", endings.get(case.pk, "")) for case in ranked]


def _by_words(subject, cases, *, needs_words, bonus=lambda case: False):
    """Those that share words with `subject`, most of them first, the newest of equals first."""
    wanted = _words(subject)
    scored = [(len(wanted & _words(case.subject)) + 0.5 * bool(bonus(case)), case) for case in cases]
    kept = [pair for pair in scored if pair[0] >= 1 or not (needs_words or wanted)]
    return [case for _score, case in sorted(kept, key=lambda pair: -pair[0])]


def _words(text):
    """What a subject is about: its words of four letters and more, without their endings."""
    return {word[:6] for word in re.findall(r"\w{4,}", text.casefold())}


def _endings(ids):
    """{case id: what was said when it was resolved, or else closed}, from the history the database wrote."""
    found, status_of = {}, {}
    rows = Case.history.filter(id__in=ids).order_by("history_id")
    for pk, status, reason in rows.values_list("id", "status", "history_change_reason"):
        before = status_of.get(pk)
        status_of[pk] = status
        # Resolving says what was done; closing afterwards only that nothing was left.
        if status == CaseStatus.RESOLVED != before or (status == CaseStatus.CLOSED and before in LIVE):
            found[pk] = reason or ""
    return found
