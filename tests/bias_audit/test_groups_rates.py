"""Group metrics against counts by hand, planted gaps, groups too small, and fairlearn where it is installed."""

import math
import random

import numpy as np
import pytest
from srm_bias_audit.groups import demographic_parity, equalized_odds, group_rates, intersections

from srm_core.errors import ConfigError


def people(**groups: tuple[int, int, int, int]) -> tuple[list[bool], list[bool], list[str]]:
    """Decisions, truth and groups from (true positives, false negatives, false positives, true negatives)."""
    predicted, truth, names = [], [], []
    for name, (tp, fn, fp, tn) in groups.items():
        predicted += [True] * tp + [False] * fn + [True] * fp + [False] * tn
        truth += [True] * (tp + fn) + [False] * (fp + tn)
        names += [name] * (tp + fn + fp + tn)
    return predicted, truth, names


PREDICTED, TRUTH, NAMES = people(a=(40, 10, 20, 30), b=(30, 30, 10, 30), c=(2, 1, 0, 1))


def test_rates_by_hand_and_the_small_group_is_there() -> None:
    a, b, c = group_rates(PREDICTED, NAMES, TRUTH)
    assert [one.group for one in (a, b, c)] == ["a", "b", "c"]
    assert (a.n, a.selection.value, a.small) == (100, 0.6, False)
    assert (b.n, b.selection.value, b.small) == (100, 0.4, False)
    assert (c.n, c.selection.value, c.small) == (4, 0.5, True)
    assert a.true_positive is not None
    assert a.false_positive is not None
    assert a.accuracy is not None
    assert (a.true_positive.value, a.false_positive.value, a.accuracy.value) == (0.8, 0.4, 0.7)
    assert (a.true_positive.n, a.false_positive.n) == (50, 50)
    assert c.false_positive is not None
    assert (c.false_positive.low, c.false_positive.n) == (0.0, 1)
    assert group_rates(PREDICTED, NAMES)[0].true_positive is None


def test_demographic_parity_by_hand() -> None:
    difference, ratio = demographic_parity(PREDICTED, NAMES)
    assert difference.value == pytest.approx(0.2)
    assert ratio.value == pytest.approx(0.4 / 0.6)
    assert (difference.highest, difference.lowest, difference.too_small) == ("a", "b", ("c",))
    assert 0 < difference.low < 0.2 < difference.high < 0.4
    assert 0.4 < ratio.low < 2 / 3 < ratio.high < 1
    assert difference.p is not None
    assert difference.p < 0.02


def test_equalized_odds_by_hand() -> None:
    hits, alarms, both = equalized_odds(PREDICTED, TRUTH, NAMES)
    assert hits.value == pytest.approx(0.8 - 0.5)
    assert alarms.value == pytest.approx(0.4 - 0.25)
    assert both.value == hits.value
    assert both.too_small == ("c",)
    assert hits.p is not None
    assert alarms.p is not None
    assert both.p == pytest.approx(2 * min(hits.p, alarms.p))


def test_a_group_without_enough_positive_cases_is_named_for_that_rate_alone() -> None:
    hits, alarms, both = equalized_odds(*people(a=(20, 20, 20, 20), b=(5, 0, 20, 40), c=(30, 10, 30, 30))[:2],
                                        people(a=(20, 20, 20, 20), b=(5, 0, 20, 40), c=(30, 10, 30, 30))[2])  # fmt: skip
    assert (hits.too_small, alarms.too_small, both.too_small) == (("b",), (), ("b",))
    assert hits.value == pytest.approx(0.25)


def test_one_large_group_is_inconclusive_not_equal() -> None:
    predicted, truth, names = people(a=(40, 10, 20, 30), b=(2, 1, 1, 1))
    for disparity in (*demographic_parity(predicted, names), *equalized_odds(predicted, truth, names)):
        assert (disparity.value, disparity.low, disparity.high, disparity.p) == (None, 0.0, 1.0, None)
        assert disparity.too_small == ("b",)


def test_equal_rates_of_one_claim_no_certainty() -> None:
    difference, ratio = demographic_parity([True] * 80, ["a"] * 40 + ["b"] * 40)
    assert (difference.value, difference.p, ratio.value) == (0.0, 1.0, 1.0)
    # Newcombe: Wilson of 40 of 40 begins at 40 / (40 + 1.96^2) = 0.9124.
    assert difference.high == pytest.approx(1 - 0.9124, abs=1e-3)
    assert ratio.low == pytest.approx(0.9124, abs=1e-3)
    assert demographic_parity([False] * 80, ["a"] * 40 + ["b"] * 40)[1].value is None  # nobody is selected: no ratio


def test_intersections_find_what_no_attribute_shows() -> None:
    # Half of the women, men, old and young are selected; of young women and old men nearly all.
    rng = random.Random(0)
    sex = ["female", "male"] * 200
    age = [name for name in ("old", "young") for _ in range(200)]
    chosen = [rng.random() < (0.9 if (s == "female") == (a == "young") else 0.1) for s, a in zip(sex, age, strict=True)]
    for one in (sex, age):
        alone, _ = demographic_parity(chosen, one)
        assert alone.value is not None
        assert alone.value < 0.15
    both, _ = demographic_parity(chosen, intersections(sex, age))
    assert both.value is not None
    assert both.value > 0.7
    assert both.low > 0.6
    assert {both.highest} <= {"female & young", "male & old"}
    with pytest.raises(ConfigError, match="every attribute needs one label"):
        intersections(sex, age[:3])


@pytest.mark.parametrize("gap", [0.0, 0.2])
def test_a_planted_gap_is_inside_the_interval(gap: float) -> None:
    inside = rejected = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        chosen = np.concatenate([rng.random(200) < 0.4 + gap, rng.random(200) < 0.4])
        difference, _ = demographic_parity(chosen.tolist(), ["a"] * 200 + ["b"] * 200)
        inside += difference.low <= gap <= difference.high
        rejected += difference.p is not None and difference.p < 0.05
    assert inside >= 35
    assert rejected <= 6 if gap == 0 else rejected >= 36


def test_bad_input_gets_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"\[1, 2\] entries"):
        group_rates([True], ["a", "b"])
    with pytest.raises(ConfigError, match="must be true or false"):
        demographic_parity([2, 0], ["a", "b"])  # type: ignore[list-item]


def test_fairlearn_agrees_where_it_is_installed() -> None:
    metrics = pytest.importorskip("fairlearn.metrics", reason="fairlearn is not installed: nothing to compare with")
    predicted, truth, names = people(a=(40, 10, 20, 30), b=(30, 30, 10, 30), d=(25, 15, 35, 25))
    y, x = np.asarray(truth, dtype=int), np.asarray(predicted, dtype=int)
    ours = demographic_parity(predicted, names)
    assert ours[0].value == pytest.approx(metrics.demographic_parity_difference(y, x, sensitive_features=names))
    assert ours[1].value == pytest.approx(metrics.demographic_parity_ratio(y, x, sensitive_features=names))
    theirs = metrics.equalized_odds_difference(y, x, sensitive_features=names)
    assert equalized_odds(predicted, truth, names)[2].value == pytest.approx(theirs)
    frame = metrics.MetricFrame(metrics=metrics.true_positive_rate, y_true=y, y_pred=x, sensitive_features=names)
    for one in group_rates(predicted, names, truth):
        assert one.true_positive is not None
        assert math.isclose(one.true_positive.value, frame.by_group[one.group])
