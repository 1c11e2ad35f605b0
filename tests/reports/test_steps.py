"""Lengths of time as steps: where they begin, and what percentiles come of them."""

from collections import Counter

import pytest

from reports.steps import LAST, bound, percentile, step_of


@pytest.mark.parametrize(("seconds", "step"), [(0, 0), (-5, 0), (60, 0), (60.001, 1), (66, 1), (66.1, 2)])
def test_a_bound_belongs_to_the_step_below_it(seconds, step):
    assert step_of(seconds) == step


@pytest.mark.parametrize("step", [0, 1, 2, 10, 57, 149])
def test_a_step_holds_its_own_bound_and_not_more(step):
    assert step_of(bound(step)) == step
    assert step_of(bound(step) * 1.001) == step + 1


def test_the_last_step_holds_whatever_is_longer():
    assert step_of(10**12) == LAST


def test_of_none_there_is_no_percentile():
    assert percentile({}, 0.5) is None


@pytest.mark.parametrize("share", [0.5, 0.95, 1])
def test_a_percentile_is_right_to_a_tenth(share):
    taken = [90 + 37 * n for n in range(1000)]
    exact = sorted(taken)[int(share * 1000) - 1]
    found = percentile(Counter(step_of(seconds) for seconds in taken), share)
    assert exact <= found <= exact * 1.1


def test_half_of_two_is_the_lower_one():
    assert percentile({0: 1, 40: 1}, 0.5) == bound(0)
    assert percentile({0: 1, 40: 1}, 0.51) == bound(40)
