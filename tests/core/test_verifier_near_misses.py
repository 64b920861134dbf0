"""Near misses are wrong, and surface forms are right: checked without any verifier, and against the core's own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from srm_core.records import ChoiceKey, Evidence, FormulaKey, GraphKey, Problem, TestsKey
from srm_core.traces import parse_trace
from srm_core.verify import verify_answer
from srm_core.verifying.forms import gold_forms
from srm_core.verifying.garbage import COUNT, garbage
from srm_core.verifying.near_misses import near_misses
from srm_core.verifying.truth import is_code, is_name, is_symbolic, maybe_right, right_texts
from srm_core.verifying.unit_names import spelled
from srm_core.verifying.unit_swaps import other_sizes, strangers


def formula(answer: str, low: float, high: float, unit: str, **inputs: float) -> Problem:
    key = FormulaKey(formula="f", inputs=dict(inputs), unit=unit, low=low, high=high)
    return Problem(kind="formula", question=f"What is it in {unit}?", answer=answer, anchor=answer, key=key)


def words(answer: str, kind: str = "words", question: str = "Which one?", **fields: Any) -> Problem:
    return Problem(
        kind=kind, question=question, answer=answer, anchor=answer, key=GraphKey(query="q", answer="answer"), **fields
    )


def options(index: int, *choices: str) -> Problem:
    return Problem(
        kind="options", question="?", answer=choices[index], choices=choices, anchor="x", key=ChoiceKey(index=index)
    )


CALCIUM = formula("8.5 mg/dL", 8.415, 8.585, "mg/dL", calcium=6.9, albumin=2.0)
CODE = words(
    "E11.65", question="Which code of E08-E13 is type 2 with hyperglycemia, next to E11.6?", accept=("With it",)
)
NAME = words("Acute left heart failure")
POOL = {
    "formula": [CALCIUM, formula("9.3 mg/dL", 9.2, 9.4, "mg/dL"), formula("8.5 mg/dL ", 8.4, 8.6, "mg/dL")],
    "words": [NAME, words("Aortic aneurysm"), words("Focal clonic seizure"), CODE, words("E10.9")],
    "options": [options(1, "Aspirin", "Ibuprofen", "Codeine", "Morphine")],
    "decision": [words("yes", "decision"), words("no", "decision")],
}
EVERY = [problem for pool in POOL.values() for problem in pool]


def texts(problem: Problem, family: str = "") -> list[str]:
    return [case.text for case in near_misses(problem, POOL[problem.kind]) if family in ("", case.family)]


def accepted(problem: Problem, text: str) -> bool:
    trace = parse_trace(text)
    verdict = verify_answer(problem, trace) if trace.answer is not None else None
    return verdict is not None and verdict.correct is True


@pytest.mark.parametrize("problem", EVERY, ids=lambda problem: problem.answer)
def test_the_cores_verifiers_accept_no_near_miss_and_every_form_of_the_gold(problem: Problem) -> None:
    cases = near_misses(problem, POOL[problem.kind])
    assert len(cases) >= 20
    assert [case.text for case in cases if accepted(problem, case.text)] == []
    forms = [case for case in gold_forms(problem) if case.family != "spelled unit"]  # left to packs
    assert len({case.family for case in forms}) >= 5
    assert [case.text for case in forms if not accepted(problem, case.text)] == []


def test_numbers_leave_the_band_and_say_how() -> None:
    assert texts(CALCIUM, "sign") == ["Answer: -8.5 mg/dL"]
    assert texts(CALCIUM, "scale") == [f"Answer: {n} mg/dL" for n in ("85", "0.85", "8500", "0.0085")]
    assert texts(CALCIUM, "quoted input") == ["Answer: 6.9 mg/dL", "Answer: 2 mg/dL"]
    assert texts(CALCIUM, "rounding") == ["Answer: 9 mg/dL"] or texts(CALCIUM, "rounding") == ["Answer: 8 mg/dL"]
    for text in texts(CALCIUM, "value"):
        number = float(re.findall(r"[\d.]+", text)[0])
        assert not 8.41 < number < 8.59
        assert abs(number - 8.5) < 0.25  # it is near


def test_a_unit_is_replaced_by_another_size_or_another_quantity() -> None:
    units = {text.removeprefix("Answer: 8.5 ") for text in texts(CALCIUM, "unit")}
    assert {"g/dL", "kg/dL", "mg/L", "mg/mL", "mmHg", "years"} <= units
    assert "mg/dL" not in units


def test_units_that_stand_for_each_other_are_no_near_miss() -> None:
    assert "mmol/L" not in set(other_sizes("mEq/L"))
    assert set(other_sizes("cm")) == {"m", "mm"}
    assert list(strangers("kPa", "the pressure in mmHg")) == ["kg", "years"]


def test_zero_has_no_wrong_unit_and_no_wrong_sign() -> None:
    zero = formula("0 points", 0, 0, "points")
    families = {case.family for case in near_misses(zero, [zero])}
    assert families.isdisjoint({"unit", "sign", "scale"})
    assert "value" in families


def test_another_problems_gold_inside_the_band_is_left_out() -> None:
    assert texts(CALCIUM, "neighbour") == ["Answer: 9.3 mg/dL"]


def test_codes_are_edited_and_quoted_but_an_accepted_form_is_kept_out() -> None:
    assert "Answer: E11.66" in texts(CODE, "neighbouring code")
    assert "Answer: E11.6" in texts(CODE, "truncation")
    assert "Answer: E08-E13" in texts(CODE, "quoted from the question")
    lenient = CODE.model_copy(update={"accept": ("E11.66", "e11.6")})
    assert not {"Answer: E11.66", "Answer: E11.6"} & set(texts(lenient))


def test_what_the_key_finds_besides_the_gold_is_no_near_miss() -> None:
    found = [case.text for case in near_misses(NAME, POOL["words"], lambda problem: ["Aortic Aneurysm"])]
    assert "Answer: Aortic aneurysm" not in found
    assert "Answer: Aortic aneurysm" in texts(NAME)


def test_names_are_turned_into_their_opposite() -> None:
    assert {"Answer: chronic left heart failure", "Answer: Acute right heart failure"} == set(texts(NAME, "opposite"))
    assert set(texts(words("Hyperkalemia"), "opposite")) == {"Answer: hypokalemia"}


def test_isomers_differ_in_one_number_or_one_stereocentre() -> None:
    assert texts(words("2-propanol"), "isomer") == []  # a code by its looks: digits are edited there
    assert "Answer: 3-propanol" in texts(words("2-propanol"), "neighbouring code")
    assert texts(words("Heimler syndrome 2"), "isomer") == ["Answer: Heimler syndrome 1"]
    alanine = set(texts(words("C[C@H](N)C(=O)O"), "isomer"))
    assert {"Answer: C[C@@H](N)C(=O)O", "Answer: CC[C@H](N)C(=O)O"} <= alanine


def test_options_contradict_each_other() -> None:
    problem = POOL["options"][0]
    assert {"Answer: B) Aspirin", "Answer: A. Ibuprofen"} <= set(texts(problem, "contradiction"))
    assert {"Answer: A, B, C, D", "Answer: ABCD"} <= set(texts(problem, "enumeration"))
    assert {"Answer: A", "Answer: E", "Answer: Morphine"} <= set(texts(problem, "neighbour"))


def test_letters_are_not_used_where_an_option_is_a_letter() -> None:
    vitamins = options(0, "A", "B", "C")
    found = [case.text for case in near_misses(vitamins, [vitamins])]
    assert "Answer: B" in found  # as a text
    assert all(case.family not in ("letter", "letter and text") for case in gold_forms(vitamins))
    assert not [text for text in found if ") " in text and "(or" not in text]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("E11.65", "code"), ("V70-V79", "code"), ("2019-03-01", "code"), ("C2H6O", "code"), ("12.5", ""), ("12 mg", ""),
     ("CC(=O)O", "symbolic"), ("Aortic aneurysm", "name"), ("mRNA binding", ""), ("co", ""), ("40 Gratt. 388", ""), ("f(xs)", ""), ("'horse'", "")],
)  # fmt: skip
def test_golds_are_told_apart_by_their_looks(text: str, kind: str) -> None:
    looks = {"code": is_code(text), "symbolic": is_symbolic(text), "name": is_name(text)}
    assert [name for name, holds in looks.items() if holds] == ([kind] if kind else [])


def test_in_doubt_a_text_may_be_right() -> None:
    number = words("1250 km")
    assert maybe_right(number, "1270 km", right_texts(number))
    assert not maybe_right(number, "1400 km", right_texts(number))
    assert maybe_right(NAME, "acute, left heart-failure", right_texts(NAME))
    date = words("2019-03-01")
    assert not maybe_right(date, "2019-03-04", right_texts(date))


def test_forms_of_a_number_stay_inside_the_band() -> None:
    found = {case.text for case in gold_forms(formula("12340 mg/dL", 11723, 12957, "mg/dL"))}
    assert {"Answer: 12,340 mg/dL", "Answer: 12300 mg/dL", "Answer: 12340", "Answer: 12340.0 mg/dL"} <= found
    assert "Answer: 12340 milligrams per deciliter" in found
    narrow = {case.family for case in gold_forms(formula("12345 mg/dL", 12345, 12345, "mg/dL"))}
    assert narrow.isdisjoint({"rounded", "inside the band"})
    assert "Answer: −3.5" in {case.text for case in gold_forms(formula("-3.5", -3.6, -3.4, ""))}


def test_a_unit_is_left_out_and_a_zero_added_only_where_the_answer_is_certainly_the_same() -> None:
    asked = formula("12.5 mg/dL", 12, 13, "mg/dL")
    assert "no unit" in {case.family for case in gold_forms(asked)}
    unnamed = Problem(kind="formula", question="What is it?", answer="12.5 mg/dL", anchor="x", key=asked.key)
    assert "no unit" not in {case.family for case in gold_forms(unnamed)}
    scaled = formula("12.5 million USD", 12, 13, "million USD")
    assert "no unit" not in {case.family for case in gold_forms(scaled)}
    digit = formula("7", 7, 7, "")
    assert "decimals" not in {case.family for case in gold_forms(digit)}
    assert "decimals" in {case.family for case in gold_forms(formula("7", 6.9, 7.1, ""))}


def test_case_is_changed_only_in_words() -> None:
    assert {"Answer: aortic aneurysm", "Answer: AORTIC ANEURYSM"} <= {
        c.text for c in gold_forms(words("Aortic aneurysm"))
    }
    for exact in ("False", "Co", "CC(=O)O", "E11.65", "mRNA binding"):
        assert {case.family for case in gold_forms(words(exact))}.isdisjoint({"lower case", "upper case"})
    declared = words("E11.65", accept=("e11.65",))
    assert "lower case" in {case.family for case in gold_forms(declared)}


def test_citations_behind_a_gold_are_no_part_of_the_answer() -> None:
    cited = words("no [3]")
    assert "Answer: no [1]" not in texts(cited)
    assert "Answer: yes" in texts(cited, "neighbour")
    found = {case.text for case in gold_forms(cited)}
    assert {"Answer: no [3]", "Answer: **no** [3]", "Answer: NO [3]"} <= found
    assert {case.family for case in gold_forms(cited)}.isdisjoint({"cited", "full stop"})
    assert "Answer: 12 ‰" in texts(words("12% [2]"), "unit")


def test_programs_and_values_are_not_written_as_prose() -> None:
    value = words("['mo', 'imo'] [1]")
    assert {case.family for case in gold_forms(value)} == {"plain", "label", "spaces", "code"}
    key = TestsKey(entry="f", inputs=("[1]",), values=("1",))
    program = Problem(kind="words", question="?", answer="out.append(x)", anchor="p", key=key)
    assert {case.family for case in gold_forms(program)} == {"plain", "label", "spaces", "code"}
    cases = near_misses(program, POOL["words"])
    assert {"neighbour", "refusal", "truncation"} <= {case.family for case in cases}
    around = [case.text for case in cases if case.family in ("negation", "two answers", "wrong field")]
    assert around
    assert all("\n" in text for text in around)  # in one line they would be another program


def test_units_are_spelled_only_where_their_name_is_known() -> None:
    assert list(spelled("mg/dL")) == ["milligrams per deciliter"]
    assert list(spelled("points")) == []
    assert list(spelled("mL/min/1.73 m2")) == []


def test_garbage_is_two_hundred_different_answers_some_of_them_huge() -> None:
    cases = garbage()
    assert len({case.text for case in cases}) == len(cases) == COUNT == 200
    assert sum(len(case.text) > 900_000 for case in cases) >= 5
    assert any("\u202e" in case.text for case in cases)


def test_near_misses_are_the_same_every_time() -> None:
    shown = CALCIUM.model_copy(update={"evidence": (Evidence(text="Ca = ...", cites=("c",)),)})
    assert near_misses(shown, POOL["formula"]) == near_misses(shown, POOL["formula"])
