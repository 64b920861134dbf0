"""What an audit says about itself beforehand: the findings it will have, what they can find, and what decides a limit."""

import math
from statistics import NormalDist

import pytest
from srm_bias_audit.findings import audit
from srm_bias_audit.outlook import planned
from srm_bias_audit.selection import in_turns
from srm_bias_audit.statistics import pairs_to_detect, problems_to_settle
from srm_bias_audit.twins import twins
from srm_bias_audit.wordings import wording_of

from srm_core.config import AuditPolicy
from srm_core.errors import ConfigError
from srm_core.records import AuditFinding, AuditItem, Probe

Z = NormalDist().inv_cdf


@pytest.fixture(scope="module")
def probes(formula, choice) -> list[Probe]:
    from srm_bias_audit.cognitive import injections

    problems = [make(n) for make in (formula, choice) for n in range(12)]
    places = in_turns(problems, 0)
    wording = wording_of("customer")
    return [*twins(places, wording), *injections(places, problems, wording)]


def _audited(probes, model, verify, policy) -> tuple[list[AuditItem], list[AuditFinding]]:
    records = list(audit(probes, {"student": model}, verify, policy))
    return (
        [record for record in records if isinstance(record, AuditItem)],
        [record for record in records if isinstance(record, AuditFinding)],
    )


def test_the_plan_names_the_findings_that_the_audit_then_judges(probes, planted, verify) -> None:
    policy = AuditPolicy(per_attribute=10)
    plan = planned(probes, verify, policy)
    items, found = _audited(probes, planted(noise=0.3, follows=0.2), verify, policy)
    judged = [f for f in found if f.limit is not None]
    assert [(p.measure, p.attribute, p.groups, p.n, p.limit) for p in plan.findings] == [
        (f.measure, f.attribute, f.groups, f.n, f.limit) for f in judged
    ]
    assert "anchoring" in {p.attribute for p in plan.findings}
    assert plan.answers == plan.scores
    assert plan.answers <= len(items)  # probes of a problem share wordings


def test_without_an_earlier_audit_the_variation_is_assumed_and_the_numbers_are_those_of_the_formula(
    probes, verify
) -> None:
    plan = planned(probes, verify, AuditPolicy(per_attribute=10))
    sex = next(p for p in plan.findings if (p.measure, p.attribute) == ("accuracy-gap", "sex"))
    assert (sex.discordance, sex.measured, sex.n) == (0.2, False, 10)
    family = len(plan.findings)
    # n = ((z_(1 - alpha / 2m) sqrt(psi) + z_0.8 sqrt(psi - d^2)) / d)^2 with psi = 0.2, d = 0.05
    z = Z(1 - 0.05 / family / 2)
    found = math.ceil(((z * math.sqrt(0.2) + Z(0.8) * math.sqrt(0.2 - 0.05**2)) / 0.05) ** 2)
    assert sex.to_find == found

    def reach(n: int) -> float:  # half the interval with one +1 and one -1 added, and how far the mean strays
        return Z(0.975) * math.sqrt(0.2 * n + 2) / (n + 2) + Z(0.9) * math.sqrt(0.2 / n)

    assert reach(sex.to_settle) <= 0.05 < reach(sex.to_settle - 1)
    assert sex.needed == max(found, sex.to_settle) > sex.n
    assert not sex.decidable
    assert sex.mde is None or sex.mde > sex.limit


def test_more_comparisons_share_the_error_and_need_more_problems(probes, verify) -> None:
    policy = AuditPolicy(per_attribute=10)
    few = planned([p for p in probes if p.attribute == "sex"], verify, policy)
    many = planned(probes, verify, policy)
    assert len(few.findings) == 2 < len(many.findings)
    assert few.findings[0].to_find < many.findings[0].to_find
    assert few.findings[0].to_settle == many.findings[0].to_settle


def test_an_earlier_audit_replaces_the_assumption_where_its_probes_are_asked_again(probes, planted, verify) -> None:
    small, large = AuditPolicy(per_attribute=6), AuditPolicy(per_attribute=10)
    items, _ = _audited(probes, planted(noise=0.9, follows=0.5), verify, small)
    plan = planned(probes, verify, large, items)
    assert all(p.measured for p in plan.findings)
    sex = next(p for p in plan.findings if (p.measure, p.attribute) == ("accuracy-gap", "sex"))
    own = {(i.probe, i.variant): i.verdict.correct for i in items}
    asked = [p for p in probes if p.attribute == "sex" and (p.id, "male") in own]
    differ = sum(own[p.id, "male"] != own[p.id, "female"] for p in asked)
    assert len(asked) == 6
    assert sex.discordance == pytest.approx((differ + 2) / (6 + 2))
    assert sex.to_settle == problems_to_settle(0.05, (differ + 2) / 8)
    assert sex.to_find == pairs_to_detect(0.05, (differ + 2) / 8, 0.05 / len(plan.findings))
    foreign = [item for item in items if item.probe != asked[0].id]
    again = planned(probes, verify, large, foreign)
    assert all(p.measured for p in again.findings)


def test_a_looser_limit_needs_fewer_problems_and_can_be_decided(probes, verify) -> None:
    policy = AuditPolicy(per_attribute=24, max_flip_rate=0.9, max_accuracy_gap=0.9, max_injection_drop=0.9)
    plan = planned(probes, verify, policy)
    wide = [p for p in plan.findings if p.n == 24]
    assert wide
    assert all(p.decidable for p in wide)
    assert all(p.needed <= 24 for p in wide)


def test_a_suite_is_read_and_counted_and_a_broken_one_is_refused(probes, verify, tmp_path) -> None:
    rows = [",sent_more,sent_less,stereo_antistereo,bias_type", "1,a b,c d,stereo,age", "2,a b,e f,stereo,age"]
    (tmp_path / "pairs.csv").write_text("\n".join(rows))
    plan = planned([], verify, AuditPolicy(suites={"crows-pairs": str(tmp_path / "pairs.csv")}))
    assert (plan.answers, plan.scores, plan.findings) == (0, 3, ())  # "a b" is scored once
    with pytest.raises(ConfigError, match="there is no such file"):
        planned(probes, verify, AuditPolicy(suites={"crows-pairs": str(tmp_path / "none.csv")}))


def test_probes_whose_injected_answer_would_be_accepted_are_not_planned(probes, verify) -> None:
    everything = planned(probes, verify, AuditPolicy(per_attribute=10))
    lenient = planned(probes, lambda p, t, e: verify(p, f"Answer: {p.answer}", e), AuditPolicy(per_attribute=10))
    injected = [p for p in everything.findings if p.measure == "injection-drop"]
    assert injected
    assert not [p for p in lenient.findings if p.measure == "injection-drop"]
    assert lenient.answers < everything.answers
