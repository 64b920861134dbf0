"""The table of calculators: worked expressions against independent values, hand-computed values, wording."""

from random import Random

import pytest
from srm_pack_medical.calculators.gold import value
from srm_pack_medical.calculators.table import FORMULAS, SOURCE
from srm_pack_medical.calculators.units import CONVERSIONS, convert, other_unit
from srm_pack_medical.calculators.values import ARITHMETIC_VALUES
from srm_pack_medical.calculators.values_scores import SCORE_VALUES

from srm_core.calculator import MAX_LENGTH, evaluate, format_number, recompute
from srm_core.formulas.drawing import draw, draw_any, sensible
from srm_core.formulas.formula import band, formula_text, holds
from srm_core.formulas.problems import formula_triples
from srm_core.formulas.working import solution, spaced, work
from srm_core.traces import parse_trace


@pytest.mark.parametrize("name", FORMULAS)
def test_the_worked_expression_agrees_with_the_independent_value_on_random_inputs(name):
    formula, rng = FORMULAS[name], Random(name)
    wanted = 100 if formula.family == "conversion" else 1000  # conversions are straight lines
    tried = 0
    while tried < wanted:
        inputs = draw_any(formula, rng)
        if not sensible(formula, inputs, value):
            continue
        tried += 1
        worked, gold = work(formula, inputs), value(formula, inputs)
        assert all(len(text) <= MAX_LENGTH for text in (worked.expression, *(text for _, text in worked.steps)))
        got = evaluate(worked.expression)
        # 6 significant digits of an intermediate step; exact for scores
        assert got == pytest.approx(gold, rel=0 if formula.family == "score" else 2e-4, abs=1e-9), (inputs, worked)
    assert tried == wanted


@pytest.mark.parametrize(
    ("name", "inputs", "expected"),
    [  # computed by hand, or the worked example of the paper or of MDCalc
        ("anion_gap", {"sodium": 140.0, "chloride": 104.0, "bicarbonate": 24.0}, 12),
        ("corrected_calcium", {"calcium": 8.6, "albumin": 3.1}, 9.32),
        ("cockcroft_gault", {"sex": "female", "age": 60.0, "weight": 72.0, "creatinine": 1.0}, 68),
        ("ckd_epi_2021", {"sex": "male", "age": 50.0, "creatinine": 0.9}, 142 * 0.9938**50),
        ("ckd_epi_2021", {"sex": "female", "age": 50.0, "creatinine": 1.4}, 142 * 2**-1.2 * 0.9938**50 * 1.012),
        ("qtc_bazett", {"qt": 400.0, "heart_rate": 60.0}, 400),
        ("qtc_hodges", {"qt": 400.0, "heart_rate": 100.0}, 470),
        ("meld_na", {"creatinine": 1.0, "bilirubin": 1.0, "inr": 1.0, "sodium": 130.0}, 6.43),
        ("meld_na", {"creatinine": 9.0, "bilirubin": 60.0, "inr": 9.0, "sodium": 120.0}, 40),
        ("maintenance_fluids", {"weight": 25.0}, 65),
        ("free_water_deficit", {"sex": "male", "age": 40.0, "weight": 70.0, "sodium": 160.0}, 6),
        ("steroid_conversion", {"dose": 40.0, "given": "prednisone", "target": "dexamethasone"}, 6),
        ("framingham_hard_chd", {"sex": "male", "age": 54.0, "total_cholesterol": 235.0, "hdl": 26.0, "systolic": 139.0,
                                 "smoker": "yes"}, 29.02),
        ("cha2ds2_vasc", {"age": 75.0, "sex": "female", "stroke": "yes", "hypertension": "yes"}, 6),
        ("child_pugh", {"bilirubin": 2.2, "albumin": 3.1, "inr": 2.1, "ascites": "absent", "encephalopathy": "grade 1-2"}, 9),
        ("gcs", {"eye": "to pain", "verbal": "inappropriate words", "motor": "withdraws from pain"}, 9),
        ("temperature_to_f", {"value": 37.0}, 98.6),
        ("hba1c_to_percent", {"value": 53.0}, 7.0),
    ],
)  # fmt: skip
def test_a_value_computed_by_hand_is_reproduced(name, inputs, expected):
    assert value(FORMULAS[name], inputs) == pytest.approx(expected, rel=1e-3)
    assert evaluate(work(FORMULAS[name], inputs).expression) == pytest.approx(expected, rel=1e-3)


def test_the_table_is_as_large_as_promised_and_every_row_has_a_value_a_source_and_distinct_inputs():
    clinical = [formula for formula in FORMULAS.values() if formula.family != "conversion"]
    assert len(clinical) >= 80
    assert {formula.name for formula in clinical} == set(ARITHMETIC_VALUES) | set(SCORE_VALUES)
    assert len(CONVERSIONS) >= 20
    for formula in FORMULAS.values():
        names = [source.name for source in formula.inputs]
        assert formula.source
        assert len(names) == len(set(names))
        assert bool(formula.branches) != bool(formula.criteria)


def test_there_are_enough_core_formulas_and_about_one_in_five_is_held_out_in_each_family():
    for family, least in (("arithmetic", 12), ("score", 12), ("conversion", 20)):
        core = [formula for formula in FORMULAS.values() if formula.family == family and formula.core]
        every = [formula for formula in FORMULAS.values() if formula.family == family]
        assert sum(not formula.held_out for formula in core) >= least - 1
        for pool in (core, every):
            assert 0.1 < sum(formula.held_out for formula in pool) / len(pool) < 0.3


def test_both_directions_of_a_conversion_are_held_out_together():
    for quantity in CONVERSIONS:
        pair = {formula.held_out for name, formula in FORMULAS.items() if name.partition("_to_")[0] == quantity}
        assert len(pair) == 1


@pytest.mark.parametrize("quantity", CONVERSIONS)
def test_converting_there_and_back_gives_the_same_value(quantity):
    row = CONVERSIONS[quantity]
    there = convert(quantity, row.high, to=row.second)
    assert convert(quantity, there, to=row.first) == pytest.approx(row.high)
    assert other_unit(quantity, row.first) == row.second
    with pytest.raises(ValueError, match="is converted between"):
        convert(quantity, 1, to="furlongs")


@pytest.mark.parametrize("name", [name for name, formula in FORMULAS.items() if formula.core])
def test_a_core_solution_is_short_cites_its_line_and_survives_recomputation(name):
    formula = FORMULAS[name]
    inputs = draw(formula, Random(name), value)
    text = solution(formula, inputs, 3)
    trace = parse_trace(text)
    assert recompute(text) == text
    assert trace.cites == (3,)
    assert trace.answer is not None
    assert trace.answer.endswith(formula.unit)
    assert len(text) <= 330
    assert len(formula_text(formula)) <= 420


def test_a_worked_solution_puts_each_value_after_its_name_in_the_formulas_own_line():
    formula = FORMULAS["bmi"]
    text = solution(formula, {"weight": 76, "height": 193}, 2, formula_text(formula))
    assert text == (
        "Body mass index (kg/m2) = weight 76 / (height 193 / 100)^2 [2]\nAnswer: <<76 / (193 / 100)^2=20.4032>> kg/m2"
    )


def test_a_branch_is_named_after_the_filled_line_and_values_are_listed_where_the_line_cannot_hold_them():
    formula = FORMULAS["cockcroft_gault"]
    inputs = {"sex": "female", "age": 23, "weight": 101, "creatinine": 5.3}
    first, answer = solution(formula, inputs, 1, formula_text(formula)).split("\n")
    assert first.endswith(
        "= (140 - age 23) * weight 101 / (72 * serum creatinine 5.3), times 0.85 if female; female [1]"
    )
    assert answer == "Answer: <<(140 - 23) * 101 / (72 * 5.3) * 0.85=26.3219>> mL/min"
    formula = FORMULAS["glucose_to_mmol_per_l"]
    first, _ = solution(formula, {"value": 335}, 1, formula_text(formula)).split("\n")
    assert first == f"{formula_text(formula)} [1]"


@pytest.mark.parametrize("name", [name for name, formula in FORMULAS.items() if formula.family == "arithmetic"])
def test_a_value_stands_after_a_name_that_shares_a_word_with_its_inputs_label(name):
    formula = FORMULAS[name]
    inputs = draw_any(formula, Random(name))
    line = formula_text(formula)
    first = solution(formula, inputs, 1, line).split("\n")[-1 - len(work(formula, inputs).steps) - 1]
    if first.startswith(line):
        return  # not filled: the line stands as it is
    labels = {source.label: format_number(inputs[source.name]) for source in formula.inputs if source.kind == "number"}
    for label, written in labels.items():
        words = label.split()
        assert any(f"{word} {written}" in first for word in words), (label, first)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("76/(193/100)^2", "76 / (193 / 100)^2"),
        ("2*-3-(-4)", "2 * -3 - (-4)"),
        ("min(40,3-1)^-0.5", "min(40, 3 - 1)^-0.5"),
        ("1e-3*log10(140)", "1e-3 * log10(140)"),
    ],
)
def test_an_expression_is_spaced_and_keeps_its_value(written, wanted):
    assert spaced(written) == wanted
    assert evaluate(spaced(written)) == evaluate(written)


def test_a_formula_line_names_title_unit_and_both_branches():
    line = formula_text(FORMULAS["ckd_epi_2021"])
    assert line.startswith("eGFR (CKD-EPI 2021 creatinine) (mL/min/1.73 m2) = ")
    assert "female: 142" in line
    assert "male: 142" in line
    assert formula_text(FORMULAS["anion_gap"]) == "Anion gap (mEq/L) = sodium - chloride - bicarbonate"
    assert formula_text(FORMULAS["anion_gap"], 1) == "The anion gap in mEq/L is sodium - chloride - bicarbonate"


def test_the_evidence_line_of_a_score_states_every_point_that_the_criteria_give():
    for formula in FORMULAS.values():
        for criterion in formula.criteria:
            assert criterion.statement in formula_text(formula)
            if "doubled" not in criterion.statement:
                points = {rule.points for rule in criterion.rules} - {0}
                assert all(f": {point:g}" in criterion.statement for point in points), criterion


@pytest.mark.parametrize(
    ("name", "inputs", "words"),
    [
        ("gcs", {"eye": "to pain", "verbal": "none", "motor": "extension"},
         "eye opening to pain: 2, verbal response none: 1, motor response extension: 2"),
        ("cha2ds2_vasc", {"age": 70, "sex": "female", "stroke": "yes", "hypertension": "no"},
         "age 70 >=65: 1, prior stroke, TIA or thromboembolism: 2, female sex: 1"),
        ("cha2ds2_vasc", {"age": 58, "sex": "male", "diabetes": "yes"}, "age 58: 0, diabetes: 1, sex male: 0"),
        ("curb65", {"bun": 24, "respiratory_rate": 30, "systolic": 85, "diastolic": 61, "age": 64},
         "BUN 24 >19: 1, respiratory rate 30 >=30: 1, systolic blood pressure 85 <90: 1, age 64: 0"),
        ("perc", {"age": 49, "heart_rate": 99, "oxygen_saturation": 95}, "age 49: 0, heart rate 99: 0, oxygen saturation 95: 0"),
    ],
)  # fmt: skip
def test_a_finding_of_a_score_stands_before_its_points_with_the_test_that_it_meets(name, inputs, words):
    assert work(FORMULAS[name], inputs).words == words


def test_findings_of_scores_are_written_as_the_evidence_line_writes_them():
    rng, seen = Random(9), 0
    for formula in (formula for formula in FORMULAS.values() if formula.criteria):
        for criterion in formula.criteria:
            drawn = draw_any(formula, rng)
            finding, _, points = work(formula, {name: drawn[name] for name in criterion.of}).words.rpartition(": ")
            if len(criterion.of) > 1 or criterion.expression or points == "0":
                continue
            value = drawn[criterion.of[0]]
            told = finding if isinstance(value, str) else finding.replace(f" {format_number(value)} ", " ")
            assert all(word in criterion.statement for word in told.split()), (told, criterion.statement)
            seen += 1
    assert seen > 50


def test_every_formula_is_a_fact_with_label_and_lines():
    triples = list(formula_triples(FORMULAS.values(), SOURCE))
    assert len({triple.id for triple in triples}) == len(triples) == 3 * len(FORMULAS)
    assert {triple.predicate for triple in triples} == {"rdfs:label", "srm:definition"}
    assert {triple.source.licence for triple in triples} == {"Apache-2.0"}
    assert all(triple.subject.startswith("srm:formula/") for triple in triples)


def test_the_band_is_exact_for_scores_and_never_accepts_an_input_left_as_it_is():
    rng = Random(5)
    for formula in FORMULAS.values():
        inputs = draw(formula, rng, value)
        low, high = band(formula, value(formula, inputs))
        if formula.family == "score":
            assert low == high
        else:
            assert low < high
            assert not any(isinstance(given, float) and low <= given <= high for given in inputs.values())


def test_a_missing_value_fails_a_condition_and_a_word_is_not_compared_with_a_number():
    assert not holds(("age", ">=", 65.0), {})
    assert holds(("age", ">=", 65.0), {"age": 65.0})
    with pytest.raises(TypeError, match="cannot be compared"):
        holds(("age", ">=", 65.0), {"age": "old"})
