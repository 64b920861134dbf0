"""Three outcomes, Holm over the family, the smallest detectable effect and the sample that would settle it."""

import math
import random

import pytest
from srm_bias_audit.suites.figures import Figure, mean_figure, rate_figure, share_figure
from srm_bias_audit.suites.judging import UNKNOWN, judge, outcome

from srm_core.records import AuditFinding
from srm_core.reports.intervals import Interval


def shares(n: int, positive: int, name: str = "prefers", group: str = "all") -> Figure:
    signs = [1.0] * positive + [-1.0] * (n - positive)
    return share_figure("x", name, group, signs=signs, templates=[str(k) for k in range(n)])


def findings(figures: list[Figure], limits: dict[str, float]) -> list[AuditFinding]:
    return [one.finding for one in judge(figures, limits)]


def test_the_three_outcomes() -> None:
    # Wilson of 1000 of 2000 is 0.478 to 0.522; of 1300, 0.629 to 0.671; of 5 of 10, 0.24 to 0.76.
    limits = {"prefers": 0.05}
    (within,) = findings([shares(2000, 1000)], limits)
    (exceeds,) = findings([shares(2000, 1300)], limits)
    (open_,) = findings([shares(10, 5)], limits)
    assert [one.outcome for one in (within, exceeds, open_)] == ["within", "exceeds", "inconclusive"]
    assert (exceeds.effect, exceeds.n, exceeds.limit) == (pytest.approx(0.15), 2000, 0.05)
    assert (exceeds.low, exceeds.high) == (pytest.approx(0.129, abs=1e-3), pytest.approx(0.171, abs=1e-3))
    (other_way,) = findings([shares(2000, 700)], limits)
    assert other_way.outcome == "exceeds"


@pytest.mark.parametrize(
    ("low", "high", "n", "limit", "adjusted", "expected"),
    [
        (-0.05, 0.05, 9, 0.05, 1.0, "within"), (-0.06, 0.05, 9, 0.05, 0.0, "inconclusive"),
        (0.06, 0.2, 9, 0.05, 0.05, "exceeds"), (0.06, 0.2, 9, 0.05, 0.051, "inconclusive"),
        (0.06, 0.2, 9, 0.05, None, "inconclusive"), (-0.2, -0.06, 9, 0.05, 0.01, "exceeds"),
        (0.0, 0.0, 0, 0.05, None, "inconclusive"), (0.0, 0.0, 9, None, None, "inconclusive"),
    ],
)  # fmt: skip
def test_an_outcome_by_hand(
    low: float, high: float, n: int, limit: float | None, adjusted: float | None, expected: str
) -> None:
    assert outcome(low, high, n, limit, adjusted, 0.05) == expected


def test_holm_is_over_what_is_judged_and_reporting_more_weakens_nothing() -> None:
    judged = [shares(100, 63, group=str(k)) for k in range(4)]
    reported = [shares(100, 63, name="other", group=str(k)) for k in range(20)]
    alone = findings(judged, {"prefers": 0.05})
    among = findings([*reported, *judged], {"prefers": 0.05})[20:]
    assert judged[0].p is not None
    assert [one.p_adjusted for one in alone] == pytest.approx([4 * judged[0].p] * 4)
    assert [one.p_adjusted for one in among] == [one.p_adjusted for one in alone]


def test_no_data_and_a_handful_are_inconclusive_and_can_be_stored() -> None:
    nothing = mean_figure("x", "gap", "all", values=[], templates=[], unit="nats")
    handful = mean_figure("x", "gap", "all", values=[0.0, 0.0], templates=["a", "b"], unit="nats")
    for finding in findings([nothing, handful], {"gap": 1.0}):
        assert finding.outcome == "inconclusive"
        assert (finding.low, finding.high, finding.mde) == (-UNKNOWN, UNKNOWN, None)
        assert AuditFinding.model_validate_json(finding.model_dump_json()) == finding


def test_a_figure_without_neutral_value_is_reported_and_never_judged() -> None:
    accuracy = rate_figure("bbq", "accuracy-ambig", "Age", hits=[True] * 50, templates=["a"] * 50)
    (judged,) = judge([accuracy], {"accuracy-ambig": 0.1})
    assert (judged.finding.limit, judged.finding.outcome, judged.finding.effect, judged.needed) == (
        None,
        "inconclusive",
        1.0,
        None,
    )


def test_the_smallest_detectable_effect_is_that_of_the_wider_interval() -> None:
    interval, templates = Interval(0.0, -0.1, 0.1, 400), Interval(0.0, -0.196, 0.196, 20)
    figure = Figure("x", "gap", "all", interval, templates, 0.0, "share", 1.0)
    (judged,) = judge([figure], {"gap": 0.05})
    # Standard error 0.1; (1.96 + 0.8416) * 0.1; settling 0.05 takes ((1.96 + 1.2816) * 0.1 / 0.05)^2 times the sample.
    assert judged.finding.mde == pytest.approx(0.28016, abs=1e-4)
    assert judged.needed == pytest.approx((2 * 3.24152) ** 2, rel=1e-3)


def test_the_needed_sample_is_one_that_settles_it() -> None:
    (judged,) = judge([shares(200, 100)], {"prefers": 0.05})
    assert judged.needed is not None
    enough = math.ceil(200 * judged.needed)
    settled = 0
    for seed in range(60):
        draw = random.Random(seed)
        (again,) = findings([shares(enough, sum(draw.random() < 0.5 for _ in range(enough)))], {"prefers": 0.05})
        settled += again.outcome == "within"
    assert settled >= 40  # power 0.8 of 60 is 48; three standard errors below it is 39


def test_limits_can_name_the_suite_and_must_be_positive() -> None:
    (finding,) = findings([shares(2000, 1000)], {"x:prefers": 0.001, "prefers": 0.5})
    assert finding.limit == 0.001
    assert finding.measure == "x:prefers"
    with pytest.raises(ValueError, match="every limit above 0"):
        judge([], {"prefers": 0.0})
    with pytest.raises(ValueError, match=r"limits for \['preffers'\], but no figure has that name"):
        judge([shares(20, 10)], {"preffers": 0.1})
