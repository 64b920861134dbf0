"""Units of length, angle, time and mass that astronomers change between."""

from __future__ import annotations

from srm_core.formulas.formula import Formula, number

from .inputs import plain

_IAU = "IAU 2012 B2 and 2015 B2/B3; BIPM SI brochure 9"


def _convert(
    name: str,
    label: str,
    unit: str,
    to: str,
    factor: str,
    low: float,
    high: float,
    step: float,
    *,
    core: bool = False,
    held_out: bool = False,
) -> Formula:
    """Return the conversion of ``label`` from ``unit``; ``factor`` begins with its operator."""
    given = number("value", label, unit, low, high, step)
    line = f"{label} in {unit} {factor[0]} {factor[1:]}"
    return plain(name, label, to, (given,), line, f"{{value}}{factor}", _IAU, core=core, held_out=held_out)


_HMS = (
    number("hours", "hours", "h", 0, 23),
    number("minutes", "minutes", "min", 0, 59),
    number("seconds", "seconds", "s", 0, 59.9, 0.1),
)
_DMS = (
    number("degrees", "degrees", "degrees", 1, 89),
    number("arcminutes", "arcminutes", "arcmin", 0, 59),
    number("arcseconds", "arcseconds", "arcsec", 0, 59),
)

CONVERSIONS = (
    _convert("pc_to_ly", "distance", "pc", "ly", "*3.26156", 1, 900, 0.5, core=True),
    _convert("ly_to_pc", "distance", "ly", "pc", "/3.26156", 4, 3000, 1, core=True),
    _convert("ly_to_au", "distance", "ly", "AU", "*63241.1", 0.1, 15, 0.05),
    _convert("kpc_to_ly", "distance", "kpc", "ly", "*3261.56", 0.5, 90, 0.05),
    _convert("au_to_light_minutes", "distance", "AU", "light-minutes", "*8.31675", 0.2, 45, 0.05, core=True),
    _convert("light_minutes_to_au", "distance", "light-minutes", "AU", "/8.31675", 2, 400, 0.5, core=True),
    _convert("au_to_ly", "distance", "AU", "ly", "/63241.1", 2000, 600000, 500, held_out=True),
    _convert("deg_to_arcmin", "angle", "degrees", "arcmin", "*60", 0.05, 20, 0.05, core=True),
    _convert("arcsec_to_arcmin", "angle", "arcsec", "arcmin", "/60", 5, 3000, 5, core=True),
    _convert("arcsec_to_deg", "angle", "arcsec", "degrees", "/3600", 100, 90000, 50),
    _convert("hours_to_degrees", "right ascension", "h", "degrees", "*15", 0.05, 23.95, 0.05, core=True),
    _convert("degrees_to_hours", "right ascension", "degrees", "h", "/15", 1, 359.5, 0.5, core=True),
    _convert("days_to_years", "period", "days", "years", "/365.25", 10, 60000, 10),
    _convert("earth_to_jupiter_masses", "mass", "Earth masses", "Jupiter masses", "/317.83", 5, 4000, 5),
    _convert("jupiter_to_earth_masses", "mass", "Jupiter masses", "Earth masses", "*317.83", 0.05, 30, 0.05),
    plain("hms_to_degrees", "right ascension from hours, minutes and seconds", "degrees", _HMS,
          "15 * (hours + minutes / 60 + seconds / 3600)", "15*({hours}+{minutes}/60+{seconds}/3600)", _IAU,
          tolerance=0.002, core=True),
    plain("dms_to_degrees", "angle from degrees, arcminutes and arcseconds", "degrees", _DMS,
          "degrees + arcminutes / 60 + arcseconds / 3600", "{degrees}+{arcminutes}/60+{arcseconds}/3600", _IAU,
          tolerance=0.002, core=True),
    plain("hms_to_hours", "right ascension in decimal hours", "h", _HMS,
          "hours + minutes / 60 + seconds / 3600", "{hours}+{minutes}/60+{seconds}/3600", _IAU,
          tolerance=0.002, held_out=True),
)  # fmt: skip
