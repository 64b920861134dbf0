"""Every formula against numbers worked out by hand, scipy, or simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from srm_bias_audit import statistics as s

from srm_core.reports.intervals import paired_interval


def test_mcnemar_equals_the_binomial_by_hand() -> None:
    assert s.mcnemar_exact(0, 0) == 1.0
    assert s.mcnemar_exact(0, 5) == pytest.approx(2 / 32)
    assert s.mcnemar_exact(2, 8) == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert s.mcnemar_exact(3, 3) == 1.0


@given(st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_mcnemar_equals_scipy(gains: int, losses: int) -> None:
    expected = stats.binomtest(gains, gains + losses).pvalue if gains + losses else 1.0
    assert s.mcnemar_exact(gains, losses) == pytest.approx(expected)


def test_the_permutation_test_enumerates_signs_by_hand() -> None:
    # |sum| = 6 is reached by all plus and all minus only: 2 of 8 patterns.
    assert s.sign_flip([1.0, 2.0, 3.0]) == pytest.approx(2 / 8)
    assert s.sign_flip([0.0, 0.0]) == 1.0


def test_the_permutation_test_of_ternary_values_is_mcnemar() -> None:
    values = [1.0] * 8 + [-1.0] * 2 + [0.0] * 9
    assert s.sign_flip(values) == pytest.approx(s.mcnemar_exact(8, 2))


def test_the_drawn_permutation_test_is_near_scipys_and_never_zero() -> None:
    values = np.random.default_rng(3).normal(0.3, 1, 40)
    expected = stats.permutation_test(
        (values,), lambda x, axis: x.mean(axis=axis), permutation_type="samples", n_resamples=9999, rng=1
    ).pvalue
    assert s.sign_flip(list(values)) == pytest.approx(expected, abs=0.02)
    assert s.sign_flip([1.5] * 40) == pytest.approx(1 / (s.PERMUTATIONS + 1))


def test_holm_by_hand() -> None:
    assert s.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert s.holm([0.5, 0.6]) == [1.0, 1.0]
    assert s.holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_lies_between_the_raw_value_and_bonferroni(ps: list[float]) -> None:
    for raw, adjusted in zip(ps, s.holm(ps), strict=True):
        assert raw <= adjusted <= min(1.0, raw * len(ps)) + 1e-12


def test_pairs_to_detect_by_hand() -> None:
    # (1.959964 sqrt(0.3) + 0.841621 sqrt(0.26)) / 0.2 = 7.5133, squared 56.4
    assert s.pairs_to_detect(0.2, 0.3) == 57
    assert s.pairs_to_detect(0.2, 0.1) == s.pairs_to_detect(0.2, 0.2)


def test_pairs_to_settle_by_hand() -> None:
    # 0.2 ((1.959964 + 1.281552) / 0.05)^2 = 840.6
    assert s.pairs_to_settle(0.05, 0.2) == 841


@pytest.mark.parametrize(("n", "psi"), [(40, 0.3), (57, 0.3), (200, 0.1), (1000, 0.5)])
def test_the_minimum_detectable_effect_inverts_the_sample_size_and_has_its_power(n: int, psi: float) -> None:
    effect = s.minimum_detectable_effect(n, psi)
    assert effect is not None
    assert effect < psi
    assert s.pairs_to_detect(effect, psi) in (n, n + 1)
    assert s.power(n, effect, psi) == pytest.approx(0.8)


def test_few_pairs_detect_only_one_sided_discordance() -> None:
    effect = s.minimum_detectable_effect(24, 0.05)
    assert effect is not None
    assert effect > 0.05
    assert s.power(24, effect, effect) == pytest.approx(0.8, abs=1e-6)
    assert s.minimum_detectable_effect(3, 0.5) is None
    assert s.minimum_detectable_effect(0, 0.5) is None


def test_planned_power_is_reached_by_simulation() -> None:
    n, psi = 200, 0.3
    effect = s.minimum_detectable_effect(n, psi)
    assert effect is not None
    gains = (psi + effect) / 2
    draws = np.random.default_rng(0).multinomial(n, [gains, psi - gains, 1 - psi], size=1500)
    found = np.mean([s.mcnemar_exact(int(up), int(down)) <= 0.05 for up, down, _ in draws])
    assert 0.72 <= found <= 0.86  # the exact test is a little below the formula's 0.80


def test_power_refuses_an_effect_beyond_the_discordance() -> None:
    with pytest.raises(ValueError, match="discordance"):
        s.power(10, 0.3, 0.2)


def test_a_mean_of_nats_has_the_normal_formula() -> None:
    assert s.minimum_detectable_mean(100, 2.0) == pytest.approx((1.959964 + 0.841621) * 0.2, abs=1e-6)
    assert s.minimum_detectable_mean(1, 2.0) is None
    assert s.minimum_detectable_mean(50, 0.0) is None


def test_the_interval_without_discordance_is_bonett_and_prices() -> None:
    half = 1.959964 * math.sqrt(2 / 26 / 26)  # p12 = p21 = 1/26
    interval = paired_interval([0.0] * 24)
    assert (interval.low, interval.high) == pytest.approx((-half, half), abs=1e-6)
    assert interval.value == 0.0


def test_the_interval_contains_bonett_and_prices_by_hand() -> None:
    values = [1.0] * 9 + [-1.0] * 3 + [0.0] * 28
    up, down = 10 / 42, 4 / 42
    half = 1.959964 * math.sqrt((up + down - (up - down) ** 2) / 42)
    interval = paired_interval(values)
    assert interval.low <= up - down - half + 1e-6
    assert interval.high >= up - down + half - 1e-6
    assert interval.value == pytest.approx(6 / 40)


def test_no_values_give_the_whole_range() -> None:
    assert paired_interval([], bound=2.0).low == -2.0
    assert paired_interval([], bound=2.0).high == 2.0


@pytest.mark.parametrize(
    ("n", "up", "down"), [(24, 0.02, 0.02), (24, 0.25, 0.05), (60, 0.2, 0.0), (120, 0.3, 0.1), (60, 0.05, 0.05)]
)
def test_the_interval_covers_the_truth_at_least_nearly_nominally(n: int, up: float, down: float) -> None:
    rng = np.random.default_rng(7)
    draws = rng.choice([1.0, -1.0, 0.0], size=(300, n), p=[up, down, 1 - up - down])
    intervals = [paired_interval(list(row), seed=k) for k, row in enumerate(draws)]
    covered = np.mean([i.low <= up - down <= i.high for i in intervals])
    assert covered >= 0.93


def test_discordance_is_never_zero() -> None:
    assert s.discordance([0.0] * 8) == pytest.approx(0.2)
    assert s.discordance([1.0, -1.0]) == 1.0


def test_paired_p_takes_mcnemar_for_outcomes_and_permutation_for_averages() -> None:
    assert s.paired_p([1.0] * 6) == s.mcnemar_exact(6, 0)
    halves = [0.5, 0.5, -0.25]
    patterns = [
        abs(sum(a * b for a, b in zip(halves, signs, strict=True))) for signs in itertools.product((-1, 1), repeat=3)
    ]
    assert s.paired_p(halves) == pytest.approx(sum(p >= 0.75 for p in patterns) / 8)
