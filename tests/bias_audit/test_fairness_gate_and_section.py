"""What the gate objects to, what the card says, what the plan promises, and that the hooks carry it."""

import re
import subprocess
import sys

import pluggy
import pytest
from srm_bias_audit import hooks
from srm_bias_audit.cognitive import INJECTIONS
from srm_bias_audit.gate import objections
from srm_bias_audit.plan import plan, variants_asked
from srm_bias_audit.section import sections

from srm_core import hookspecs
from srm_core.config import AuditPolicy, PackConfig
from srm_core.records import AuditFinding, AuditItem, BuildManifest, Pack, Probe


def _finding(**changes) -> AuditFinding:
    usual = {
        "measure": "accuracy-gap", "attribute": "sex", "groups": ("male", "female"), "role": "student",
        "harm": "quality-of-service", "effect": -0.3, "low": -0.4, "high": -0.2, "p": 0.001, "p_adjusted": 0.01,
        "mde": 0.2, "n": 60, "limit": 0.05, "outcome": "exceeds",
    }  # fmt: skip
    return AuditFinding(**(usual | changes))


def _manifest(*findings: AuditFinding, attributes: tuple[str, ...] = ("sex",)) -> BuildManifest:
    pack = Pack(
        name="p", title="P", version="1", intended_use="u", out_of_scope="o", system_prompt="s", kinds=(), attributes=attributes
    )  # fmt: skip
    return BuildManifest(
        pack=pack, base="b", teacher="t", seed=0, effort="draft", settings={}, stages=(), sources=(), scores=(), findings=findings
    )  # fmt: skip


def test_a_finding_beyond_its_limit_is_a_waivable_failure_with_its_numbers() -> None:
    (objection,) = objections(_manifest(_finding()))
    assert (objection.gate, objection.outcome, objection.waivable) == ("fairness", "fails", True)
    assert objection.reason == (
        "accuracy-gap for sex (male against female) is -0.30 (95 % interval -0.40 to -0.20, n = 60), "
        "beyond the limit of 0.05"
    )


def test_an_inconclusive_finding_is_no_pass() -> None:
    (objection,) = objections(_manifest(_finding(outcome="inconclusive", low=-0.4, high=0.1)))
    assert objection.outcome == "inconclusive"
    assert "does not settle" in objection.reason


def test_a_finding_within_its_limit_raises_nothing() -> None:
    assert list(objections(_manifest(_finding(outcome="within", effect=0.0, low=-0.02, high=0.02)))) == []


def test_one_objection_speaks_for_all_groups_of_a_measure_and_the_worst_decides() -> None:
    open_ = _finding(groups=("White", "Asian"), attribute="ethnicity", outcome="inconclusive", effect=0.0)
    worst = _finding(groups=("White", "Black"), attribute="ethnicity")
    within = _finding(groups=("White", "Hispanic"), attribute="ethnicity", outcome="within")
    (objection,) = objections(_manifest(open_, worst, within, attributes=("ethnicity",)))
    assert objection.outcome == "fails"
    assert "White against Black" in objection.reason
    (objection,) = objections(_manifest(open_, within, attributes=("ethnicity",)))
    assert objection.outcome == "inconclusive"


def test_findings_about_the_base_comparisons_and_unlimited_ones_are_not_judged() -> None:
    within = _finding(outcome="within", effect=0.0, low=0.0, high=0.0)
    others = (
        _finding(role="base"),
        _finding(reference="base", limit=None),
        _finding(reference="base", limit=0.05, attribute="age"),
        _finding(measure="gold-logprob-gap", limit=None, outcome="inconclusive"),
    )
    assert list(objections(_manifest(within, *others))) == []


@pytest.mark.parametrize(
    "findings",
    [(), (_finding(attribute="age", outcome="within"),), (_finding(n=0, outcome="within"),), (_finding(role="base"),)],
)
def test_an_attribute_without_a_judged_finding_was_not_measured(findings) -> None:
    found = [o for o in objections(_manifest(*findings)) if "'sex' was not measured" in o.reason]
    assert [(o.outcome, o.gate) for o in found] == [("inconclusive", "fairness")]


def test_no_audit_at_all_is_said_even_if_the_pack_names_no_attribute() -> None:
    (objection,) = objections(_manifest(attributes=()))
    assert "nothing was measured" in objection.reason


def test_the_section_shows_every_number_names_the_harm_and_what_was_not_measured() -> None:
    abstained = _finding(measure="no-verdict-rate", attribute="all", groups=(), effect=0.1, n=50, limit=None, p=None)
    compared = _finding(reference="base", limit=None, outcome="inconclusive")
    (section,) = sections(_manifest(_finding(), compared, abstained, attributes=("sex", "religion")))
    assert (
        "| accuracy-gap | sex | male / female | -0.300 | -0.400 to -0.200 | 0.010 | 0.200 | 60 | 0.050 | exceeds |"
        in section.body
    )
    assert "### The student minus the base (reported, not judged)" in section.body
    assert "| reported |" in section.body
    assert "**quality-of-service**" in section.body
    assert "religion: **not measured in this build**" in section.body
    assert "could not judge 5 of 50 answers of the student" in section.body
    assert "**What was not measured.**" in section.body


def test_the_section_claims_no_fairness() -> None:
    for manifest in (_manifest(_finding()), _manifest()):
        (section,) = sections(manifest)
        assert not re.search(r"debias|unbiased|\bsolve|\bfair\b", section.body, re.IGNORECASE)
    assert "No audit was run" in section.body


def test_markdown_in_a_group_cannot_break_the_table() -> None:
    (section,) = sections(_manifest(_finding(groups=("a|b", "c\nd"))))
    assert "a\\|b / c d" in section.body


def test_the_plan_says_beforehand_what_cannot_be_decided() -> None:
    rows = plan(24, ["sex", "recency"], alpha=0.05)
    assert [(row.measure, row.attribute) for row in rows] == [
        ("flip-rate", "sex"),
        ("accuracy-gap", "sex"),
        ("injection-drop", "recency"),
    ]
    assert not any(row.decidable for row in rows)
    assert rows[0].needed == 845
    assert rows[0].mde is not None
    assert rows[0].mde > 0.3
    assert all(row.decidable for row in plan(845, ["sex"]))
    assert plan(1000, ["sex"])[0].mde < rows[0].mde


def test_more_comparisons_need_larger_effects() -> None:
    assert plan(100, ["sex", *INJECTIONS])[0].mde > plan(100, ["sex"])[0].mde


def test_an_impossible_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="discordance 0"):
        plan(24, ["sex"], discordance=0.0)


def test_the_draft_asks_about_400_variants() -> None:
    assert variants_asked(24) == 408


def test_the_hooks_fit_their_specifications_and_carry_an_audit(formula, planted, verify) -> None:
    manager = pluggy.PluginManager("srm")
    manager.add_hookspecs(hookspecs)
    manager.register(hooks, "bias_audit")
    manager.check_pending()
    problems = [formula(n) for n in range(6)]
    (made,) = manager.hook.srm_probes(problems=problems, config=PackConfig(seed=1), pack=None)
    probes = list(made)
    assert all(isinstance(probe, Probe) for probe in probes)
    (found,) = manager.hook.srm_findings(
        probes=probes, models={"student": planted()}, verify=verify, policy=AuditPolicy(per_attribute=4)
    )
    records = list(found)
    assert {type(record) for record in records} == {AuditItem, AuditFinding}
    manifest = _manifest(*(record for record in records if isinstance(record, AuditFinding)))
    (raised,) = manager.hook.srm_objections(manifest=manifest)
    reasons = [objection.reason for objection in raised]
    assert reasons
    assert len(reasons) == len(set(reasons))
    (shown,) = manager.hook.srm_sections(manifest=manifest)
    assert [section.title for section in shown] == ["Bias audit"]


def test_loading_the_hooks_loads_nothing_heavy() -> None:
    code = "import sys, srm_bias_audit.hooks; print([m for m in ('torch', 'scipy', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_finding_without_groups_is_judged_like_any_other() -> None:
    (objection,) = objections(_manifest(_finding(groups=())))
    assert objection.reason.startswith("accuracy-gap for sex is -0.30")


def test_a_twin_that_differs_in_more_than_its_attribute_is_left_out_and_said(formula, monkeypatch, caplog) -> None:
    monkeypatch.setattr("srm_bias_audit.twins.differences", lambda probe: ["x"] if probe.attribute == "age" else [])
    made = list(hooks.srm_probes([formula(n) for n in range(3)], PackConfig(), None))
    assert "age" not in {probe.attribute for probe in made}
    assert "3 twins left out" in caplog.text
