"""How much somebody may grant on a case, and what they have granted on it: all of it counts together, so that
no limit is passed in several steps. Higher apps add what they lend and what was granted there."""

from decimal import Decimal

from django.db.models import Q

from cases import decisions
from cases.models import Case, CaseLink, Decision
from cases.prepared import Given, Prepared

LENDERS, COUNTED = [], []
STANDING = Prepared(
    lambda: (
        Decision.objects.filter(ask__case=Given("case"), state=Decision.State.STANDS)
        .order_by("pk")
        .values_list("made_by", "approved_by", "outcome", "at_stake", "offer_amount")
    )
)


def lends(question):
    """Register `f(case, person)`: how far whatever else they are on the case lets them go, EUR, or None."""
    LENDERS.append(question)
    return question


def counts(question):
    """Register `f(case, person)`: what they have granted on the case otherwise, EUR."""
    COUNTED.append(question)
    return question


def limit_of(case, person):
    """How much `person` may grant on this one case, EUR (Decimal): their own limit, or what is lent to them,
    whichever goes further (RULES 4, 5)."""
    lent = [question(case, person) for question in LENDERS]
    return max([person.money_limit or Decimal(0), *(amount for amount in lent if amount is not None)])


def granted(case, person, but=None):
    """What stands on the authority of `person`, EUR, of decisions and of all else: on this case and on those
    split off from it or merged with it, for to part a case does not double a limit.

    `but`: the question that the caller answers by themselves for `case` alone.
    """
    found = decided(case, person) + sum((q(case, person) for q in COUNTED if q is not but), Decimal(0))
    for other in joined(case):
        found += decided(other, person) + sum((q(other, person) for q in COUNTED), Decimal(0))
    return found


def joined(case):
    """[Case] that splits and merges join to `case`, through others too, without it."""
    known, edge = {case.pk}, {case.pk}
    while edge:
        ends = (
            CaseLink.objects.active()
            .filter(Q(source__in=edge) | Q(target__in=edge))
            .filter(kind__in=(CaseLink.Kind.SPLIT, CaseLink.Kind.MERGED))
            .values_list("source", "target")
        )
        edge = {pk for pair in ends for pk in pair} - known
        known |= edge
    return list(Case.objects.filter(pk__in=known - {case.pk}))


def decided(case, person):
    """What decisions gave on the authority of `person`: their own, and those of others that they approved.
    What somebody else approved stands on that one's."""
    return sum(
        (
            decisions.given(outcome, stake=stake, offered=offered)
            for made_by, approved_by, outcome, stake, offered in STANDING.all(case=case.pk)
            if (approved_by or made_by) == person.pk
        ),
        Decimal(0),
    )
