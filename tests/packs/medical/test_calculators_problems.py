"""Problems of the calculator kinds: golds, splits, evidence, seeds, speed."""

import time
from collections import Counter

import pytest
from srm_pack_medical.calculators import problems
from srm_pack_medical.calculators.problems import KINDS, calculator_problems
from srm_pack_medical.calculators.table import FORMULAS, SOURCE
from srm_pack_medical.calculators.verify import second_opinion, verify_calculator

from srm_core.calculator import recompute
from srm_core.config import PackConfig
from srm_core.errors import PluginError
from srm_core.formulas.problems import formula_triples
from srm_core.records import Problem
from srm_core.traces import parse_trace


@pytest.fixture(scope="module")
def full() -> list[Problem]:
    return list(calculator_problems(PackConfig(per_kind=1000)))


@pytest.fixture(scope="module")
def draft() -> list[Problem]:
    return list(calculator_problems(PackConfig(per_kind=400)))


def test_each_kind_yields_the_number_asked_for_with_distinct_questions_and_ids(full):
    assert Counter(problem.kind for problem in full) == {kind.name: 1000 for kind in KINDS}
    assert len({(problem.kind, problem.question) for problem in full}) == len(full)
    assert len({problem.id for problem in full}) == len(full)


def test_both_graders_accept_the_gold_the_short_forms_and_the_worked_solution(full):
    for problem in full:
        for text in (problem.solution, *(f"Answer: {form}" for form in (problem.answer, *problem.accept))):
            trace = parse_trace(text)
            assert verify_calculator(problem, trace).correct, (problem.question, text)
            assert second_opinion(problem, trace).correct, (problem.question, text)


def test_a_solution_holds_computed_values_and_cites_the_lines_it_uses(full):
    for problem in full:
        assert recompute(problem.solution) == problem.solution
        cited = {problem.evidence[place - 1].cites[0] for place in parse_trace(problem.solution).cites}
        assert cited == set(problem.facts)


def test_evidence_lines_are_facts_of_the_pack_and_half_of_the_problems_have_distractors(full):
    lines = {triple.id: triple.object for triple in formula_triples(FORMULAS.values(), SOURCE)}
    for problem in full:
        assert all(lines[item.cites[0]] == item.text for item in problem.evidence)
    crowded = sum(len(problem.evidence) > len(problem.facts) for problem in full) / len(full)
    assert 0.4 < crowded < 0.6


def test_held_out_formulas_stay_in_the_test_split_and_about_one_in_twenty(full, draft):
    hidden = {
        triple.id
        for triple in formula_triples(FORMULAS.values(), SOURCE)
        if triple.predicate == "srm:definition" and FORMULAS[triple.subject.removeprefix("srm:formula/")].held_out
    }
    for made in (full, draft):
        unseen = [problem for problem in made if problem.tags["formula"] == "unseen"]
        assert 0.03 <= len(unseen) / len(made) <= 0.07
        assert {problem.split for problem in unseen} == {"test"}
        for problem in made:
            assert (problem.tags["formula"] == "unseen") == FORMULAS[problem.tags["name"]].held_out
            if problem.split != "test":
                assert not hidden & {cite for item in problem.evidence for cite in item.cites}


def test_one_anchor_never_lies_in_two_splits(full):
    splits: dict[str, set[str]] = {}
    for problem in full:
        splits.setdefault(problem.anchor, set()).add(problem.split)
    assert all(len(found) == 1 for found in splits.values())
    assert {"train", "dev", "test"} == {problem.split for problem in full}


def test_problems_spread_evenly_over_the_seen_formulas(full):
    for kind in KINDS:
        counts = Counter(
            problem.tags["name"] for problem in full if problem.kind == kind.name and problem.tags["formula"] == "seen"
        )
        assert max(counts.values()) - min(counts.values()) <= 1


def test_up_to_400_a_kind_only_core_formulas_in_their_own_units_are_used(draft, full):
    assert all(FORMULAS[problem.tags["name"]].core for problem in draft)
    assert not any("units" in problem.tags for problem in draft)
    assert any(not FORMULAS[problem.tags["name"]].core for problem in full)
    assert len({problem.tags["name"] for problem in draft if problem.kind == "lab_formula"}) >= 12


def test_an_input_in_another_unit_is_converted_by_a_cited_line(full):
    mixed = [problem for problem in full if problem.tags.get("units") == "mixed"]
    assert len(mixed) >= 20
    for problem in mixed:
        assert len(problem.facts) == 2
        assert problem.solution.count("<<") >= 2
    assert any(
        problem.tags.get("units") == "mixed"
        for problem in calculator_problems(PackConfig(per_kind=60), convert_core=True)
    )


def test_stated_people_are_recorded_as_groups(full):
    for problem in full:
        words = problem.question.lower()
        if "-year-old woman" in words or "sex female" in words:
            assert problem.groups["sex"] == "female"
        if "-year-old man" in words:
            assert problem.groups["sex"] == "male"
    assert sum("sex" in problem.groups and "age" in problem.groups for problem in full) > 300


def test_the_seed_alone_decides_and_kinds_do_not_disturb_each_other():
    one = [problem.content for problem in calculator_problems(PackConfig(per_kind=40, seed=3))]
    again = [problem.content for problem in calculator_problems(PackConfig(per_kind=40, seed=3))]
    other = [problem.content for problem in calculator_problems(PackConfig(per_kind=40, seed=4))]
    alone = [
        problem.content for problem in calculator_problems(PackConfig(per_kind=40, seed=3, kinds=("clinical_score",)))
    ]
    assert one == again
    assert not set(one) & set(other)
    assert alone == one[40:80]


def test_unknown_kinds_of_other_engineers_yield_nothing_here():
    assert list(calculator_problems(PackConfig(kinds=("icd_parent",)))) == []


def test_asking_for_more_questions_than_there_are_is_said_in_one_sentence(monkeypatch):
    few = {name: FORMULAS[name] for name in ("digoxin_to_ng_per_ml", "lactate_to_mmol_per_l")}
    monkeypatch.setattr(problems, "FORMULAS", few)
    with pytest.raises(PluginError, match="no further distinct question about digoxin"):
        list(calculator_problems(PackConfig(per_kind=9000, kinds=("unit_conversion",))))


def test_problems_are_made_at_no_less_than_500_a_second_of_processor_time():
    start = time.process_time()
    made = sum(1 for _ in calculator_problems(PackConfig(per_kind=400)))
    assert made / (time.process_time() - start) > 500
