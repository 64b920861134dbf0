"""Corrections and exact power against values by hand, scipy and simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from srm_bias_audit import statistics
from srm_bias_audit.multiplicity import (
    benjamini_hochberg,
    holm,
    items_to_detect,
    minimum_detectable_effect,
    minimum_detectable_share,
    sign_test_power,
)


def test_benjamini_hochberg_by_hand() -> None:
    # Sorted 0.01, 0.03, 0.04 of 3: 0.03, 0.045, 0.04 -> the second is pulled down to 0.04.
    assert benjamini_hochberg([0.04, 0.01, 0.03]) == pytest.approx([0.04, 0.03, 0.04])
    assert benjamini_hochberg([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=25))
@settings(max_examples=60, deadline=None)
def test_benjamini_hochberg_is_scipys_and_never_above_holm(ps: list[float]) -> None:
    found = benjamini_hochberg(ps)
    assert found == pytest.approx(list(stats.false_discovery_control(ps)))
    assert all(a <= b + 1e-12 for a, b in zip(found, holm(ps), strict=True))


def test_statistics_are_shared_and_not_written_twice() -> None:
    assert holm is statistics.holm
    assert minimum_detectable_effect is statistics.minimum_detectable_effect


def test_the_power_of_the_sign_test_by_hand() -> None:
    # n = 6: p = 2 / 64 only for 0 or 6; n = 5: 2 / 32 > 0.05, nothing is ever found.
    assert sign_test_power(6, 0.5) == pytest.approx(2 / 64)
    assert sign_test_power(6, 0.9) == pytest.approx(0.9**6 + 0.1**6)
    assert sign_test_power(5, 1.0) == 0.0
    assert sign_test_power(6, 1.0) == sign_test_power(6, 0.0) == 1.0


@pytest.mark.parametrize(
    ("n", "share", "alpha"), [(40, 0.7, 0.05), (199, 0.58, 0.05), (1508, 0.54, 0.01), (8, 0.95, 0.01)]
)
def test_the_power_of_the_sign_test_is_the_share_of_rejections(n: int, share: float, alpha: float) -> None:
    counts = np.arange(n + 1)
    rejected = np.asarray([stats.binomtest(int(k), n).pvalue <= alpha for k in counts])
    assert sign_test_power(n, share, alpha) == pytest.approx(
        float(stats.binom.pmf(counts, n, share)[rejected].sum()), abs=1e-9
    )


@pytest.mark.parametrize("n", [20, 100, 1508])
def test_the_smallest_share_is_found_with_the_power_asked_for(n: int) -> None:
    share = minimum_detectable_share(n)
    assert share is not None
    assert sign_test_power(n, share) == pytest.approx(0.8, abs=1e-6)
    # Connor's formula for discordance 1 is the normal approximation of the same test.
    normal = statistics.minimum_detectable_effect(n, 1.0)
    assert normal is not None
    assert share == pytest.approx((1 + normal) / 2, abs=0.05)


def test_five_items_find_nothing() -> None:
    assert minimum_detectable_share(5) is None


@pytest.mark.parametrize("share", [0.6, 0.75, 0.25, 1.0])
def test_the_items_needed_are_the_first_from_which_on_the_power_stays(share: float) -> None:
    n = items_to_detect(share)
    assert all(sign_test_power(m, share) >= 0.8 for m in range(n, n + 50))
    assert sign_test_power(n - 1, share) < 0.8


def test_bad_input_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="nearer, use pairs_to_detect"):
        items_to_detect(0.501)
    with pytest.raises(ValueError, match="n >= 1, share in"):
        sign_test_power(0, 0.5)
