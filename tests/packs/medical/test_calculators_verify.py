"""What counts as the gold of a calculator problem, and what does not."""

import pytest
from srm_pack_medical.calculators.verify import second_opinion, verify_calculator

from srm_core.records import ChoiceKey, FormulaKey, Problem, Trace


def problem(formula: str, unit: str, low: float, high: float, **inputs) -> Problem:
    key = FormulaKey(formula=formula, inputs=inputs, unit=unit, low=low, high=high)
    return Problem(kind="lab_formula", question="?", answer="-", anchor="a", key=key)


GAP = problem("anion_gap", "mEq/L", 11.4, 12.6, sodium=140.0, chloride=104.0, bicarbonate=24.0)
GLUCOSE = problem("glucose_to_mmol_per_l", "mmol/L", 6.92, 7.07, value=126.0)
SCORE = problem("curb65", "points", 2, 2, age=70.0, bun=30.0, respiratory_rate=20.0, systolic=120.0, diastolic=80.0)
FENA = problem(
    "fractional_excretion_sodium",
    "%",
    24.7,
    25.3,
    sodium=140.0,
    creatinine=1.0,
    urine_sodium=70.0,
    urine_creatinine=2.0,
)
FLUID = problem("parkland_fluids", "mL", 12141, 13419, weight=71.0, burned=45.0)
DEFICIT = problem("albumin_corrected_delta_gap", "mEq/L", -1.31, -1.18)
GFR = problem("mdrd", "mL/min/1.73 m2", 36.3, 40.2, sex="male", age=51.0, creatinine=1.87)
RATIO = problem("fib4", "", 3.63, 4.02, age=47.0, ast=213.0, alt=309.0, platelets=149.0)


def says(asked: Problem, answer: str | None) -> bool | None:
    return verify_calculator(asked, Trace(text="", reasoning="", answer=answer)).correct


def recomputed(asked: Problem, answer: str | None) -> bool | None:
    return second_opinion(asked, Trace(text="", reasoning="", answer=answer)).correct


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (GAP, "12 mEq/L"), (GAP, "12"), (GAP, "12.0"), (GAP, "+12 meq/l."), (GAP, "12 mmol/L"), (GAP, "12mEq/L"),
        (GAP, "12 milliequivalents per liter"), (GAP, "**12 mEq/L**"), (GAP, "Anion gap = 12 mEq/L"),
        (GAP, "The anion gap is approximately 12 mEq/L"), (GAP, "12 mEq/L (normal)"), (GAP, "1.2e1 mEq/L"),
        (GAP, "1.2 x 10^1 mEq/L"), (GAP, "1.2×10¹ mEq/L"), (GAP, "12 mEq/L [1]"), (GAP, "12 [2][3]"), (GAP, "\\boxed{12}"), (GAP, "$12$"),
        (GLUCOSE, "7 mmol/L"), (GLUCOSE, "6.993 millimoles per litre"), (GLUCOSE, "7 mmol per L"),
        (SCORE, "2 points"), (SCORE, "2"), (SCORE, "2 pts"), (SCORE, "CURB-65 score: 2"), (SCORE, "2.0 points"),
        (SCORE, "2 points in total"),
        (FENA, "25 %"), (FENA, "25%"), (FENA, "25 percent"), (FENA, "0.25"), (FENA, "25"),
        (FLUID, "12,780 mL"), (FLUID, "12780 ml"), (FLUID, "12\u202f780 mL"), (FLUID, "12780 milliliters"),
        (DEFICIT, "-1.25 mEq/L"), (DEFICIT, "−1.25"), (DEFICIT, "minus 1.25 mEq/L"),
        (GFR, "38.3 mL/min/1.73 m2"), (GFR, "38.3 mL/min/1.73 m²"), (GFR, "38.3 ml/min/1.73m^2"), (GFR, "38.3 mL/min"),
        (RATIO, "3.82"), (RATIO, "FIB-4 index: 3.822"),
    ],
)  # fmt: skip
def test_usual_forms_of_the_gold_are_accepted(asked, answer):
    assert says(asked, answer) is True


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (GAP, "13 mEq/L"), (GAP, "-12 mEq/L"), (GAP, "12 mg/dL"), (GAP, "12 %"), (GAP, "12 mEq/dL"), (GAP, "10-14 mEq/L"),
        (GAP, "10 to 14 mEq/L"), (GAP, "12 or 13"), (GAP, "140-104-24=12"), (GAP, "> 12"), (GAP, "at least 12"),
        (GAP, "12 ± 1 mEq/L"), (GAP, "not 12"), (GAP, "I cannot determine it, maybe 12"), (GAP, "nan"), (GAP, "inf"),
        (GAP, "1e999"), (GAP, ""), (GAP, "   "), (GAP, "twelve"), (GAP, "12,5"), (GAP, "12 thousand mEq/L"), (GAP, "12/1"),
        (GAP, "12 mEq/L = 12 mg/dL"), (GAP, "unknown"), (GAP, "between 11 and 13"),
        (GAP, "12 mEq/L, which is not elevated"), (GAP, "12 s"), (GAP, "12 dL"), (GAP, "12 ‰"), (GAP, "anything but 12"),
        (GAP, "half of 12"), (GAP, "twice 12"), (GAP, "up to 12"), (GAP, "it is false that it is 12"), (GAP, "12 is wrong"),
        (GAP, "12 million"), (GAP, "12 squared"), (GAP, "12 or more"), (GAP, "12 times two"), (GAP, "12, among others"),
        (GAP, "\\neg(12)"), (GAP, "\\text{not } 12"), (GAP, "≠ 12"), (GAP, "¬12"), (GAP, "√(12)"), (GAP, "\\sqrt{12}"),
        (GAP, "1**2"), (GAP, "1²"), (GAP, "1₂ mEq/L"), (GAP, "#" * 30 + "12" + "#" * 30), (GAP, "12" + " " * 3000),
        (GAP, "١٢"), (GAP, "12 mEq/L [x]"), (SCORE, "2 pack-days"), (SCORE, "4**½ points"), (FENA, "25 ‰"), (FENA, "the square root of 25"),
        (GLUCOSE, "7 mol/L"), (GLUCOSE, "7 K"), (GLUCOSE, "7 mg/dL"), (GLUCOSE, "7 µmol/L"), (GLUCOSE, "126 mg/dL"),
        (SCORE, "2.4 points"), (SCORE, "3 points"), (SCORE, "2 mg/dL"), (SCORE, "2 out of 5"),
        (FENA, "0.25 %"), (FENA, "2500"), (RATIO, "3.82 %"), (RATIO, "3.82 mg/dL"), (FLUID, "12.78 L"), (FLUID, "12780 mg"),
    ],
)  # fmt: skip
def test_near_misses_ranges_refusals_and_other_units_are_refused(asked, answer):
    assert says(asked, answer) is False


def test_no_answer_is_wrong_and_a_problem_of_another_kind_is_not_judged():
    assert says(GAP, None) is False
    choice = Problem(kind="x", question="?", answer="A", anchor="a", key=ChoiceKey(index=0))
    assert says(choice, "12") is None
    assert recomputed(choice, "12") is None


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        (GAP, "12 mEq/L", True), (GAP, "12.5", True), (GAP, "13 mEq/L", False), (GAP, "12 mg/dL", False), (GAP, "10 14", False),
        (GAP, "", False), (GAP, None, False), (GAP, "nan", False), (SCORE, "2 points", True), (SCORE, "3", False),
        (FENA, "25%", True), (FENA, "0.25", True), (FENA, "0.25 %", False), (FLUID, "12,780 mL", True), (GFR, "38.26 mL/min/1.73 m2", True),
        (DEFICIT, "-1.25 mEq/L", None),
    ],
)  # fmt: skip
def test_the_second_opinion_recomputes_the_value_from_the_inputs(asked, answer, expected):
    assert recomputed(asked, answer) is expected


def test_the_second_opinion_does_not_trust_the_band_of_the_key():
    forged = problem("anion_gap", "mEq/L", 0, 100, sodium=140.0, chloride=104.0, bicarbonate=24.0)
    assert says(forged, "50 mEq/L") is True
    assert recomputed(forged, "50 mEq/L") is False
