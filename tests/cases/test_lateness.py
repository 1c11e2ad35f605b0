"""Lateness as a histogram: where a value falls, and what a percentile of it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.lateness import BOUNDS, BUCKETS, counted, percentile


def test_a_bound_belongs_to_its_own_bucket():
    for index, bound in enumerate(BOUNDS):
        assert counted([bound])[index] == 1
        assert counted([bound * 1.0001])[index + 1] == 1
    assert counted([0])[0] == counted([-3])[0] == 1
    assert counted([10**9])[BUCKETS - 1] == 1


def test_nothing_fired_has_no_percentile():
    assert percentile(counted([]), 0.95) is None


@pytest.mark.parametrize(
    ("lateness", "share", "found"),
    [
        ([0.5] * 100, 0.5, 0.375),  # half-way between 0.25 and 0.5
        ([0.5] * 100, 1, 0.5),
        ([0.001] * 95 + [7] * 5, 0.95, 0.005),  # the 95th of a hundred is still among the quick ones
        ([0.001] * 95 + [7] * 5, 0.96, 6.0),  # the first of five spread from 5 to 10
        ([0.001] * 95 + [7] * 5, 1, 7),  # never later than the worst
        ([7200, 7200], 0.5, 5400),  # beyond the last bound: up to the worst
        ([0.001, 40], 0, 0),
    ],
)
def test_a_percentile_lies_on_the_line_between_the_bounds_of_its_bucket(lateness, share, found):
    assert percentile(counted(lateness), share, worst=max(lateness)) == pytest.approx(found)


def test_without_its_worst_the_open_bucket_is_told_by_its_lower_bound():
    assert percentile(counted([7200]), 0.95) == BOUNDS[-1]


LATENESS = st.lists(st.floats(0, 100_000, allow_subnormal=False), min_size=1, max_size=60)


@given(LATENESS, st.floats(0.01, 1))
def test_a_percentile_is_in_the_bucket_of_the_value_it_stands_for(lateness, share):
    exact = sorted(lateness)[max(0, -int(-share * len(lateness) // 1) - 1)]
    bucket = counted([exact]).index(1)
    found = percentile(counted(lateness), share, worst=max(lateness))
    assert (BOUNDS[bucket - 1] if bucket else 0) <= found * (1 + 1e-9)
    assert found <= (BOUNDS[bucket] if bucket < len(BOUNDS) else max(lateness)) * (1 + 1e-9)


@given(LATENESS, st.floats(0, 1), st.floats(0, 1))
def test_more_of_them_are_never_less_late(lateness, one, other):
    low, high = sorted((one, other))
    counts, worst = counted(lateness), max(lateness)
    assert percentile(counts, low, worst) <= percentile(counts, high, worst)
