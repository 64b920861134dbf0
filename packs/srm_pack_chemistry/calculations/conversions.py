"""Conversions of the units that chemistry uses, by the exact factors of the SI (NIST SP 330 and SP 811)."""

from __future__ import annotations

from srm_core.formulas.formula import Formula, number, plain

_SI = "NIST SP 811"


def _row(
    name: str,
    label: str,
    given: tuple[str, float, float, float],
    unit: str,
    before: str,
    after: str,
    *,
    tolerance: float = 0.005,
    core: bool = False,
    held_out: bool = False,
) -> Formula:
    """Return the conversion of ``label`` from the unit ``given`` (with its range and step) to ``unit``."""
    source, low, high, step = given
    return plain(
        name,
        label,
        unit,
        (number("value", label, source, low, high, step),),
        f"{before}{label} ({source}){after}",
        f"{before}{{value}}{after}".replace(" ", ""),
        _SI,
        tolerance=tolerance,
        core=core,
        held_out=held_out,
    )


CONVERSIONS = (
    _row("kj_to_kcal", "energy", ("kJ", 5, 900, 0.5), "kcal", "", " / 4.184", core=True),
    _row("kcal_to_kj", "energy", ("kcal", 5, 300, 0.5), "kJ", "", " * 4.184", core=True),
    _row("cal_to_j", "heat", ("cal", 5, 900, 0.5), "J", "", " * 4.184", core=True),
    _row("ev_to_kj", "energy of a particle", ("eV", 0.5, 25, 0.01), "kJ/mol", "", " * 96.485", core=True),
    _row("kj_to_ev", "molar energy", ("kJ/mol", 50, 2500, 1), "eV", "", " / 96.485", held_out=True),
    _row("kelvin_to_celsius", "temperature", ("K", 290, 1500, 0.5), "°C", "", " - 273.15", tolerance=0.001, core=True),
    _row("celsius_to_kelvin", "temperature", ("°C", -120, 900, 0.5), "K", "", " + 273.15", tolerance=0.0005, core=True),
    _row("fahrenheit_to_celsius", "temperature", ("°F", 40, 900, 0.5), "°C", "(", " - 32) / 1.8", held_out=True,
          core=True),
    _row("atm_to_kpa", "pressure", ("atm", 0.2, 20, 0.01), "kPa", "", " * 101.325", core=True),
    _row("kpa_to_atm", "pressure", ("kPa", 20, 2000, 1), "atm", "", " / 101.325", core=True),
    _row("mmhg_to_kpa", "pressure", ("mmHg", 100, 2000, 1), "kPa", "", " * 0.133322", core=True),
    _row("bar_to_atm", "pressure", ("bar", 0.5, 60, 0.1), "atm", "", " / 1.01325", tolerance=0.003, held_out=True,
          core=True),
    _row("angstrom_to_pm", "bond length", ("Å", 0.5, 9, 0.01), "pm", "", " * 100", core=True),
    _row("ml_to_l", "volume", ("mL", 50, 5000, 5), "L", "", " / 1000", core=True),
    _row("mg_to_g", "mass", ("mg", 50, 9000, 5), "g", "", " / 1000", core=True),
    _row("moles_to_volume", "amount", ("mol", 0.1, 12, 0.05), "L", "22.711 * ", "", core=True),
)  # fmt: skip
