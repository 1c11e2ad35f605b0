"""What intake and relations add to the pages of cases."""

from dataclasses import dataclass, field

from django import template
from django.utils.translation import gettext as _

from cases.models import Attempt, Case, CaseLink, Question, QuestionAnswer
from cases.operations.relating import BY_HAND
from cases.states import LIVE

register = template.Library()

SAME_SERVICE = 5
# Of the latest so many open cases of a service those that the reader reaches are shown.
LOOKED_AT = 50
LINKS = 20


@dataclass(frozen=True)
class Row:
    """A link as it reads from this case: "merged into C-20418"."""

    link: CaseLink
    case: Case
    words: str
    is_source: bool

    @property
    def may_end(self):
        return self.link.kind in BY_HAND


@dataclass
class Beside:
    """What the case page shows beside a case."""

    answers: list = field(default_factory=list)
    attempts: list = field(default_factory=list)
    links: list = field(default_factory=list)
    same_service: list = field(default_factory=list)
    asks_anything: bool = False

    @property
    def merged_into(self):
        """The Row of the case that this one was merged into, or None."""
        return next(
            (row for row in self.links if row.is_source and row.link.kind == CaseLink.Kind.MERGED), None
        )


@register.simple_tag
def beside(case, reader, may_read):
    """The Beside of one case; a fixed number of queries. Of other cases only what the reader may know of."""
    links = list(
        CaseLink.objects.active().of(case.pk).select_related("source", "target").order_by("-pk")[:LINKS]
    )
    others = {link.target_id if link.source_id == case.pk else link.source_id for link in links}
    known = set(Case.objects.findable(reader).filter(pk__in=others).values_list("pk", flat=True))
    rows = [_row(link, case) for link in links]
    shown = Beside(links=[row for row in rows if row.case.pk in known])
    if not may_read:
        return shown
    shown.answers = list(
        QuestionAnswer.objects.filter(case=case)
        .select_related("question")
        .order_by("question__position", "pk")
    )
    shown.asks_anything = Question.objects.asked_of(case.category).exists()
    shown.attempts = list(Attempt.objects.known_on(case))
    if case.service_id:
        latest = Case.objects.filter(service=case.service_id, status__in=LIVE).exclude(pk=case.pk)
        ids = list(latest.order_by("-pk").values_list("pk", flat=True)[:LOOKED_AT])
        found = Case.objects.reachable(reader).filter(pk__in=ids).exclude(customer=case.customer_id)
        shown.same_service = list(found.select_related("customer").order_by("-pk")[:SAME_SERVICE])
    return shown


@register.simple_tag
def unrelated(cases, beside):
    """Those of `cases` that no link of `beside` names already: one page says a thing once."""
    linked = {row.case.pk for row in beside.links}
    return [case for case in cases if case.pk not in linked]


def _row(link, case):
    is_source = link.source_id == case.pk
    other = link.target if is_source else link.source
    words = str(link.get_kind_display()) if is_source else _backwards()[link.kind]
    return Row(link, other, words, is_source)


def _backwards():
    """What a link says from its other end."""
    return {
        CaseLink.Kind.RELATED: _("related to"),
        CaseLink.Kind.CAUSED_BY: _("cause of"),
        CaseLink.Kind.DUPLICATE: _("duplicated by"),
        CaseLink.Kind.FOLLOW_UP: _("followed up by"),
        CaseLink.Kind.SPLIT: _("split into"),
        CaseLink.Kind.MERGED: _("merged with this:"),
    }
