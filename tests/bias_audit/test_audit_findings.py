"""From probes and models to items and findings: who is asked what, how often, and how it is judged."""

import logging
from collections.abc import Sequence

import pytest
from srm_bias_audit import findings as f
from srm_bias_audit.asking import variant_problems
from srm_bias_audit.cognitive import INJECTIONS, injections
from srm_bias_audit.plan import variants_asked
from srm_bias_audit.selection import alternate, in_turns, limited, origin
from srm_bias_audit.twins import ATTRIBUTES, twins

from srm_core.config import AuditPolicy
from srm_core.errors import ModelError
from srm_core.records import AuditFinding, AuditItem, Completion, Probe, Problem, Verdict
from srm_core.reports.intervals import Interval

POLICY = AuditPolicy(per_attribute=24)


@pytest.fixture(scope="module")
def problems(formula, choice, lookup) -> list[Problem]:
    return [make(n) for make in (formula, choice, lookup) for n in range(10)]


@pytest.fixture(scope="module")
def probes(problems) -> list[Probe]:
    places = in_turns(problems, 0)
    return [*twins(places), *injections(places, problems)]


def _split(found) -> tuple[list[AuditItem], list[AuditFinding]]:
    records = list(found)
    items = [record for record in records if isinstance(record, AuditItem)]
    return items, [record for record in records if isinstance(record, AuditFinding)]


class Counting:
    """Counts calls and the problems in them."""

    def __init__(self, inner) -> None:
        self.inner, self.calls, self.ref = inner, [], "counting:"

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        self.calls.append([problem.id for problem in problems])
        return self.inner.answer(problems)

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        return self.inner.gold_logprobs(problems)


def test_a_model_is_called_once_with_about_400_distinct_variants(probes, planted, verify) -> None:
    counting = Counting(planted())
    _split(f.audit(probes, {"student": counting}, verify, POLICY))
    assert len(counting.calls) == 1
    assert len(counting.calls[0]) == len(set(counting.calls[0])) == variants_asked(24) == 408


def test_the_chosen_problems_are_few_shared_and_spread_over_the_kinds(probes) -> None:
    chosen = limited(probes, 6)
    families = {(probe.measure, probe.attribute) for probe in chosen}
    assert families == {("counterfactual", a) for a in ATTRIBUTES} | {("injection", a) for a in INJECTIONS}
    assert len({origin(probe) for probe in chosen}) == 6
    kinds = [probe.variants[0].problem.kind for probe in chosen if probe.attribute == "sex"]
    assert sorted(kinds) == ["calculator"] * 2 + ["class"] * 2 + ["code"] * 2
    assert len(variant_problems(chosen)) == variants_asked(6)


def test_every_variant_of_every_probe_has_an_item_and_findings_point_to_them(probes, planted, verify) -> None:
    chosen = limited(probes, 24)
    items, findings = _split(f.audit(probes, {"student": planted(scores=True)}, verify, POLICY))
    assert {(item.probe, item.variant) for item in items} == {(p.id, v.name) for p in chosen for v in p.variants}
    assert len({item.id for item in items}) == len(items)
    known = {item.id for item in items}
    assert findings
    assert all(set(finding.items) <= known and finding.items for finding in findings)
    assert len({finding.id for finding in findings}) == len(findings)
    gaps = [x for x in findings if x.measure == "gold-logprob-gap" and x.attribute == "sex"]
    assert [gap.effect for gap in gaps] == [-1.0]
    assert gaps[0].limit is None


def test_only_judged_findings_share_the_correction_that_judges_them(probes, planted, verify) -> None:
    runs = [
        _split(f.audit(probes, {"student": planted(follows=0.5, scores=scores)}, verify, POLICY))[1]
        for scores in (False, True)
    ]
    judged = [{x.id: x.p_adjusted for x in found if x.limit is not None} for found in runs]
    assert judged[0] == judged[1]
    smallest = min((x for x in runs[0] if x.limit is not None), key=lambda x: x.p)
    assert smallest.p_adjusted == pytest.approx(min(1.0, smallest.p * len(judged[0])))


def test_items_come_before_findings(probes, planted, verify) -> None:
    kinds = [type(record) for record in f.audit(probes, {"base": planted(), "student": planted()}, verify, POLICY)]
    first = kinds.index(AuditFinding)
    assert set(kinds[:first]) == {AuditItem}
    assert set(kinds[first:]) == {AuditFinding}


def test_a_follower_drops_repeats_the_injected_and_fails(probes, planted, verify) -> None:
    _, findings = _split(f.audit(probes, {"student": planted(skill=1.0, follows=1.0)}, verify, POLICY))
    by_name = {(x.measure, x.attribute): x for x in findings}
    for bias in INJECTIONS:
        assert by_name["injection-drop", bias].effect == 1.0
        assert by_name["injection-drop", bias].outcome == "exceeds"
        share = by_name["injected-error-share", bias]
        assert (share.effect, share.n, share.limit) == (1.0, 24, None)
    assert by_name["injection-drop", "all-injections"].n == 24
    assert by_name["injection-help", "all-injections"].effect == 0.0


def test_who_never_follows_has_no_drop_and_no_injected_errors(probes, planted, verify) -> None:
    _, findings = _split(f.audit(probes, {"student": planted(skill=0.5)}, verify, POLICY))
    drops = [x for x in findings if x.measure == "injection-drop"]
    assert [x.effect for x in drops] == [0.0] * 8
    assert not any(x.outcome == "exceeds" for x in findings)
    assert {x.effect for x in findings if x.measure == "injected-error-share"} == {0.0}


def test_the_right_answer_injected_shows_following_as_help(probes, planted, verify) -> None:
    _, findings = _split(f.audit(probes, {"student": planted(skill=0.0, follows=1.0)}, verify, POLICY))
    assert next(x for x in findings if x.measure == "injection-help").effect == 1.0


def test_student_and_base_are_compared_on_the_same_problems_and_not_judged(probes, planted, verify) -> None:
    models = {"base": planted(seed=1), "student": planted(seed=2, penalty=0.5)}
    _, findings = _split(f.audit(probes, models, verify, POLICY))
    own = {(x.role, x.measure, x.attribute, x.groups): x for x in findings if not x.reference}
    against = [x for x in findings if x.reference]
    assert {x.role for x in against} == {"student"}
    assert {x.limit for x in against} == {None}
    gap = next(x for x in against if (x.measure, x.attribute) == ("accuracy-gap", "sex"))
    student, base = (own[role, "accuracy-gap", "sex", ("male", "female")] for role in ("student", "base"))
    assert gap.effect == pytest.approx(student.effect - base.effect)
    assert gap.low <= gap.effect <= gap.high
    assert not any(x.measure in ("injected-error-share", "no-verdict-rate") for x in against)


def test_all_groups_together_and_each_alone_are_reported(probes, planted, verify) -> None:
    _, findings = _split(f.audit(probes, {"student": planted()}, verify, POLICY))
    groups = {x.groups: x.n for x in findings if x.measure == "accuracy-gap" and x.attribute == "ethnicity"}
    assert groups == {
        ("White", "Asian", "Black", "Hispanic"): 24,
        ("White", "Asian"): 8,
        ("White", "Black"): 8,
        ("White", "Hispanic"): 8,
    }


def test_a_missing_verdict_is_counted_apart_and_in_no_accuracy(probes, planted, verify) -> None:
    broken = {problem.id for problem in variant_problems(probes)[:1]}

    def failing(problem, text, evidence) -> Verdict:
        return Verdict(correct=None, reason="crash") if problem.id in broken else verify(problem, text, evidence)

    items, findings = _split(f.audit(probes, {"student": planted()}, failing, POLICY))
    missing = sum(item.verdict.correct is None for item in items)
    rate = next(x for x in findings if x.measure == "no-verdict-rate")
    assert missing > 0
    assert (round(rate.effect * rate.n), rate.n) == (missing, len(items))
    gap = next(x for x in findings if (x.measure, x.attribute) == ("accuracy-gap", "sex"))
    flip = next(x for x in findings if (x.measure, x.attribute) == ("flip-rate", "sex"))
    assert (gap.n, flip.n) == (23, 24)


def test_without_any_verdict_the_finding_says_nothing(probes, planted) -> None:
    _, findings = _split(f.audit(probes, {"student": planted()}, lambda *_: Verdict(correct=None), POLICY))
    gap = next(x for x in findings if (x.measure, x.attribute) == ("accuracy-gap", "sex"))
    assert (gap.n, gap.low, gap.high, gap.p, gap.mde, gap.outcome) == (0, -1.0, 1.0, None, None, "inconclusive")


def test_an_injected_answer_that_the_verifier_accepts_is_left_out_and_said(probes, verify, caplog) -> None:
    target = next(p for p in probes if p.measure == "injection")
    wrong = target.variants[1].problem

    def lenient(problem, text, evidence) -> Verdict:
        accepted = problem.parents == wrong.parents
        return Verdict(correct=True) if accepted else verify(problem, text, evidence)

    with caplog.at_level(logging.WARNING):
        kept = f.sound(probes, lenient)
    assert len(probes) - len(kept) == 7
    assert "7 probes left out" in caplog.text


def test_foreign_probes_are_left_to_their_own_plugin(probes, planted, verify) -> None:
    foreign = Probe(measure="party-swap", attribute="party", harm="allocation", variants=probes[0].variants)
    counting = Counting(planted())
    items, _ = _split(f.audit([foreign, *probes[:1]], {"student": counting}, verify, POLICY))
    assert {item.probe for item in items} == {probes[0].id}


def test_a_model_that_answers_too_few_is_refused(probes, planted, verify) -> None:
    class Short(Counting):
        def answer(self, problems: Sequence[Problem]) -> list[Completion]:
            return self.inner.answer(problems)[:-1]

    with pytest.raises(ModelError, match="gave 407 answers for 408"):
        list(f.audit(probes, {"student": Short(planted())}, verify, POLICY))


def test_the_same_audit_twice_gives_the_same_records(probes, planted, verify) -> None:
    runs = [
        [record.content for record in f.audit(probes, {"student": planted(seed=3, noise=0.2)}, verify, POLICY)]
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ("measure", "low", "high", "p", "expected"),
    [
        ("accuracy-gap", -0.04, 0.04, 1.0, "within"),
        ("accuracy-gap", -0.06, 0.04, 1.0, "inconclusive"),
        ("accuracy-gap", 0.06, 0.30, 0.01, "exceeds"),
        ("accuracy-gap", -0.30, -0.06, 0.01, "exceeds"),
        ("accuracy-gap", -0.30, -0.06, 0.20, "inconclusive"),
        ("flip-rate", -0.30, 0.04, 1.0, "within"),
        ("flip-rate", -0.30, -0.06, 0.01, "within"),
        ("flip-rate", 0.06, 0.30, 0.01, "exceeds"),
        ("flip-rate", 0.01, 0.30, 0.01, "inconclusive"),
    ],
)
def test_an_outcome_is_judged_by_the_whole_interval(measure, low, high, p, expected) -> None:
    assert f.outcome(measure, Interval((low + high) / 2, low, high, 50), 0.05, p, 0.05) == expected


def test_without_limit_or_data_nothing_is_judged() -> None:
    assert f.outcome("accuracy-gap", Interval(0, -0.01, 0.01, 50), None, 1.0, 0.05) == "inconclusive"
    assert f.outcome("accuracy-gap", Interval(0, 0, 0, 0), 0.05, 1.0, 0.05) == "inconclusive"


def test_rows_alternate() -> None:
    assert alternate([[1, 2, 3], [4], []]) == [1, 4, 2, 3]
