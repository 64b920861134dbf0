"""Formulas and equations are read by what they hold, and balanced exactly."""

from __future__ import annotations

import pytest
from srm_pack_chemistry.composition import atoms, composition, counted, hill
from srm_pack_chemistry.equations.matrix import balances, read_equation, same_species
from srm_pack_chemistry.equations.null_space import coefficients
from srm_pack_chemistry.equations.reactions import reactions
from srm_pack_chemistry.ions import ANIONS, CATIONS, salts
from srm_pack_chemistry.problems.balance import _counted

from srm_core.calculator import evaluate


@pytest.mark.parametrize(
    ("text", "held", "charge"),
    [
        ("H2O", {"H": 2, "O": 1}, 0),
        ("Ca(OH)2", {"Ca": 1, "H": 2, "O": 2}, 0),
        ("Fe4[Fe(CN)6]3", {"C": 18, "Fe": 7, "N": 18}, 0),
        ("CuSO4·5H2O", {"Cu": 1, "H": 10, "O": 9, "S": 1}, 0),
        ("C₂H₆O", {"C": 2, "H": 6, "O": 1}, 0),
        ("$\\mathrm{C_6H_{12}O_6}$", {"C": 6, "H": 12, "O": 6}, 0),
        ("SO4^2-", {"O": 4, "S": 1}, -2),
        ("SO₄²⁻", {"O": 4, "S": 1}, -2),
        ("Na+", {"Na": 1}, 1),
        ("Fe^{3+}", {"Fe": 1}, 3),
    ],
)
def test_a_formula_is_read_as_atoms_and_charge(text: str, held: dict[str, int], charge: int) -> None:
    assert composition(text) == (tuple(sorted(held.items())), charge)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Xx2",
        "H2O or CO2",
        "water",
        "h2o",
        "C2H6O)",
        "(C2H6O",
        "()2",
        "H0",
        "C999999",
        "2",
        "(" * 30 + "H",
        "A" * 1000,
    ],
)
def test_what_is_no_formula_is_none(text: str) -> None:
    assert composition(text) is None


def test_hill_order_puts_carbon_and_hydrogen_first() -> None:
    assert hill({"O": 1, "H": 6, "C": 2}) == "C2H6O"
    assert hill({"S": 1, "O": 4, "H": 2}) == "H2O4S"


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [  # textbook equations, counted by hand
        (("H2", "O2"), ("H2O",), (2, 1, 2)),
        (("C3H8", "O2"), ("CO2", "H2O"), (1, 5, 3, 4)),
        (("Fe", "O2"), ("Fe2O3",), (4, 3, 2)),
        (("KMnO4", "HCl"), ("KCl", "MnCl2", "H2O", "Cl2"), (2, 16, 2, 2, 8, 5)),
        (("NH3", "O2"), ("NO", "H2O"), (4, 5, 4, 6)),
        (("MnO4^-", "Fe^2+", "H^+"), ("Mn^2+", "Fe^3+", "H2O"), (1, 5, 8, 1, 5, 4)),
        (("H2O",), ("CO2",), None),
        (("C", "H2", "O2"), ("CO2", "CO", "H2O", "CH4"), None),  # more than one independent way
    ],
)
def test_the_null_space_gives_the_smallest_whole_coefficients(left, right, expected) -> None:
    assert coefficients(left, right) == expected


@pytest.mark.parametrize(
    "text",
    [
        "C3H8 + 5 O2 -> 3 CO2 + 4 H2O", "C3H8 + 5O2 = 3CO2 + 4H2O", "C₃H₈ + 5 O₂ → 3 CO₂ + 4 H₂O",
        "2 C3H8 + 10 O2 -> 6 CO2 + 8 H2O", "5 O2 + C3H8 --> 4 H2O + 3 CO2", "C3H8(g) + 5 O2(g) ⟶ 3 CO2(g) + 4 H2O(l)",
        "$C_3H_8 + 5O_2 \\rightarrow 3CO_2 + 4H_2O$", "C3H8+5O2->3CO2+4H2O", "**C3H8 + 5 O2 -> 3 CO2 + 4 H2O**.",
    ],
)  # fmt: skip
def test_an_equation_in_any_notation_and_multiple_balances(text: str) -> None:
    read, gold = read_equation(text), read_equation("C3H8 + 5 O2 -> 3 CO2 + 4 H2O")
    assert read is not None
    assert gold is not None
    assert balances(read)
    assert same_species(read, gold)


def test_charge_must_balance_too() -> None:
    for text, right in (("Ag+ + Cu -> Ag + Cu^2+", False), ("2 Ag+ + Cu -> 2 Ag + Cu^2+", True)):
        read = read_equation(text)
        assert read is not None
        assert balances(read) is right


@pytest.mark.parametrize(
    "text",
    ["", "H2 + O2", "0.5 O2 + H2 -> H2O", "H2 -> O2 -> H2O", "-1 H2 -> H2", "H2 + -> H2O", "0 H2 -> H2", "x" * 10_000],
)
def test_what_is_no_equation_is_none(text: str) -> None:
    assert read_equation(text) is None


def test_every_generated_reaction_balances_by_the_matrix_and_ions_make_neutral_salts() -> None:
    assert len(reactions()) >= 2000
    for one in reactions():
        read = read_equation(one.balanced)
        assert read is not None
        assert balances(read), one.balanced
    assert len(salts()) >= 1500
    for made in salts():
        assert made.cations * made.cation.charge + made.anions * made.anion.charge == 0
        assert composition(made.formula) is not None
    assert len({ion.curie for ion in (*CATIONS, *ANIONS)}) == len(CATIONS) + len(ANIONS)


@pytest.mark.parametrize(
    ("name", "formula"),
    [("iron(III) sulfate", "Fe2(SO4)3"), ("ammonium phosphate", "(NH4)3PO4"), ("calcium nitride", "Ca3N2"),
     ("tin(IV) oxide", "SnO2"), ("sodium hydrogencarbonate", "NaHCO3")],
)  # fmt: skip
def test_a_salt_is_written_as_in_the_textbook(name: str, formula: str) -> None:
    assert {made.formula for made in salts() if made.name == name} == {formula}


def test_atoms_are_counted_in_the_order_of_the_formula() -> None:
    assert counted("Ca3(PO4)2") == {"Ca": "3", "P": "2", "O": "2 * 4"}
    assert counted("NH4NO3") == {"N": "1 + 1", "H": "4", "O": "3"}
    assert counted("K4[Fe(CN)6]") == {"K": "4", "Fe": "1", "C": "6", "N": "6"}
    for formula in [one.formula for one in salts()]:
        assert {symbol: evaluate(count) for symbol, count in counted(formula).items()} == dict(atoms(formula))
    with pytest.raises(ValueError, match="no formula to count"):
        counted("CuSO4·5H2O")


@pytest.mark.parametrize(
    ("equation", "worked"),
    [
        ("C6H12O2 + 8 O2 -> 6 CO2 + 6 H2O", "1 C6H12O2: CO2 6, H2O <<12 / 2=6>>, O2 <<(2 * 6 + 6 - 2) / 2=8>>."),
        (
            "4 CH5N + 9 O2 -> 4 CO2 + 10 H2O + 2 N2",
            "1 CH5N: CO2 1, H2O <<5 / 2=2.5>>, N2 <<1 / 2=0.5>>, O2 <<(2 * 1 + 2.5 - 0) / 2=2.25>>.\n"
            "Times 4: CH5N 4, CO2 <<4 * 1=4>>, H2O <<4 * 2.5=10>>, N2 <<4 * 0.5=2>>, O2 <<4 * 2.25=9>>.",
        ),
        (
            "2 La + 3 F2 -> 2 LaF3",
            "1 LaF3: La <<1 / 1=1>>, F2 <<3 / 2=1.5>>.\nTimes 2: LaF3 2, La <<2 * 1=2>>, F2 <<2 * 1.5=3>>.",
        ),
        (
            "2 H3PO4 + 3 Ca(OH)2 -> Ca3(PO4)2 + 6 H2O",
            "H3PO4 brings 3, Ca(OH)2 2, total 6: <<6/3=2>> H3PO4 + <<6/2=3>> Ca(OH)2 -> 1 Ca3(PO4)2 + 6 H2O",
        ),
    ],
)
def test_an_equation_is_worked_for_one_unit_or_by_charge_and_then_made_whole(equation: str, worked: str) -> None:
    [one] = [each for each in reactions() if each.balanced == equation]
    assert _counted(one) == worked
