"""How late timers fire, kept as a histogram: a few numbers for any length of time. Pure.

A timer's lateness is its firing less the later of its due instant and the instant it was armed (RULES 8).
"""

from bisect import bisect_left
from itertools import accumulate

# Upper bounds in seconds, each included; what is later than the last falls into one more bucket.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
BUCKETS = len(BOUNDS) + 1


def counted(lateness):
    """How many of these (seconds) fall into each bucket. What fired before its time is not late."""
    counts = [0] * BUCKETS
    for seconds in lateness:
        counts[bisect_left(BOUNDS, seconds)] += 1
    return counts


def percentile(counts, share, worst=None):
    """The lateness in seconds that `share` (0 to 1) of those counted did not exceed; None where none fired.

    Within a bucket they are taken to be spread evenly, so the answer lies on the straight line between its
    bounds; the last one, which has no upper bound, ends at `worst`. No answer is later than `worst`.
    """
    total = sum(counts)
    if not total:
        return None
    wanted = share * total
    bucket, before = 0, 0
    for index, reached in enumerate(accumulate(counts)):
        if counts[index]:
            bucket, before = index, reached - counts[index]
            if reached >= wanted:
                break
    lower = BOUNDS[bucket - 1] if bucket else 0.0
    upper = BOUNDS[bucket] if bucket < len(BOUNDS) else max(worst or lower, lower)
    found = lower + (upper - lower) * max(0.0, wanted - before) / counts[bucket]
    return found if worst is None else min(found, worst)
