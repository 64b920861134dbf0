"""The table of formulas: worked expressions against independent values, and values worked out by hand."""

from __future__ import annotations

from random import Random

import pytest
from srm_pack_chemistry.calculations.conversions import CONVERSIONS
from srm_pack_chemistry.calculations.problems import CALCULATED, FORMULAS
from srm_pack_chemistry.calculations.values import VALUES, value

from srm_core.calculator import MAX_LENGTH, evaluate
from srm_core.formulas.drawing import draw_any, sensible
from srm_core.formulas.working import work


@pytest.mark.parametrize("name", FORMULAS)
def test_the_worked_expression_agrees_with_the_independent_value_on_random_inputs(name: str) -> None:
    formula, rng = FORMULAS[name], Random(name)
    tried = 0
    while tried < 200:
        inputs = draw_any(formula, rng)
        if not sensible(formula, inputs, value):
            continue
        tried += 1
        worked = work(formula, inputs)
        assert len(worked.expression) <= MAX_LENGTH
        assert evaluate(worked.expression) == pytest.approx(value(formula, inputs), rel=5e-4), inputs


@pytest.mark.parametrize(
    ("name", "inputs", "expected"),
    [  # worked by hand; where a textbook has the number, it is named
        ("molarity", {"moles": 0.5, "volume": 2.0}, 0.25),
        ("molarity_from_mass", {"mass": 58.5, "molar_mass": 58.5, "volume": 0.5}, 2),
        ("mass_for_solution", {"molarity": 0.1, "volume": 0.5, "molar_mass": 40.0}, 2),
        ("amount", {"mass": 36.0, "molar_mass": 18.0}, 2),
        ("dilution_concentration", {"first": 12.0, "taken": 50.0, "final": 600.0}, 1),
        ("dilution_volume", {"wanted": 0.5, "final": 300.0, "stock": 10.0}, 15),
        ("molality", {"moles": 1.5, "solvent": 0.5}, 3),
        ("mass_percent", {"solute": 25.0, "solvent": 100.0}, 20),
        ("freezing_point_depression", {"factor": 2.0, "constant": 1.86, "molality": 1.0}, 3.72),
        ("boiling_point_elevation", {"factor": 2.0, "constant": 0.51, "molality": 1.0}, 1.02),
        ("osmotic_pressure", {"molarity": 1.0, "temperature": 300.0}, 2494.2),
        ("raoult_pressure", {"fraction": 0.9, "pure": 10.0}, 9),
        ("ph_strong_acid", {"acid": 10.0}, 2),
        ("ph_strong_base", {"base": 10.0}, 12),
        ("ph_buffer", {"pka": 4.76, "base": 0.1, "acid": 0.1}, 4.76),
        ("ph_weak_acid", {"pka": 4.76, "acid": 0.1}, 2.88),  # acetic acid, 0.1 mol/L
        ("poh", {"ph": 3.0}, 11),
        ("titration", {"titrant": 0.1, "used": 25.0, "sample": 50.0, "ratio": 2.0}, 0.1),
        ("beer_lambert", {"absorptivity": 6.22, "concentration": 0.1, "path": 1.0}, 0.622),  # NADH at 340 nm
        ("ideal_gas_pressure", {"moles": 1.0, "temperature": 273.15, "volume": 22.414}, 101.32),
        ("ideal_gas_volume", {"moles": 1.0, "temperature": 273.15, "pressure": 101.325}, 22.41),  # molar volume
        ("ideal_gas_amount", {"pressure": 101.325, "volume": 22.414, "temperature": 273.15}, 1),
        ("boyle", {"pressure": 100.0, "before": 10.0, "after": 5.0}, 200),
        ("charles", {"volume": 3.0, "before": 300.0, "after": 400.0}, 4),
        ("combined_gas", {"pressure": 100.0, "before": 10.0, "after": 5.0, "cold": 300.0, "warm": 450.0}, 300),
        ("gas_density", {"pressure": 101.325, "molar_mass": 28.97, "temperature": 273.15}, 1.2925),  # air
        ("graham", {"light": 2.0, "heavy": 32.0}, 4),  # hydrogen against oxygen
        ("partial_pressure", {"part": 1.0, "whole": 4.0, "pressure": 100.0}, 25),
        ("heat", {"mass": 100.0, "capacity": 4.18, "change": 10.0}, 4180),
        ("gibbs", {"enthalpy": -92.2, "temperature": 298.0, "entropy": -198.7}, -32.99),  # ammonia, Atkins
        ("equilibrium_gibbs", {"temperature": 298.0, "constant": 10.0}, -5.705),
        ("equilibrium_constant", {"gibbs": -5.705, "temperature": 298.0}, 10),
        ("turnover_temperature", {"enthalpy": 178.0, "entropy": 160.0}, 1112.5),
        ("cell_gibbs", {"electrons": 2.0, "potential": 1.1}, -212.27),  # Daniell cell
        ("cell_potential", {"cathode": 0.34, "anode": -0.76}, 1.1),  # Daniell cell
        ("nernst", {"standard": 1.1, "temperature": 298.0, "electrons": 2.0, "quotient": 100.0}, 1.0409),
        ("electrolysis", {"current": 10.0, "time": 965.0, "molar_mass": 63.5, "electrons": 2.0}, 3.1754),
        ("first_order_half_life", {"rate": 0.01}, 69.31),
        ("first_order_left", {"start": 2.0, "rate": 0.1, "time": 10.0}, 0.73576),
        ("second_order_left", {"start": 1.0, "rate": 0.1, "time": 10.0}, 0.5),
        ("arrhenius_ratio", {"energy": 50.0, "cold": 298.0, "warm": 308.0}, 1.926),  # about twice for 10 K
        ("percent_yield", {"actual": 40.0, "theory": 100.0}, 40),
        ("mass_fraction", {"atoms": 4.0, "atom": 12.0, "molar_mass": 480.0}, 10),
        ("atom_economy", {"wanted": 60.0, "every": 240.0}, 25),
        ("photon_energy", {"wavelength": 500.0}, 239.25),
        ("unsaturation", {"carbon": 6.0, "hydrogen": 6.0, "halogen": 0.0, "nitrogen": 0.0}, 4),  # benzene
        ("kj_to_kcal", {"value": 4.184}, 1),
        ("kcal_to_kj", {"value": 10.0}, 41.84),
        ("cal_to_j", {"value": 10.0}, 41.84),
        ("ev_to_kj", {"value": 13.6}, 1312.2),  # hydrogen
        ("kj_to_ev", {"value": 1312.2}, 13.6),
        ("kelvin_to_celsius", {"value": 373.15}, 100),
        ("celsius_to_kelvin", {"value": 25.0}, 298.15),
        ("fahrenheit_to_celsius", {"value": 212.0}, 100),
        ("atm_to_kpa", {"value": 2.0}, 202.65),
        ("kpa_to_atm", {"value": 202.65}, 2),
        ("mmhg_to_kpa", {"value": 760.0}, 101.325),
        ("bar_to_atm", {"value": 1.01325}, 1),
        ("angstrom_to_pm", {"value": 1.54}, 154),  # C-C bond
        ("ml_to_l", {"value": 250.0}, 0.25),
        ("mg_to_g", {"value": 325.0}, 0.325),
        ("moles_to_volume", {"value": 2.0}, 45.42),
    ],
)  # fmt: skip
def test_a_value_worked_out_by_hand_is_reproduced(name: str, inputs: dict[str, float], expected: float) -> None:
    assert value(FORMULAS[name], inputs) == pytest.approx(expected, rel=1e-3)
    assert evaluate(work(FORMULAS[name], inputs).expression) == pytest.approx(expected, rel=1e-3)


def test_every_formula_has_a_value_a_source_and_a_place_in_the_list_above() -> None:
    checked = {case[0] for case in test_a_value_worked_out_by_hand_is_reproduced.pytestmark[0].args[1]}  # type: ignore[attr-defined]
    assert checked == set(FORMULAS) == set(VALUES)
    assert all(formula.source for formula in FORMULAS.values())


def test_some_formulas_of_each_table_are_held_out_and_enough_are_core() -> None:
    for table in (CALCULATED, CONVERSIONS):
        hidden = sum(formula.held_out for formula in table) / len(table)
        assert 0.08 < hidden < 0.3
        assert sum(formula.core and not formula.held_out for formula in table) >= 10
