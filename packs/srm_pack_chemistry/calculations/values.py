"""Gold values of the formulas: plain functions that share nothing with the templates. Units are those of the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from srm_core.formulas.formula import Formula, Inputs

R = 8.314  # J/(mol K), as the table says it
F = 96.485  # kC/mol


def value(formula: Formula, inputs: Inputs) -> float:
    """Return the value of ``formula`` in its unit.

    Raises:
        KeyError: an input that the formula needs is missing.
    """
    return VALUES[formula.name]({name: float(given) for name, given in inputs.items()})


def _gibbs(v: Mapping[str, float]) -> float:
    return v["enthalpy"] - v["entropy"] * v["temperature"] / 1000.0


def _combined(v: Mapping[str, float]) -> float:
    compressed = v["before"] / v["after"]
    heated = v["warm"] / v["cold"]
    return v["pressure"] * compressed * heated


def _rings_and_double_bonds(v: Mapping[str, float]) -> float:
    full = 2 * (v["carbon"] + 1) + v["nitrogen"]
    return (full - v["hydrogen"] - v["halogen"]) / 2


VALUES: Mapping[str, Callable[[Mapping[str, float]], float]] = MappingProxyType({
    "molarity": lambda v: v["moles"] / v["volume"],
    "molarity_from_mass": lambda v: v["mass"] / (v["molar_mass"] * v["volume"]),
    "mass_for_solution": lambda v: v["molar_mass"] * (v["molarity"] * v["volume"]),
    "amount": lambda v: v["mass"] / v["molar_mass"],
    "dilution_concentration": lambda v: v["first"] / (v["final"] / v["taken"]),
    "dilution_volume": lambda v: v["final"] / (v["stock"] / v["wanted"]),
    "molality": lambda v: v["moles"] / v["solvent"],
    "mass_percent": lambda v: 100 / (1 + v["solvent"] / v["solute"]),
    "freezing_point_depression": lambda v: v["molality"] * v["constant"] * v["factor"],
    "boiling_point_elevation": lambda v: v["molality"] * v["constant"] * v["factor"],
    "osmotic_pressure": lambda v: v["molarity"] * R * v["temperature"],
    "raoult_pressure": lambda v: v["pure"] * v["fraction"],
    "ph_strong_acid": lambda v: -math.log10(v["acid"] / 1000),
    "ph_strong_base": lambda v: 14 + math.log10(v["base"] / 1000),
    "ph_buffer": lambda v: v["pka"] - math.log10(v["acid"] / v["base"]),
    "ph_weak_acid": lambda v: -math.log10(math.sqrt(10 ** -v["pka"] * v["acid"])),
    "poh": lambda v: 14 - v["ph"],
    "titration": lambda v: v["ratio"] * (v["used"] / v["sample"]) * v["titrant"],
    "beer_lambert": lambda v: v["concentration"] * v["absorptivity"] * v["path"],
    "ideal_gas_pressure": lambda v: v["moles"] * R * v["temperature"] / v["volume"],
    "ideal_gas_volume": lambda v: v["moles"] * R * v["temperature"] / v["pressure"],
    "ideal_gas_amount": lambda v: v["volume"] * v["pressure"] / v["temperature"] / R,
    "boyle": lambda v: v["before"] / v["after"] * v["pressure"],
    "charles": lambda v: v["after"] / v["before"] * v["volume"],
    "combined_gas": _combined,
    "gas_density": lambda v: v["molar_mass"] / (R * v["temperature"] / v["pressure"]),
    "graham": lambda v: math.sqrt(v["heavy"]) / math.sqrt(v["light"]),
    "partial_pressure": lambda v: v["part"] / v["whole"] * v["pressure"],
    "heat": lambda v: v["change"] * v["capacity"] * v["mass"],
    "gibbs": _gibbs,
    "equilibrium_gibbs": lambda v: -R * v["temperature"] * math.log(v["constant"]) / 1000,
    "equilibrium_constant": lambda v: math.exp(-1000 * v["gibbs"] / (R * v["temperature"])),
    "turnover_temperature": lambda v: v["enthalpy"] / v["entropy"] * 1000,
    "cell_gibbs": lambda v: -F * v["electrons"] * v["potential"],
    "cell_potential": lambda v: v["cathode"] - v["anode"],
    "nernst": lambda v: v["standard"] - R * v["temperature"] * math.log(v["quotient"]) / (v["electrons"] * F * 1000),
    "electrolysis": lambda v: v["current"] * v["time"] / (F * 1000) / v["electrons"] * v["molar_mass"],
    "first_order_half_life": lambda v: math.log(2) / v["rate"],
    "first_order_left": lambda v: v["start"] / math.exp(v["rate"] * v["time"]),
    "second_order_left": lambda v: 1 / (1 / v["start"] + v["rate"] * v["time"]),
    "arrhenius_ratio": lambda v: math.exp(1000 * v["energy"] / R * (v["warm"] - v["cold"]) / (v["warm"] * v["cold"])),
    "percent_yield": lambda v: v["actual"] / v["theory"] * 100,
    "mass_fraction": lambda v: v["atom"] * v["atoms"] / v["molar_mass"] * 100,
    "atom_economy": lambda v: v["wanted"] / v["every"] * 100,
    "photon_energy": lambda v: 6.02214076e23 * 6.62607015e-34 * 299792458 / (v["wavelength"] * 1e-9) / 1000,
    "unsaturation": _rings_and_double_bonds,
    "kj_to_kcal": lambda v: 1000 * v["value"] / 4184,
    "kcal_to_kj": lambda v: v["value"] * 4184 / 1000,
    "cal_to_j": lambda v: v["value"] * 4184 / 1000,
    "ev_to_kj": lambda v: v["value"] * F,
    "kj_to_ev": lambda v: v["value"] / F,
    "kelvin_to_celsius": lambda v: v["value"] - 273.15,
    "celsius_to_kelvin": lambda v: v["value"] + 273.15,
    "fahrenheit_to_celsius": lambda v: (v["value"] - 32) * 5 / 9,
    "atm_to_kpa": lambda v: v["value"] * 101325 / 1000,
    "kpa_to_atm": lambda v: v["value"] * 1000 / 101325,
    "mmhg_to_kpa": lambda v: v["value"] / 760 * 101.325,
    "bar_to_atm": lambda v: v["value"] * 100000 / 101325,
    "angstrom_to_pm": lambda v: v["value"] * 1e-10 / 1e-12,
    "ml_to_l": lambda v: v["value"] * 1e-3,
    "mg_to_g": lambda v: v["value"] * 1e-3,
    "moles_to_volume": lambda v: v["value"] * R * 273.15 / 100,
})  # fmt: skip
