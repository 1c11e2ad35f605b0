"""Which rule answers a trigger: ordered rows whose blank fields mean any; the first match wins. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """What rules may ask of a case at the moment of a trigger."""

    trigger: str
    metric: str = ""
    category_id: int | None = None
    service_id: int | None = None
    priority: int | None = None
    tier: str = ""
    channel: str = ""
    language: str = ""
    team_id: int | None = None
    reopened: int = 0
    reassigned: int = 0
    days_since: int | None = None


# Conditions by the names of a rule's fields; blank (None or "") means any.
EQUAL = (
    "trigger",
    "metric",
    "category_id",
    "service_id",
    "priority",
    "tier",
    "channel",
    "language",
    "team_id",
)
AT_LEAST = {"reopened_at_least": "reopened", "reassigned_at_least": "reassigned"}
AT_MOST = {"within_days": "days_since"}


def first_failing(rule, facts):
    """The name of the first condition of `rule` that does not hold for `facts`, or None where all hold."""
    for name in EQUAL:
        wanted = getattr(rule, name)
        if wanted not in (None, "") and wanted != getattr(facts, name):
            return name
    for name, fact in AT_LEAST.items():
        wanted = getattr(rule, name)
        if wanted is not None and getattr(facts, fact) < wanted:
            return name
    for name, fact in AT_MOST.items():
        wanted, found = getattr(rule, name), getattr(facts, fact)
        if wanted is not None and (found is None or found > wanted):
            return name
    return None


def covers(earlier, later):
    """Whether `earlier`, asked first, answers whatever `later` could answer: its conditions are the same or
    wider."""
    for name in EQUAL:
        wanted = getattr(earlier, name)
        if wanted not in (None, "") and wanted != getattr(later, name):
            return False
    for name in AT_LEAST:
        wanted, narrower = getattr(earlier, name), getattr(later, name)
        if wanted and (narrower is None or narrower < wanted):
            return False
    for name in AT_MOST:
        wanted, narrower = getattr(earlier, name), getattr(later, name)
        if wanted is not None and (narrower is None or narrower > wanted):
            return False
    return True


def first_match(rules, facts):
    """The first of the ordered `rules` that matches, or None."""
    return next((rule for rule in rules if first_failing(rule, facts) is None), None)


def why(rules, facts):
    """[(rule, name of the condition that failed, or None for the one that matched)] up to the match: why
    this, not another."""
    seen = []
    for rule in rules:
        failed = first_failing(rule, facts)
        seen.append((rule, failed))
        if failed is None:
            break
    return seen
