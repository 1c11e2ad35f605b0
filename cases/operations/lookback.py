"""What past cases would have been late under a regulatory pack. Changes nothing."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Min, Q

from cases.models import Case, Channel, Message
from cases.states import EndsOn

LOOKED_BACK = timedelta(days=90)
# Enough to see what a pack would mean; a desk that has more is told about its latest.
AT_MOST = 20_000


@dataclass
class Tally:
    """Of the cases that a term would have applied to: how many were late, of how many it is not known yet."""

    cases: int = 0
    late: int = 0
    unknown: int = 0


def late(*, pack, calendar, chosen, now):
    """{key of a term: Tally} of the cases received in the last 90 days, had `chosen` (packs.Chosen) of `pack`
    been on: two questions, then arithmetic.

    An answer is the first public word by a person; a case opened again counts by when it was last resolved.
    """
    cases = list(
        Case.objects.filter(received_at__gt=now - LOOKED_BACK, received_at__lte=now)
        .order_by("-received_at")
        .values_list("pk", "received_at", "resolved_at", "closed_at", "category_id", "customer_id")[:AT_MOST]
    )
    answers = dict(
        Message.objects.filter(_is_answer(), case__received_at__gt=now - LOOKED_BACK)
        .values("case")
        .annotate(first=Min("occurred_at"))
        .values_list("case", "first")
    )
    hours, found = calendar.hours, {}
    for key in dict.fromkeys(row.key for row in chosen):
        fact = pack.fact(key)
        term, tally = fact.term(calendar.time_zone), found.setdefault(key, Tally())
        holds = [(row.category, row.customer) for row in chosen if row.key == key]
        for pk, received_at, resolved_at, closed_at, category_id, customer_id in cases:
            if not any(_applies(*pair, category_id, customer_id) for pair in holds):
                continue
            ended_at = resolved_at or closed_at
            done_at = ended_at
            if fact.ends_on == EndsOn.ANSWERED:
                done_at = min(filter(None, (answers.get(pk), ended_at)), default=None)
            over = (done_at or now) > term.due(received_at, hours).late_after
            tally.cases += 1
            tally.late += over
            tally.unknown += not over and done_at is None
    return found


def _applies(category, customer, category_id, customer_id):
    return (category is None or category.pk == category_id) and (
        customer is None or customer.pk == customer_id
    )


def _is_answer():
    """As Message.answers_customer says it of one; the word with which the case began answers nothing."""
    written = Q(direction=Message.Direction.OUT) & ~Q(channel=Channel.PHONE)
    spoken = Q(channel=Channel.PHONE, was_reached=True) & (
        Q(direction=Message.Direction.OUT) | Q(occurred_at__gt=F("case__received_at"))
    )
    return Q(is_automatic=False, author__isnull=False) & (written | spoken)
