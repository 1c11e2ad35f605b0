"""The dashboard as a whole: the same figures for the page, its file and the API."""

from dataclasses import dataclass

from escalations import snapshot
from reports import pressing, trends, workload
from reports.scope import Scope

# Of what waits for a decision, the first page shows so many of a kind, and so many together.
OF_A_KIND, TOGETHER = 4, 10


@dataclass(frozen=True)
class Board:
    """`numbers`: {kind: how many, up to pressing.MOST}; `items`: the most pressing pressing.Item."""

    scope: Scope
    numbers: dict
    items: list
    workload: workload.Workload
    trends: trends.Trends


def of(scope, *, with_items=True):
    """The Board of `scope`. A fixed number of queries, however many cases there are."""
    roster = snapshot.roster(since=scope.now)
    load = workload.of(scope, roster)
    numbers = {kind: pressing.number(kind, scope) for kind in pressing.OF_CASES}
    return Board(
        scope=scope,
        numbers=numbers | {pressing.LOAD: len(load.over)},
        items=_first_items(scope, numbers, roster) if with_items else [],
        workload=load,
        trends=trends.of(scope),
    )


def _first_items(scope, numbers, roster):
    """Some of each kind, each case once, the soonest first."""
    found = {}
    for kind in pressing.OF_CASES:
        for item in pressing.items(kind, scope, OF_A_KIND):
            found.setdefault(item.case.pk, item)
    first = sorted(found.values(), key=lambda item: (item.at, item.case.pk))[:TOGETHER]
    return pressing.with_what_follows(first, scope.now, roster)
