"""Calibration by group: by hand, planted overconfidence, groups too small."""

import numpy as np
import pytest
from srm_bias_audit.calibration import calibration_by_group, expected_calibration_error

from srm_core.errors import ConfigError


def test_the_expected_calibration_error_by_hand() -> None:
    # Bin 0.1..0.2: mean 0.15, none true, 2 of 5 cases: 0.4 * 0.15; bin 0.9..1: mean 0.95, 2 of 3 true: 0.6 * 0.2833.
    probabilities = np.asarray([0.1, 0.2 - 1e-9, 0.9, 0.95, 1.0])
    truth = np.asarray([0.0, 0.0, 1.0, 0.0, 1.0])
    assert expected_calibration_error(probabilities, truth) == pytest.approx(0.4 * 0.15 + 0.6 * (0.95 - 2 / 3))
    assert expected_calibration_error(np.ones(4), np.ones(4)) == 0.0
    assert expected_calibration_error(np.ones(4), np.zeros(4)) == 1.0
    # One bin: only the mean counts.
    assert expected_calibration_error(probabilities, truth, bins=1) == pytest.approx(abs(0.63 - 0.4))


def planted(n: int, shift: float, seed: int = 0) -> tuple[list[float], list[bool], list[str]]:
    """Group b's outcomes are true less often than stated, by ``shift``; group a's as often as stated."""
    rng = np.random.default_rng(seed)
    stated = rng.uniform(0.3, 0.9, 2 * n)
    true = rng.random(2 * n) < stated - np.repeat([0.0, shift], n)
    return stated.tolist(), true.tolist(), ["a"] * n + ["b"] * n


def test_planted_overconfidence_is_found_in_its_group() -> None:
    (a, b), disparity = calibration_by_group(*planted(2000, 0.2))
    assert a.gap.low <= 0.0 <= a.gap.high
    assert b.gap.low <= 0.2 <= b.gap.high
    assert a.error.value < 0.05
    assert b.error.value == pytest.approx(0.2, abs=0.03)
    assert (disparity.highest, disparity.lowest) == ("b", "a")
    assert disparity.low > 0.1


def test_two_calibrated_groups_differ_little() -> None:
    (a, b), disparity = calibration_by_group(*planted(2000, 0.0))
    assert a.gap.low <= 0.0 <= a.gap.high
    assert b.gap.low <= 0.0 <= b.gap.high
    assert disparity.value is not None
    assert disparity.value < 0.03


def test_small_groups_are_reported_and_not_compared() -> None:
    stated, true, names = planted(40, 0.0)
    found, disparity = calibration_by_group([*stated, 0.5], [*true, True], [*names, "c"])
    assert [(one.group, one.n, one.small) for one in found] == [("a", 40, False), ("b", 40, False), ("c", 1, True)]
    assert found[2].error.low < 0.5 < found[2].error.high  # one case has no width by bootstrap
    assert disparity.too_small == ("c",)
    _, unknown = calibration_by_group([0.5, 0.5], [True, False], ["a", "b"])
    assert (unknown.value, unknown.too_small) == (None, ("a", "b"))


def test_bad_input_gets_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"\[1, 2\] entries"):
        calibration_by_group([0.5], [True], ["a", "b"])
    with pytest.raises(ConfigError, match="must lie in"):
        calibration_by_group([1.5], [True], ["a"])
