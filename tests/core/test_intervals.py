"""Intervals, against values worked out by hand or by scipy, and against what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from srm_core.reports.intervals import Interval, mean, mean_over_groups, paired_interval, rate


@pytest.mark.parametrize(("right", "n"), [(0, 1), (0, 25), (1, 25), (12, 25), (25, 25), (3, 10), (150, 200)])
def test_a_rate_has_the_wilson_interval_of_scipy(right: int, n: int) -> None:
    expected = stats.binomtest(right, n).proportion_ci(0.95, method="wilson")
    found = rate(right, n)
    assert found.value == right / n
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_by_hand() -> None:
    # p = 0.5, n = 4, z = 1.96: centre 0.5, half width 1.96 / (1 + 3.8416 / 4) * sqrt(0.0625 + 3.8416 / 64) = 0.3499
    found = rate(2, 4)
    assert (found.low, found.high) == pytest.approx((0.1501, 0.8499), abs=2e-4)


def test_all_right_still_leaves_room_for_doubt() -> None:
    assert rate(25, 25).low == pytest.approx(0.8668, abs=1e-4)
    assert rate(25, 25).high == 1.0


def test_a_rate_lies_inside_its_interval() -> None:
    for n in range(1, 120):
        for found in (rate(0, n), rate(n, n), rate(n // 2, n)):
            assert 0.0 <= found.low <= found.value <= found.high <= 1.0


def test_nothing_measured_says_so() -> None:
    assert rate(0, 0) == Interval(0.0, 0.0, 1.0, 0)
    assert mean_over_groups({}) == Interval(0.0, 0.0, 0.0, 0)
    assert mean_over_groups({"a": []}).n == 0


def test_the_mean_over_groups_weighs_groups_and_not_items() -> None:
    found = mean_over_groups({"small": [1.0, 1.0], "large": [0.0] * 100, "empty": []})
    assert found.value == 0.5
    assert found.n == 102


def test_the_bootstrap_is_the_same_every_time_and_another_seed_differs_little() -> None:
    values = list(np.random.default_rng(1).random(40))
    assert mean(values, seed=3) == mean(values, seed=3)
    assert mean(values, seed=4) != mean(values, seed=3)
    assert mean(values, seed=4).low == pytest.approx(mean(values, seed=3).low, abs=0.02)


def test_the_bootstrap_of_a_mean_agrees_with_scipy() -> None:
    values = np.random.default_rng(2).normal(0.3, 1.0, 60)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", random_state=np.random.default_rng(5)
    ).confidence_interval
    found = mean(list(values))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.03)


def test_the_bootstrap_of_two_items_by_hand() -> None:
    # 0 and 1 drawn twice with replacement: means 0, 0.5 and 1 with probabilities 1/4, 1/2 and 1/4
    assert mean([0.0, 1.0]) == Interval(0.5, 0.0, 1.0, 2)


def test_items_are_drawn_again_inside_their_own_group() -> None:
    found = mean_over_groups({"a": [0.0] * 10, "b": [1.0] * 10})
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)  # between the groups nothing varies


@pytest.mark.parametrize(
    ("sizes", "truth", "least"),
    [((25,) * 6, (0.2, 0.4, 0.5, 0.6, 0.8, 0.9), 0.93), ((12,) * 6, (0.3, 0.4, 0.5, 0.6, 0.7, 0.8), 0.91)],
)
def test_the_stratified_bootstrap_covers_the_truth_about_as_often_as_it_promises(
    sizes: tuple[int, ...], truth: tuple[float, ...], least: float
) -> None:
    draw = np.random.default_rng(11)
    covered, rounds = 0, 400
    for number in range(rounds):
        groups = {
            str(k): list((draw.random(n) < p).astype(float)) for k, (n, p) in enumerate(zip(sizes, truth, strict=True))
        }
        found = mean_over_groups(groups, seed=number)
        covered += found.low <= np.mean(truth) <= found.high
    assert least <= covered / rounds <= 0.975  # 0.95, less what small groups cost the percentile bootstrap


def test_paired_differences_that_all_agree_still_leave_room_for_doubt() -> None:
    """By hand: 25 zeros with +1 and -1 added have mean 0 and deviation sqrt(2 / 27); 1.96 sqrt(2 / 27) / sqrt(27)."""
    found = paired_interval([0.0] * 25)
    assert (found.value, found.n) == (0.0, 25)
    assert found.high == pytest.approx(1.959964 * math.sqrt(2 / 27) / math.sqrt(27), abs=1e-6)
    assert found.low == -found.high
    assert paired_interval([1.0] * 25).high == 1.0
    assert paired_interval([1.0] * 25).low < 0.97


def test_paired_differences_cover_their_truth() -> None:
    draw = np.random.default_rng(12)
    covered, rounds = 0, 400
    for number in range(rounds):  # base right with 0.2; the student repairs 0.7 of the rest and breaks 0.1
        base = draw.random((6, 25)) < 0.2
        student = np.where(base, draw.random((6, 25)) < 0.9, draw.random((6, 25)) < 0.7)
        groups = {str(k): list(student[k].astype(float) - base[k]) for k in range(6)}
        found = mean_over_groups(groups, seed=number)
        covered += found.low <= 0.8 * 0.7 - 0.2 * 0.1 <= found.high
    assert 0.92 <= covered / rounds <= 0.98
