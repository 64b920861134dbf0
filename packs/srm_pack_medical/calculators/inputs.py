"""Quantities that several calculators share, so that near misses can be found by what they have in common."""

from __future__ import annotations

from .formulas import Input


def number(name: str, label: str, unit: str, low: float, high: float, step: float = 1, quantity: str = "") -> Input:
    """Return a numeric input drawn from ``low`` to ``high`` in steps of ``step``."""
    return Input(name, label, unit, low, high, step, quantity=quantity)


def flag(name: str, label: str, absent: str = "") -> Input:
    """Return a finding that is present or absent; ``absent`` says so in words (default: "no" and the label)."""
    return Input(name, label, kind="flag", choices=("no", "yes"), numbers=(0, 1), absent=absent or f"no {label}")


def choice(name: str, label: str, choices: tuple[str, ...], numbers: tuple[float, ...] = ()) -> Input:
    """Return an input with a closed list of values, each of which may stand for a number."""
    return Input(name, label, kind="choice", choices=choices, numbers=numbers)


SEX = choice("sex", "sex", ("female", "male"))
AGE = number("age", "age", "years", 18, 90)
WEIGHT = number("weight", "weight", "kg", 45, 130, 1, "weight")
HEIGHT = number("height", "height", "cm", 150, 198, 1, "height")
SODIUM = number("sodium", "sodium", "mEq/L", 120, 158)
POTASSIUM = number("potassium", "potassium", "mEq/L", 2.5, 6.5, 0.1)
CHLORIDE = number("chloride", "chloride", "mEq/L", 85, 118)
BICARBONATE = number("bicarbonate", "bicarbonate", "mEq/L", 8, 34)
ALBUMIN = number("albumin", "albumin", "g/dL", 1.5, 5.2, 0.1, "albumin")
CALCIUM = number("calcium", "calcium", "mg/dL", 6.5, 14, 0.1, "calcium")
CREATININE = number("creatinine", "serum creatinine", "mg/dL", 0.5, 6, 0.1, "creatinine")
GLUCOSE = number("glucose", "glucose", "mg/dL", 60, 600, 1, "glucose")
BUN = number("bun", "BUN", "mg/dL", 6, 90, 1, "urea")
BILIRUBIN = number("bilirubin", "bilirubin", "mg/dL", 0.3, 15, 0.1, "bilirubin")
INR = number("inr", "INR", "", 0.9, 3.5, 0.1)
SYSTOLIC = number("systolic", "systolic blood pressure", "mmHg", 80, 200)
DIASTOLIC = number("diastolic", "diastolic blood pressure", "mmHg", 40, 115)
HEART_RATE = number("heart_rate", "heart rate", "beats/min", 45, 140)
RESPIRATORY_RATE = number("respiratory_rate", "respiratory rate", "breaths/min", 8, 40)
TEMPERATURE = number("temperature", "temperature", "°C", 34, 41, 0.1)
QT = number("qt", "QT interval", "ms", 300, 500, 2)
TOTAL_CHOLESTEROL = number("total_cholesterol", "total cholesterol", "mg/dL", 120, 320, 1, "cholesterol")
HDL = number("hdl", "HDL cholesterol", "mg/dL", 22, 95, 1, "cholesterol")
TRIGLYCERIDES = number("triglycerides", "triglycerides", "mg/dL", 50, 395, 1, "triglycerides")
AST = number("ast", "AST", "U/L", 12, 400)
ALT = number("alt", "ALT", "U/L", 10, 400)
PLATELETS = number("platelets", "platelets", "x10^9/L", 40, 450)
HEMOGLOBIN = number("hemoglobin", "hemoglobin", "g/dL", 6, 17, 0.1, "hemoglobin")
PAO2 = number("pao2", "PaO2", "mmHg", 45, 140)
PACO2 = number("paco2", "PaCO2", "mmHg", 20, 80)
FIO2 = number("fio2", "FiO2", "%", 21, 100)
CARDIAC_OUTPUT = number("cardiac_output", "cardiac output", "L/min", 2.5, 9, 0.1)
