"""A ladder of remedies for tests: lowest first, each with what its kind asks for."""

from escalations.models import EscalationReason, Option
from tests import factories as make


def option(name="Apology", kind="apology", **fields):
    with make.signed():
        fields.setdefault("position", 10 * (Option.objects.count() + 1))
        return Option.objects.create(name=name, kind=kind, **fields)


def ladder():
    """An apology, an explanation, goodwill up to 50, and compensation for holders of level 2 and above."""
    return (
        option("Apology", "apology"),
        option("Explanation", "explanation"),
        option("Goodwill", "goodwill", amount_ceiling=50),
        option("Compensation", "compensation", from_level=2),
    )


def reason(name="Credit above my limit", kind="hierarchical", **fields):
    with make.signed():
        return EscalationReason.objects.create(name=name, kind=kind, **fields)
