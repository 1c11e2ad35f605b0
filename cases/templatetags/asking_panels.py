"""What the case page shows of what was asked and decided, and, to whoever holds it, of the complaint."""

from dataclasses import dataclass

from django import template
from django.db.models import Prefetch

from cases import display
from cases.models import Ask, Case, ComplaintProfile, Decision
from cases.models.case import NUMBER
from cases.operations.profiling import keeper_of
from cases.views.finding import may

register = template.Library()


@dataclass(frozen=True)
class ShownAsk:
    """One ask as its card draws it."""

    ask: Ask
    pill: display.Pill
    worth: str
    decision: Decision | None  # in force or waiting
    offer: str
    came_back: Decision | None  # why it is open again, where the last decision did not stand
    may_review: bool
    is_elsewhere: bool = False  # decided on another case
    goes_on: str = ""  # that one's number, where its reader may find it


@register.filter
def case_number(text):
    """The number where a text is a case's number and nothing else ("C-20418"), or an empty text."""
    found = NUMBER.match(text)
    return f"C-{found[1]}" if found and text.strip().upper().startswith("C") else ""


@register.simple_tag
def asks_of(case, reader):
    """[ShownAsk] of a case in the customer's order: two queries, and those of permission where one waits."""
    decisions = Decision.objects.select_related("made_by", "approved_by", "ended_by").order_by("-pk")
    asks = list(
        case.asks.select_related("goes_on_as__case")
        .order_by("position")
        .prefetch_related(Prefetch("decisions", decisions, to_attr="every_decision"))
    )
    waits = any(row.state == Decision.State.WAITING for ask in asks for row in ask.every_decision)
    may_approve = waits and may(reader, "offer.approve", case)
    elsewhere = {ask.goes_on_as.case_id for ask in asks if ask.goes_on_as}
    findable = elsewhere and set(
        Case.objects.findable(reader).filter(pk__in=elsewhere).values_list("pk", flat=True)
    )
    return [_shown(ask, reader, may_approve, findable) for ask in asks]


def _shown(ask, reader, may_approve, findable):
    last = next(iter(ask.every_decision), None)
    current = last if last is not None and last.ended_at is None else None
    waits = current is not None and current.state == Decision.State.WAITING
    return ShownAsk(
        ask=ask,
        pill=display.ask_pill(_state(ask, current, waits)),
        worth=display.money(ask.amount) if ask.amount else "",
        decision=current,
        offer=display.offer(current) if current else "",
        came_back=last if current is None else None,
        may_review=waits and may_approve and current.made_by_id != reader.pk,
        goes_on=ask.goes_on_as.case.number if ask.goes_on_as and ask.goes_on_as.case_id in findable else "",
        is_elsewhere=ask.goes_on_as is not None,
    )


def _state(ask, current, waits):
    if ask.goes_on_as_id:
        return Ask.State.MOVED
    if current is None:
        return Ask.State.OPEN
    return Ask.State.WAITING if waits else Ask.State(current.outcome)


@register.simple_tag
def profile_of(case, reader):
    """{"profile": the complaint's, or None} for the one person who keeps it; nothing for everybody else."""
    if keeper_of(case, case.standing) != reader.pk:
        return None
    return {"profile": ComplaintProfile.objects.filter(case=case).first()}
