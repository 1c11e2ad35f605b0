"""Lengths of time kept as counts of steps, each a tenth longer than the one before. Pure.

A percentile of any number of days comes from the sum of their counts, to within a step.
"""

from itertools import accumulate
from math import ceil, log

SHORTEST = 60  # seconds; whatever is shorter is in step 0
GROWTH = 1.1
LAST = 150  # over two and a half years


def step_of(seconds):
    """The step in which a length of time falls: the first whose bound is not below it."""
    if seconds <= SHORTEST:
        return 0
    # What stands on a bound belongs below it; a logarithm may be a hair above.
    return min(LAST, ceil(log(seconds / SHORTEST) / log(GROWTH) - 1e-9))


def bound(step):
    """The longest time, in seconds, that is in `step`."""
    return SHORTEST * GROWTH**step


def percentile(counts, share):
    """The seconds that `share` (0 to 1) of those in {step: number} did not exceed; None of none."""
    total = sum(counts.values())
    if not total:
        return None
    steps = sorted(counts)
    wanted = share * total
    for step, reached in zip(steps, accumulate(counts[step] for step in steps), strict=True):
        if reached >= wanted:
            return bound(step)
    return bound(steps[-1])
