"""Gold values of the arithmetic calculators: plain functions that share nothing with the templates.

Inputs are in the units of the table; a flag or drug that is left out is absent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from srm_core.formulas.formula import Inputs


def x(v: Inputs, name: str) -> float:
    """Return the number called ``name``."""
    return float(v[name])


def female(v: Inputs) -> bool:
    """Say whether the patient is a woman."""
    return v["sex"] == "female"


def _gap(v: Inputs) -> float:
    return x(v, "sodium") - (x(v, "chloride") + x(v, "bicarbonate"))


def _corrected_gap(v: Inputs) -> float:
    return _gap(v) + 2.5 * (4.0 - x(v, "albumin"))


def _osmolality(v: Inputs) -> float:
    return 2 * x(v, "sodium") + x(v, "bun") / 2.8 + x(v, "glucose") / 18


def _winters(v: Inputs) -> float:
    return 8 + x(v, "bicarbonate") * 3 / 2


def _fena(v: Inputs) -> float:
    cleared_sodium = x(v, "urine_sodium") / x(v, "sodium")
    cleared_creatinine = x(v, "urine_creatinine") / x(v, "creatinine")
    return cleared_sodium / cleared_creatinine * 100


def _cockcroft(v: Inputs, weight: float) -> float:
    clearance = (140 - x(v, "age")) * weight / (x(v, "creatinine") * 72)
    return 0.85 * clearance if female(v) else clearance


def _ideal_weight(v: Inputs) -> float:
    inches_over_five_feet = x(v, "height") / 2.54 - 60
    return (45.5 if female(v) else 50.0) + 2.3 * inches_over_five_feet


def _adjusted_weight(v: Inputs) -> float:
    ideal = _ideal_weight(v)
    return ideal + 0.4 * (x(v, "weight") - ideal)


def _bmi(v: Inputs) -> float:
    metres = x(v, "height") / 100
    return x(v, "weight") / (metres * metres)


def _cockcroft_adjusted(v: Inputs) -> float:
    bmi, weight = _bmi(v), x(v, "weight")
    if bmi >= 25:
        weight = _adjusted_weight(v)
    elif bmi >= 18.5:
        weight = min(weight, _ideal_weight(v))
    return _cockcroft(v, weight)


def _ckd_epi(v: Inputs) -> float:
    kappa, alpha, factor = (0.7, -0.241, 1.012) if female(v) else (0.9, -0.302, 1.0)
    ratio = x(v, "creatinine") / kappa
    exponent = alpha if ratio <= 1 else -1.2
    return 142 * math.pow(ratio, exponent) * math.pow(0.9938, x(v, "age")) * factor


def _mdrd(v: Inputs) -> float:
    log = math.log(175) - 1.154 * math.log(x(v, "creatinine")) - 0.203 * math.log(x(v, "age"))
    return math.exp(log) * (0.742 if female(v) else 1.0)


def _free_water(v: Inputs) -> float:
    old = x(v, "age") >= 65
    fraction = {(False, False): 0.6, (False, True): 0.5, (True, False): 0.5, (True, True): 0.45}[female(v), old]
    return fraction * x(v, "weight") * (x(v, "sodium") / 140 - 1)


def _meld_na(v: Inputs) -> float:
    creatinine = min(max(x(v, "creatinine"), 1.0), 4.0)
    bilirubin, inr = max(x(v, "bilirubin"), 1.0), max(x(v, "inr"), 1.0)
    meld = 9.57 * math.log(creatinine) + 3.78 * math.log(bilirubin) + 11.2 * math.log(inr) + 6.43
    if meld > 11:
        below = 137 - min(max(x(v, "sodium"), 125.0), 137.0)
        meld += 1.32 * below - 0.033 * meld * below
    return min(meld, 40.0)


def _framingham(v: Inputs) -> float:
    age, total, hdl = (math.log(x(v, name)) for name in ("age", "total_cholesterol", "hdl"))
    systolic = math.log(x(v, "systolic"))
    treated, smoker = v.get("treated") == "yes", v.get("smoker") == "yes"
    if female(v):
        score = 31.764001 * age + 22.465206 * total - 1.187731 * hdl + 2.552905 * systolic - 146.5933061
        score += 0.420251 * treated - 5.060998 * age * total
        score += smoker * (13.07543 - 2.996945 * math.log(min(x(v, "age"), 78)))
        return 100 * (1 - math.pow(0.98767, math.exp(score)))
    score = 52.00961 * age + 20.014077 * total - 0.905964 * hdl + 1.305784 * systolic - 172.300168
    score += 0.241549 * treated - 4.605038 * age * total - 2.93323 * age * age
    score += smoker * (12.096316 - 2.84367 * math.log(min(x(v, "age"), 70)))
    return 100 * (1 - math.pow(0.9402, math.exp(score)))


def _maintenance(v: Inputs) -> float:
    weight = x(v, "weight")
    return 4 * min(weight, 10) + 2 * min(max(weight - 10, 0), 10) + max(weight - 20, 0)


# mg of each steroid that equal 5 mg of prednisone
_EQUAL_DOSES = {
    "betamethasone": 0.75,
    "cortisone": 25,
    "dexamethasone": 0.75,
    "hydrocortisone": 20,
    "methylprednisolone": 4,
    "prednisolone": 5,
    "prednisone": 5,
    "triamcinolone": 4,
}
_MORPHINE_FACTORS = {
    "codeine": 0.15,
    "fentanyl buccal (µg)": 0.13,
    "hydrocodone": 1.0,
    "hydromorphone": 5.0,
    "methadone": 4.7,
    "morphine": 1.0,
    "oxycodone": 1.5,
    "oxymorphone": 3.0,
    "tapentadol": 0.4,
    "tramadol": 0.2,
}


def _steroid(v: Inputs) -> float:
    return x(v, "dose") / _EQUAL_DOSES[str(v["given"])] * _EQUAL_DOSES[str(v["target"])]


def _morphine(v: Inputs) -> float:
    drugs = [n for n in (1, 2, 3) if f"drug_{n}" in v]
    return math.fsum(_MORPHINE_FACTORS[str(v[f"drug_{n}"])] * (x(v, f"dose_{n}") * x(v, f"times_{n}")) for n in drugs)


def _oxygen_content(v: Inputs) -> float:
    return 0.0134 * x(v, "hemoglobin") * x(v, "saturation") + 0.0031 * x(v, "pao2")


def _seconds(v: Inputs) -> float:
    return 60 / x(v, "heart_rate")


ARITHMETIC_VALUES: Mapping[str, Callable[[Inputs], float]] = MappingProxyType(
    {
        "anion_gap": _gap,
        "albumin_corrected_anion_gap": _corrected_gap,
        "delta_gap": lambda v: _gap(v) - 12,
        "delta_ratio": lambda v: (_gap(v) - 12) / (24 - x(v, "bicarbonate")),
        "albumin_corrected_delta_gap": lambda v: _corrected_gap(v) - 12,
        "albumin_corrected_delta_ratio": lambda v: (_corrected_gap(v) - 12) / (24 - x(v, "bicarbonate")),
        "urine_anion_gap": lambda v: x(v, "urine_potassium") + x(v, "urine_sodium") - x(v, "urine_chloride"),
        "winters_expected_pco2": _winters,
        "serum_osmolality": _osmolality,
        "osmolal_gap": lambda v: x(v, "measured_osmolality") - _osmolality(v),
        "corrected_sodium": lambda v: x(v, "sodium") + 2.4 * (x(v, "glucose") - 100) / 100,
        "corrected_calcium": lambda v: x(v, "calcium") + 3.2 - 0.8 * x(v, "albumin"),
        "bicarbonate_deficit": lambda v: (24 - x(v, "bicarbonate")) * x(v, "weight") * 0.4,
        "fractional_excretion_sodium": _fena,
        "measured_creatinine_clearance": lambda v: (
            x(v, "urine_creatinine") / x(v, "creatinine") * x(v, "urine_volume") / (24 * 60)
        ),
        "protein_creatinine_ratio": lambda v: x(v, "urine_protein") / (x(v, "urine_creatinine") / 1000),
        "cockcroft_gault": lambda v: _cockcroft(v, x(v, "weight")),
        "cockcroft_gault_adjusted": _cockcroft_adjusted,
        "ckd_epi_2021": _ckd_epi,
        "mdrd": _mdrd,
        "free_water_deficit": _free_water,
        "fib4": lambda v: x(v, "ast") * x(v, "age") / x(v, "platelets") / math.sqrt(x(v, "alt")),
        "apri": lambda v: x(v, "ast") / x(v, "ast_limit") / x(v, "platelets") * 100,
        "liver_r_factor": lambda v: x(v, "alt") * x(v, "alp_limit") / (x(v, "alt_limit") * x(v, "alp")),
        "meld_na": _meld_na,
        "homa_ir": lambda v: x(v, "insulin") * x(v, "glucose") / 405,
        "ldl_friedewald": lambda v: x(v, "total_cholesterol") - (x(v, "hdl") + 0.2 * x(v, "triglycerides")),
        "non_hdl_cholesterol": lambda v: x(v, "total_cholesterol") - x(v, "hdl"),
        "transferrin_saturation": lambda v: x(v, "iron") / x(v, "tibc") * 100,
        "iron_deficit": lambda v: (
            2.4 * x(v, "weight") * (x(v, "target_hemoglobin") - x(v, "hemoglobin")) + x(v, "iron_stores")
        ),
        "absolute_neutrophil_count": lambda v: x(v, "white_cells") * (x(v, "bands") + x(v, "segmented")) * 0.01,
        "corrected_reticulocytes": lambda v: x(v, "reticulocytes") * (x(v, "hematocrit") / 45),
        "corrected_phenytoin": lambda v: x(v, "phenytoin") / (0.1 + 0.2 * x(v, "albumin")),
        "mean_arterial_pressure": lambda v: x(v, "diastolic") + (x(v, "systolic") - x(v, "diastolic")) / 3,
        "pulse_pressure": lambda v: x(v, "systolic") - x(v, "diastolic"),
        "shock_index": lambda v: x(v, "heart_rate") / x(v, "systolic"),
        "qtc_bazett": lambda v: x(v, "qt") * math.sqrt(x(v, "heart_rate") / 60),
        "qtc_fridericia": lambda v: x(v, "qt") / math.cbrt(_seconds(v)),
        "qtc_framingham": lambda v: x(v, "qt") + 154 - 154 * _seconds(v),
        "qtc_hodges": lambda v: x(v, "qt") + 1.75 * x(v, "heart_rate") - 105,
        "qtc_rautaharju": lambda v: x(v, "qt") * (x(v, "heart_rate") / 180 + 2 / 3),
        "cardiac_index": lambda v: x(v, "cardiac_output") / x(v, "bsa"),
        "stroke_volume": lambda v: x(v, "cardiac_output") / x(v, "heart_rate") * 1000,
        "systemic_vascular_resistance": lambda v: (x(v, "map") - x(v, "cvp")) / x(v, "cardiac_output") * 80,
        "ankle_brachial_index": lambda v: x(v, "ankle") / x(v, "brachial"),
        "framingham_hard_chd": _framingham,
        "pf_ratio": lambda v: x(v, "pao2") / (x(v, "fio2") / 100),
        "a_a_gradient": lambda v: (760 - 47) * x(v, "fio2") / 100 - 1.25 * x(v, "paco2") - x(v, "pao2"),
        "arterial_oxygen_content": _oxygen_content,
        "rapid_shallow_breathing_index": lambda v: x(v, "respiratory_rate") / (x(v, "tidal_volume") / 1000),
        "pack_years": lambda v: x(v, "years") * (x(v, "cigarettes") / 20),
        "bmi": _bmi,
        "target_weight": lambda v: x(v, "target_bmi") * x(v, "height") ** 2 / 10_000,
        "body_surface_area": lambda v: math.sqrt(x(v, "height") * x(v, "weight")) / 60,
        "ideal_body_weight": _ideal_weight,
        "adjusted_body_weight": _adjusted_weight,
        "maintenance_fluids": _maintenance,
        "parkland_fluids": lambda v: x(v, "burned") * x(v, "weight") * 4,
        "infusion_rate": lambda v: x(v, "dose_rate") * x(v, "weight") * 60 / (1000 * x(v, "concentration")),
        "steroid_conversion": _steroid,
        "morphine_equivalents": _morphine,
    }
)
