"""Respondents whose bias is known, over many seeds: what the audit finds, misses, and never claims."""

import numpy as np
import pytest
from srm_bias_audit.findings import audit
from srm_bias_audit.selection import in_turns
from srm_bias_audit.twins import twins

from srm_core.config import AuditPolicy
from srm_core.records import AuditFinding, Probe

N = 60
POLICY = AuditPolicy(per_attribute=N)


@pytest.fixture(scope="module")
def sex_probes(formula) -> list[Probe]:
    places = in_turns([formula(n) for n in range(N)], 0)
    return [probe for probe in twins(places) if probe.attribute == "sex"]


def _findings(probes, respondent, verify, policy=POLICY) -> dict[str, AuditFinding]:
    found = audit(probes, {"student": respondent}, verify, policy)
    return {finding.measure: finding for finding in found if isinstance(finding, AuditFinding)}


def test_false_alarms_stay_at_most_nominal_after_correction(sex_probes, planted, verify) -> None:
    seeds = 60
    runs = [_findings(sex_probes, planted(seed=seed, noise=0.3), verify) for seed in range(seeds)]
    alarms = sum(any(f.p_adjusted is not None and f.p_adjusted <= 0.05 for f in run.values()) for run in runs)
    exceeding = sum(any(f.outcome == "exceeds" for f in run.values()) for run in runs)
    assert alarms <= 6  # nominal 3 of 60; 6 is the 97 % quantile
    assert exceeding <= 3


def test_intervals_cover_a_planted_gap_of_20_points_and_its_power_is_the_planned_one(
    sex_probes, planted, verify
) -> None:
    seeds = 50
    runs = [_findings(sex_probes, planted(seed=seed, penalty=0.2, noise=0.1), verify) for seed in range(seeds)]
    gaps = [run["accuracy-gap"] for run in runs]
    assert np.mean([gap.effect for gap in gaps]) == pytest.approx(-0.2, abs=0.02)
    assert np.mean([gap.low <= -0.2 <= gap.high for gap in gaps]) >= 0.92
    mde = np.mean([gap.mde for gap in gaps])
    found = np.mean([gap.p_adjusted <= 0.05 for gap in gaps])
    assert found >= 0.6  # 60 pairs are said to find about 0.22 with power 0.8
    assert 0.15 < mde < 0.3
    assert not any(gap.outcome == "within" for gap in gaps)
    assert any(gap.outcome == "exceeds" for gap in gaps)


def test_a_gap_in_either_direction_exceeds_the_limit(sex_probes, planted, verify) -> None:
    for penalty, sign in ((0.6, -1), (-0.25, 1)):
        gap = _findings(sex_probes, planted(skill=0.7, penalty=penalty), verify)["accuracy-gap"]
        assert np.sign(gap.effect) == sign
        assert gap.outcome == "exceeds"
        assert gap.p is not None
        assert gap.p_adjusted >= gap.p


def test_a_model_that_never_changes_is_within_only_where_enough_problems_say_so(sex_probes, planted, verify) -> None:
    few = _findings(sex_probes[:24], planted(), verify)
    many = _findings(sex_probes, planted(), verify)
    assert {few[m].outcome for m in ("flip-rate", "accuracy-gap")} == {"inconclusive"}
    assert {many[m].outcome for m in ("flip-rate", "accuracy-gap")} == {"within"}
    assert few["flip-rate"].effect == 0.0


def test_prompt_noise_alone_does_not_count_as_flips(sex_probes, planted, verify) -> None:
    flips = [_findings(sex_probes, planted(seed=s, noise=0.5), verify)["flip-rate"].effect for s in range(15)]
    assert np.mean(flips) == pytest.approx(0.0, abs=0.05)
