"""Unit conversions: ``second = first * factor + offset``, one row a quantity.

Factors for amounts of substance follow the molar masses in Young and Huth (1998), SI Units for Clinical Measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from srm_core.calculator import format_number


@dataclass(frozen=True)
class Conversion:
    """One quantity in two units. ``low``, ``high`` and ``step`` are in the first unit."""

    quantity: str
    label: str
    first: str
    second: str
    factor: float
    low: float
    high: float
    step: float
    offset: float = 0.0
    held_out: bool = False
    tolerance: float = 0.01
    source: str = "Young and Huth 1998, SI Units for Clinical Measurement"


_EXACT = "International System of Units, BIPM brochure, 9th edition"
_ROWS = (
    Conversion("glucose", "glucose", "mg/dL", "mmol/L", 0.0555, 50, 500, 1),
    Conversion("creatinine", "creatinine", "mg/dL", "µmol/L", 88.4, 0.4, 9, 0.1),
    Conversion("cholesterol", "cholesterol", "mg/dL", "mmol/L", 0.02586, 80, 350, 1),
    Conversion("triglycerides", "triglycerides", "mg/dL", "mmol/L", 0.01129, 40, 600, 1),
    Conversion("bilirubin", "bilirubin", "mg/dL", "µmol/L", 17.1, 0.2, 25, 0.1),
    Conversion("calcium", "calcium", "mg/dL", "mmol/L", 0.2495, 6, 15, 0.1),
    Conversion("urea", "blood urea nitrogen (BUN)", "mg/dL", "mmol/L", 0.357, 5, 120, 1),
    Conversion("uric_acid", "uric acid", "mg/dL", "µmol/L", 59.48, 2, 14, 0.1, held_out=True),
    Conversion("phosphate", "phosphate", "mg/dL", "mmol/L", 0.3229, 1, 9, 0.1, held_out=True),
    Conversion("magnesium", "magnesium", "mg/dL", "mmol/L", 0.4114, 0.8, 5, 0.1),
    Conversion("albumin", "albumin", "g/dL", "g/L", 10, 1.5, 5.5, 0.1),
    Conversion("hemoglobin", "hemoglobin", "g/dL", "mmol/L", 0.6206, 5, 19, 0.1),
    Conversion("iron", "iron", "µg/dL", "µmol/L", 0.179, 15, 250, 1),
    Conversion("lactate", "lactate", "mg/dL", "mmol/L", 0.111, 5, 120, 1, held_out=True),
    Conversion("vitamin_d", "25-hydroxyvitamin D", "ng/mL", "nmol/L", 2.496, 5, 100, 1),
    Conversion("vitamin_b12", "vitamin B12", "pg/mL", "pmol/L", 0.738, 100, 1200, 5),
    Conversion("folate", "folate", "ng/mL", "nmol/L", 2.266, 1, 25, 0.1),
    Conversion("cortisol", "cortisol", "µg/dL", "nmol/L", 27.59, 1, 50, 0.1, held_out=True),
    Conversion("thyroxine", "thyroxine", "µg/dL", "nmol/L", 12.87, 2, 20, 0.1),
    Conversion("ammonia", "ammonia", "µg/dL", "µmol/L", 0.587, 15, 300, 1),
    Conversion("digoxin", "digoxin", "ng/mL", "nmol/L", 1.281, 0.3, 4, 0.1),
    Conversion(
        "hba1c",
        "hemoglobin A1c",
        "%",
        "mmol/mol",
        10.93,
        4.5,
        14,
        0.1,
        offset=-23.5,
        source="Hoelzel 2004, Clin Chem 50:166",
    ),
    Conversion("weight", "weight", "lb", "kg", 0.4536, 15, 350, 1, source=_EXACT),
    Conversion("height", "height", "in", "cm", 2.54, 20, 80, 0.5, source=_EXACT),
    Conversion(
        "temperature",
        "temperature",
        "°C",
        "°F",
        1.8,
        33,
        42,
        0.1,
        offset=32,
        tolerance=0.002,
        source=_EXACT,
        held_out=True,
    ),
    Conversion("pressure", "pressure", "mmHg", "kPa", 0.1333, 20, 220, 1, source=_EXACT),
    Conversion("energy", "energy", "kcal", "kJ", 4.184, 100, 4000, 10, source=_EXACT),
    Conversion("birth_weight", "birth weight", "oz", "g", 28.35, 16, 180, 1, source=_EXACT, held_out=True),
)
CONVERSIONS: Mapping[str, Conversion] = {row.quantity: row for row in _ROWS}


def convert(quantity: str, value: float, *, to: str) -> float:
    """Return ``value`` of ``quantity`` in the unit ``to``, taken to be given in the quantity's other unit.

    Raises:
        KeyError: the quantity is not in the table.
        ValueError: ``to`` is none of its two units.
    """
    row = CONVERSIONS[quantity]
    if to == row.second:
        return value * row.factor + row.offset
    if to == row.first:
        return (value - row.offset) / row.factor
    raise ValueError(f"{quantity} is converted between {row.first} and {row.second}, not to {to!r}")


def other_unit(quantity: str, unit: str) -> str:
    """Return the unit of ``quantity`` that is not ``unit``."""
    row = CONVERSIONS[quantity]
    return row.second if unit == row.first else row.first


def conversion_template(row: Conversion, *, to: str, slot: str) -> str:
    """Return the expression that converts ``slot`` into ``to``, with the numbers of ``row``."""
    factor, offset = format_number(row.factor), format_number(abs(row.offset))
    plus, minus = ("+", "-") if row.offset >= 0 else ("-", "+")
    if to == row.second:
        return f"{slot}*{factor}{plus}{offset}" if row.offset else f"{slot}*{factor}"
    return f"({slot}{minus}{offset})/{factor}" if row.offset else f"{slot}/{factor}"
