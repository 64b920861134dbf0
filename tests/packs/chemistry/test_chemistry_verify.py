"""What counts as the gold of a chemistry problem, and what does not."""

from __future__ import annotations

import time
from random import Random

import pytest
from srm_pack_chemistry.problems.generate import problems
from srm_pack_chemistry.problems.kinds import OWN
from srm_pack_chemistry.second import second_opinion
from srm_pack_chemistry.structures import reordered
from srm_pack_chemistry.verify import verify

from srm_core.config import PackConfig
from srm_core.records import ChoiceKey, FormulaKey, GraphKey, Problem, Trace
from srm_core.verify import read_number

KINDS = [kind.name for kind in OWN]
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@pytest.fixture(scope="module")
def posed() -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {kind: [] for kind in KINDS}
    for problem in problems(PackConfig(per_kind=40)):
        found[problem.kind].append(problem)
    return found


def says(problem: Problem, answer: str | None) -> bool | None:
    verdict = verify(problem, Trace(text="", reasoning="", answer=answer))
    assert verdict is not None
    return verdict.correct


def graph(kind: str, answer: str, **more) -> Problem:
    return Problem(
        kind=kind, question="?", answer=answer, anchor="a", key=GraphKey(query="SELECT ?answer WHERE {}"), **more
    )


def surface(problem: Problem) -> list[str]:
    gold = problem.answer
    match problem.kind:
        case "name_formula" | "smiles_formula" | "ionic_formula":
            return [gold, gold.translate(SUBSCRIPTS), f"**{gold}**", f"{gold}.", f"`{gold}` [2]"]
        case "balance":
            doubled = " -> ".join(
                " + ".join("2 " + term if not term[0].isdigit() else f"{2 * int(term.split()[0])} {term.split()[1]}"
                           for term in side.split(" + "))
                for side in gold.split(" -> ")
            )  # fmt: skip
            return [
                gold,
                gold.replace("->", "→"),
                gold.replace("->", "="),
                gold.translate(SUBSCRIPTS)
                if gold[0].isalpha() and " 2 " not in gold and not any(t[0].isdigit() for t in gold.split())
                else gold,
                doubled,
            ]
        case "name_smiles":
            return [gold, reordered(gold), f"`{gold}`", f"{gold} [4]"]
        case "functional_group":
            letter = "ABCD"[problem.choices.index(gold)]
            return [gold, letter, f"({letter})", f"{letter}. {gold}", gold.upper()]
        case "oxidation_state":
            state = int(gold)
            roman = dict(enumerate(("", "I", "II", "III", "IV", "V", "VI", "VII"))).get(state) or f"{state:+d}"
            return [gold, f"{state:+d}", f"{abs(state)}{'+' if state >= 0 else '-'}", roman]
        case "element_lookup":
            place = problem.key.bindings["place"].partition(":")[2]
            return [gold, f"{place} {gold}", f"{gold} {place}", f"**{gold}**"]
        case _ if isinstance(problem.key, FormulaKey):
            number, unit = read_number(gold) or (0.0, "")
            return [
                gold,
                f"{number:.6g}",
                f"{number:.5g} {unit}".strip(),
                f"**{gold}**",
                f"about {number:.6g} {unit}".strip(),
            ]
        case _:
            return [gold, gold.upper(), f"**{gold}**", f"{gold}.", f"{gold} [1]", *problem.accept]


@pytest.mark.parametrize("kind", KINDS)
def test_the_gold_is_accepted_in_its_usual_forms(posed: dict[str, list[Problem]], kind: str) -> None:
    for problem in posed[kind]:
        forms = set(surface(problem))
        assert len(forms) >= 3
        for form in forms:
            assert says(problem, form) is True, (problem.answer, form)


@pytest.mark.parametrize("kind", KINDS)
def test_hedges_lists_refusals_and_words_around_are_refused(posed: dict[str, list[Problem]], kind: str) -> None:
    for problem in posed[kind]:
        gold = problem.answer
        other = next(p.answer for p in posed[kind] if p.answer != gold and p.answer not in problem.accept)
        for answer in (f"{gold} or {other}", f"{other}, {gold}", f"not {gold}", f"{gold} {other}", f"{gold} / {other}",
                       "I cannot say", "unknown", "?", "", None, f"between {gold} and {other}"):  # fmt: skip
            assert says(problem, answer) is False, (gold, answer)


@pytest.mark.parametrize(
    "kind",
    [
        k
        for k in KINDS
        if k
        in (
            "molar_mass",
            "stoichiometry",
            "reaction_enthalpy",
            "reaction_gibbs",
            "isotope_average_mass",
            "chemistry_formula",
            "chemistry_units",
        )
    ],
)
def test_a_number_beyond_the_band_another_scale_sign_or_unit_is_refused(
    posed: dict[str, list[Problem]], kind: str
) -> None:
    for problem in posed[kind]:
        assert isinstance(problem.key, FormulaKey)
        number, unit = read_number(problem.answer) or (0.0, "")
        width = problem.key.high - problem.key.low
        for wrong in (number + width + 0.01, -number - 0.01, number * 1000, number / 10):
            if not problem.key.low <= wrong <= problem.key.high:
                assert says(problem, f"{wrong:.6f} {unit}".strip()) is False, (problem.answer, wrong)
        strange = "mmHg" if unit != "mmHg" else "kg"
        assert says(problem, f"{number} {strange}") is False


ETHANOL = graph("name_smiles", "CCO")
ALANINE = graph("name_smiles", "C[C@@H](C(=O)O)N")
BURN = graph("balance", "C3H8 + 5 O2 -> 3 CO2 + 4 H2O")
SALT = graph("ionic_formula", "Fe2(SO4)3")
MASS = Problem(kind="molar_mass", question="?", answer="18.015 g/mol", anchor="formula:H2O", key=FormulaKey(
    formula="molar_mass", inputs={"formula": "H2O"}, unit="g/mol", low=17.997, high=18.033))  # fmt: skip
HEAT = Problem(kind="reaction_enthalpy", question="?", answer="-890.5 kJ", anchor="a", key=FormulaKey(
    formula="reaction_enthalpy", inputs={}, unit="kJ", low=-893, high=-888))  # fmt: skip


@pytest.mark.parametrize(
    ("problem", "answer", "right"),
    [
        (ETHANOL, "OCC", True), (ETHANOL, "C(C)O", True), (ETHANOL, "[CH3][CH2][OH]", True), (ETHANOL, "COC", False),
        (ETHANOL, "CC", False), (ETHANOL, "CCO CCO", False), (ETHANOL, "ethanol", False), (ETHANOL, "CCO.O", False),
        (ETHANOL, "C" * 5000, False), (ETHANOL, "C" * 299, False), (ETHANOL, "C1CC", False),
        (ALANINE, "N[C@@H](C)C(=O)O", True), (ALANINE, "C[C@H](C(=O)O)N", False), (ALANINE, "CC(C(=O)O)N", False),
        (BURN, "2 C3H8 + 10 O2 → 6 CO2 + 8 H2O", True), (BURN, "C3H8 + 5O2 = 4H2O + 3CO2", True),
        (BURN, "3 CO2 + 4 H2O -> C3H8 + 5 O2", False), (BURN, "C3H8 + 5 O2 -> 3 CO2 + 3 H2O", False),
        (BURN, "C3H8 + 3.5 O2 -> 3 CO + 4 H2O", False), (BURN, "2 C3H8 + 7 O2 -> 6 CO + 8 H2O", False),
        (BURN, "C3H8 + O2 -> CO2 + H2O", False), (BURN, "0 C3H8 + 0 O2 -> 0 CO2 + 0 H2O", False),
        (BURN, "C3H8 + 2 O2 + 3 O2 -> 3 CO2 + 4 H2O", False),
        (SALT, "Fe2(SO4)3", True), (SALT, "Fe₂(SO₄)₃", True), (SALT, "Fe2S3O12", True), (SALT, "FeSO4", False),
        (SALT, "Fe2SO43", False), (SALT, "Fe2(SO4)3^+", False), (SALT, "iron sulfate", False),
        (MASS, "18.015 g/mol", True), (MASS, "18.02", True), (MASS, "18.015 g mol^-1", True), (MASS, "18.015 g·mol⁻¹", True),
        (MASS, "18.015 grams per mole", True), (MASS, "M(H2O) = 18.015 g/mol", True), (MASS, "18.015 Da", True),
        (MASS, "18.015 kg/mol", False), (MASS, "18015 mg/mol", False), (MASS, "18", True), (MASS, "18.1 g/mol", False),
        (MASS, "18.015 kJ", False), (MASS, "17 to 19 g/mol", False),
        (HEAT, "-890.5 kJ", True), (HEAT, "−890.5 kJ/mol", True), (HEAT, "-890.5 kilojoules", True), (HEAT, "-8.905e2 kJ", True),
        (HEAT, "890.5 kJ", False), (HEAT, "-890.5 kcal", False), (HEAT, "-890500 kJ", False), (HEAT, "-890.5 J", False),
        (HEAT, "-212.8 kcal", False),
    ],
)  # fmt: skip
def test_named_near_misses(problem: Problem, answer: str, right: bool) -> None:
    assert says(problem, answer) is right


def garbage() -> list[str]:
    rng = Random(7)
    letters = "CNOH()[]=#@+-/\\.0123456789 \t\n\x00\u202e\u200bεΩ→∞½" + "{}$^_%&<>"
    made = ["".join(rng.choice(letters) for _ in range(rng.randint(1, 120))) for _ in range(150)]
    made += [
        "nan",
        "inf",
        "-inf",
        "1e999",
        "NaN g/mol",
        "\u202e5.18",
        "()" * 500,
        "[" * 900,
        "C1" * 400,
        "(" * 1999,
        "+" * 1500,
    ]
    made += [
        "a" * 1_000_000,
        "9" * 1_000_000,
        "C" * 1_000_000,
        "C(" * 500_000,
        "->" * 900,
        " + ".join(["H2O"] * 300),
        "\x00" * 500,
    ]
    made += [
        "[C@@@@]",
        "[999C]",
        "C%",
        "C%999",
        "[Xx]",
        "C:::C",
        "((((((((C))))))))",
        "H2O" * 500,
        "2" * 600 + " H2 -> H2",
    ]
    return made + [f"{n}e{n}" for n in range(400, 430)]


@pytest.mark.parametrize("kind", KINDS)
def test_garbage_is_refused_quickly_and_nothing_raises(posed: dict[str, list[Problem]], kind: str) -> None:
    problem = posed[kind][0]
    texts = garbage()
    assert len(texts) >= 200
    started = time.monotonic()
    for text in texts:
        assert says(problem, text) is False, text[:80]
        opinion = second_opinion(problem, Trace(text="", reasoning="", answer=text))
        assert opinion is None or opinion.correct is False, text[:80]
    assert time.monotonic() - started < 5


def test_no_answer_is_wrong_and_a_problem_of_another_pack_is_left_to_others() -> None:
    other = Problem(kind="x", question="?", answer="A", anchor="a", key=ChoiceKey(index=0))
    assert verify(other, Trace(text="", reasoning="", answer="A")) is None
    assert second_opinion(other, Trace(text="", reasoning="", answer="A")) is None
    assert says(MASS, None) is False
