"""From the entities that MedCalc-Bench extracted from a note to the inputs of our calculators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from srm_core.formulas.formula import Formula

from .units import CONVERSIONS, convert, other_unit

Entities = Mapping[str, Any]

# calculator id of MedCalc-Bench -> name in our table; ids 13, 68 and 69 are dates
CALCULATORS: Mapping[int, str] = MappingProxyType({
    2: "cockcroft_gault_adjusted", 3: "ckd_epi_2021", 4: "cha2ds2_vasc", 5: "mean_arterial_pressure", 6: "bmi",
    7: "corrected_calcium", 8: "wells_pe", 9: "mdrd", 10: "ideal_body_weight", 11: "qtc_bazett", 15: "child_pugh",
    16: "wells_dvt", 17: "rcri", 18: "heart", 19: "fib4", 20: "centor", 21: "gcs", 22: "maintenance_fluids",
    23: "meld_na",
    24: "steroid_conversion", 25: "has_bled", 26: "corrected_sodium", 27: "glasgow_blatchford", 28: "apache2",
    29: "psi",
    30: "serum_osmolality", 31: "homa_ir", 32: "charlson", 33: "feverpain", 36: "caprini", 38: "free_water_deficit",
    39: "anion_gap", 40: "fractional_excretion_sodium", 43: "sofa", 44: "ldl_friedewald", 45: "curb65",
    46: "framingham_hard_chd", 48: "perc", 49: "morphine_equivalents", 51: "sirs", 56: "qtc_fridericia",
    57: "qtc_framingham", 58: "qtc_hodges", 59: "qtc_rautaharju", 60: "body_surface_area", 61: "target_weight",
    62: "adjusted_body_weight", 63: "delta_gap", 64: "delta_ratio", 65: "albumin_corrected_anion_gap",
    66: "albumin_corrected_delta_gap", 67: "albumin_corrected_delta_ratio",
})  # fmt: skip

# our input -> the entities that state it; a finding is present when any of them is
_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sex": ("sex",),
        "age": ("age",),
        "weight": ("weight",),
        "height": ("height",),
        "sodium": ("Sodium",),
        "potassium": ("Potassium",),
        "chloride": ("Chloride",),
        "bicarbonate": ("Bicarbonate",),
        "albumin": ("Albumin",),
        "calcium": ("Calcium",),
        "creatinine": ("creatinine", "Pre-operative creatinine"),
        "glucose": ("Glucose",),
        "insulin": ("Insulin", "Pre-operative treatment with insulin"),
        "bun": ("Blood Urea Nitrogen (BUN)",),
        "bilirubin": ("Bilirubin",),
        "inr": ("international normalized ratio",),
        "systolic": ("Systolic Blood Pressure",),
        "diastolic": ("Diastolic Blood Pressure",),
        "heart_rate": ("Heart Rate or Pulse",),
        "qt": ("QT interval",),
        "respiratory_rate": ("respiratory rate",),
        "temperature": ("Temperature",),
        "total_cholesterol": ("Total cholesterol",),
        "hdl": ("high-density lipoprotein cholesterol",),
        "triglycerides": ("Triglycerides",),
        "ast": ("Aspartate aminotransferase",),
        "alt": ("Alanine aminotransferase",),
        "platelets": ("Platelet count",),
        "hemoglobin": ("Hemoglobin",),
        "pao2": ("Partial pressure of oxygen (PaO₂) for Apache II",),
        "fio2": ("FiO₂",),
        "urine_sodium": ("Urine sodium",),
        "urine_creatinine": ("Urine creatinine",),
        "gcs": ("Glasgow Coma Score",),
        "hematocrit": ("Hematocrit",),
        "ph": ("pH",),
        "white_cells": ("White blood cell count",),
        "a_a_gradient": ("A-a gradient",),
        "oxygen_saturation": ("O₂ saturation percentage",),
        "bmi": ("Body Mass Index (BMI)",),
        "target_bmi": ("Body Mass Index (BMI)",),
        "drinks": ("Number of Alcoholic Drinks Per Week",),
        "treated": ("Blood pressure being treated with medicines",),
        "smoker": ("Smoker",),
        "heart_failure": (
            "Congestive Heart Faliure",
            "Congestive Heart Failure criteria for the Cardiac Risk Index rule",
            "Congestive Heart Failure in the last month",
        ),
        "hypertension": ("Hypertension history",),
        "diabetes": ("Diabetes history",),
        "stroke": (
            "Stroke",
            "Transient Ischemic Attacks History",
            "Thromboembolism history",
            "Stroke in the last month",
        ),
        "vascular_disease": ("Vascular disease history",),
        "renal_disease": ("Renal disease criteria for the HAS-BLED rule", "Renal disease"),
        "liver_disease": ("Liver disease criteria for the HAS-BLED rule", "Liver disease severity"),
        "bleeding": ("Prior major bleeding or predisposition to bleeding",),
        "labile_inr": ("Labile international normalized ratio",),
        "drugs": ("Medication usage predisposing to bleeding",),
        "dvt_signs": ("Clinical signs and symptoms of Deep Vein Thrombosis",),
        "pe_likely": ("Pulmonary Embolism is #1 diagnosis OR equally likely",),
        "immobilization": ("Immobilization for at least 3 days", "Surgery in the previous 4 weeks"),
        "prior_clot": ("Previously Documented Pulmonary Embolism", "Previously documented Deep Vein Thrombosis"),
        "clot": ("Previously Documented Pulmonary Embolism", "Previously documented Deep Vein Thrombosis"),
        "prior_dvt": ("Previously documented Deep Vein Thrombosis",),
        "hemoptysis": ("Hemoptysis",),
        "malignancy": ("Malignancy with treatment within 6 months or palliative",),
        "cancer": ("Active cancer", "Present or previous malignancy"),
        "bedridden": ("Bedridden recently >3 days or major surgery within 12 weeks", "Major surgery within 12 weeks"),
        "calf": ("Calf swelling >3 centimeters compared to the other leg",),
        "collaterals": ("Collateral (nonvaricose) superficial veins present",),
        "leg": ("Entire Leg Swollen",),
        "tenderness": ("Localized tenderness along the deep venous system",),
        "edema": ("Pitting edema, confined to symptomatic leg",),
        "paralysis": ("Paralysis, paresis, or recent plaster immobilization of the lower extremity",),
        "alternative": ("Alternative diagnosis to Deep Vein Thrombosis as likely or more likely",),
        "leg_swelling": ("Unilateral Leg Swelling",),
        "hormones": ("Hormone use",),
        "surgery": ("Recent surgery or trauma", "Surgery Type"),
        "high_risk_surgery": ("Elevated-risk surgery",),
        "ischemic_heart": ("History of ischemic heart disease",),
        "confusion": ("Confusion",),
        "cerebrovascular": (
            "History of cerebrovascular disease",
            "Cerebrovascular disease history",
            "Cerebrovascular Accident",
            "Transient Ischemic Attacks History",
        ),
        "no_cough": ("Cough Absent", "Absence of cough or coryza"),
        "exudate": ("Exudate or swelling on tonsils",),
        "nodes": ("Tender/swollen anterior cervical lymph nodes",),
        "fever": ("Fever in past 24 hours",),
        "onset": ("Symptom onset ≤3 days",),
        "pus": ("Purulent tonsils",),
        "inflammation": ("Severe tonsil inflammation",),
        "melena": ("Melena present",),
        "syncope": ("Recent syncope",),
        "hepatic_disease": ("Hepatic disease history",),
        "cardiac_failure": ("Cardiac failure present",),
        "ventilated": ("On mechanical ventilation", "Continous positive airway pressure"),
        "acute_renal_failure": ("Acute renal failure",),
        "nursing_home": ("Nursing home resident",),
        "neoplasm": ("Neoplastic disease",),
        "altered_mental_status": ("Altered mental status",),
        "effusion": ("Pleural effusion on x-ray",),
        "infarction": ("Myocardial infarction", "Acute Myocardial infarction"),
        "dementia": ("Dementia",),
        "copd": ("Chronic Obstructive Pulmonary Disease",),
        "hemiplegia": ("Hemiplegia",),
        "kidney": ("Moderate to severe Chronic Kidney Disease",),
        "leukemia": ("Leukemia",),
        "lymphoma": ("Lymphoma",),
        "aids": ("AIDS",),
        "peripheral": ("Peripheral vascular disease",),
        "connective": ("Connective tissue disease",),
        "ulcer": ("Peptic ulcer disease",),
        "recent_surgery": ("Major Surgery in the last month",),
        "sepsis": ("Sepsis in the last month",),
        "pneumonia": ("Pneumonia in the last month",),
        "cast": ("Immobilizing plaster cast in the last month",),
        "fracture": ("Hip, pelvis, or leg fracture in the last month",),
        "trauma": ("Multiple trauma in the last month",),
        "spinal": ("Acute spinal cord injury causing paralysis in the last month",),
        "varicose": ("Varicose veins",),
        "swollen": ("Current swollen legs",),
        "central_line": ("Current central venous access",),
        "family": ("Family history of thrombosis",),
        "factor_v": ("Positive Factor V Leiden",),
        "prothrombin": ("Positive prothrombin 20210A",),
        "homocysteine": ("Elevated serum homocysteine",),
        "lupus": ("Positive lupus anticoagulant",),
        "anticardiolipin": ("Elevated anticardiolipin antibody",),
        "hit": ("Heparin-induced thrombocytopenia",),
        "thrombophilia": ("Other congenital or acquired thrombophilia",),
        "bowel": ("History of inflammatory bowel disease",),
        "mobility": ("Mobility",),
        "history": ("Suspicion History",),
        "ecg": ("Electrocardiogram Test",),
        "troponin": ("Initial troponin",),
        "ascites": ("Ascites",),
        "encephalopathy": ("Encephalopathy",),
        "eye": ("Best eye response",),
        "verbal": ("Best verbal response",),
        "motor": ("Best motor response",),
        "tumor": ("Solid tumor",),
        "atherosclerosis": ("atherosclerotic disease",),
    }
)
_RISKS = ("Hypertension history", "Diabetes mellitus criteria for CCI rule", "hypercholesterolemia", "obesity",
"smoking",
          "parent or sibling with Cardiovascular disease before age 65",
          "Transient Ischemic Attacks History")  # fmt: skip
# wordings of the benchmark for values of ours; what is not said takes the harmless value
_CHOICES: Mapping[str, str] = MappingProxyType({
    "eye opening to pain": "to pain", "eye opening to verbal command": "to speech",
    "eyes open spontaneously": "spontaneous",
    "withdrawal from pain": "withdraws from pain", "flexion to pain": "abnormal flexion",
    "extension to pain": "extension",
    "localizes pain": "localizes pain", "less than or equal to normal limit": "normal",
    "between the normal limit or up to three times the normal limit": "1-3 times the limit",
    "greater than three times normal limit": "over 3 times the limit", "no encephalopathy": "none",
    "on bed rest": "medical patient at bed rest", "confined to bed >72 hours": "confined to bed over 72 hours",
})  # fmt: skip
_UNSAID: Mapping[str, str] = MappingProxyType({
    "liver": "none", "diabetes": "none or diet-controlled", "tumor": "none", "ascites": "absent",
    "encephalopathy": "none",
    "circulation": "normal", "surgery": "none", "mobility": "normal", "troponin": "normal", "ecg": "normal",
    "history": "slightly suspicious", "chronic_health": "no severe organ insufficiency",
})  # fmt: skip


def inputs_from(formula: Formula, entities: Entities) -> dict[str, float | str]:
    """Return the inputs of ``formula`` that the entities state, in its units; findings left out are absent.

    Raises:
        KeyError: a number that the formula needs is not among the entities.
        ValueError: an entity is in a unit that is not understood.
    """
    special = _SPECIAL.get(formula.name)
    given = special(entities) if special else {}
    for source in formula.inputs:
        if source.name in given:
            continue
        found = [entities[name] for name in _NAMES.get(source.name, ()) if name in entities]
        if source.kind == "flag":
            given[source.name] = "yes" if any(item is True for item in found) else "no"
        elif source.kind == "choice":
            given[source.name] = _choice(found, source.choices, _UNSAID.get(source.name))
        elif found:
            given[source.name] = _number(found[0], source.unit, source.quantity)
        elif formula.family != "score":
            raise KeyError(f"{formula.name}: {source.name} is not among the entities")
    return given


def _choice(found: list[Any], choices: tuple[str, ...], unsaid: str | None) -> str:
    lowered = {choice.lower(): choice for choice in choices}
    for item in found:
        word = str(item).lower()
        word = _CHOICES.get(word, word).lower()
        if word in lowered:
            return lowered[word]
    if unsaid is None:
        raise ValueError(f"{found} is none of {choices}")
    return unsaid


def _number(item: Any, unit: str, quantity: str) -> float:
    value, given = (float(item[0]), _plain(item[1])) if isinstance(item, list) else (float(item), "")
    if given in ("", _plain(unit)) or (given, _plain(unit)) in _SAME:
        return value
    if given in ("ul", "count/ul") and unit == "x10^9/L":
        return value / 1000
    if given.startswith(("degreesfah", "degreesf")):
        return (value - 32) / 1.8
    if given.startswith("degreesc"):
        return value
    if quantity in CONVERSIONS and given == _plain(other_unit(quantity, unit)):
        return convert(quantity, value, to=unit)
    raise ValueError(f"{item!r} cannot be read in {unit!r}")


_SAME = frozenset({("mmol/l", "meq/l"), ("meq/l", "mmol/l"), ("beatsperminute", "beats/min"), ("msec", "ms"),
                   ("breathsperminute", "breaths/min")})  # fmt: skip


def _plain(unit: str) -> str:
    return unit.lower().replace(" ", "").replace("µ", "u").replace("μ", "u").replace("^", "").replace("lbs", "lb")


def _apache(entities: Entities) -> dict[str, float | str]:
    systolic, diastolic = entities["Systolic Blood Pressure"][0], entities["Diastolic Blood Pressure"][0]
    return {"map": (systolic + 2 * diastolic) / 3}


def _sofa(entities: Entities) -> dict[str, float | str]:
    pao2, fio2 = entities["Partial pressure of oxygen (PaO₂) for Apache II"][0], entities["FiO₂"][0]
    low = "MAP below 70 mmHg" if entities.get("Hypotension") else "normal"
    return {"pf_ratio": 100 * pao2 / fio2, "circulation": low}


def _heart(entities: Entities) -> dict[str, float | str]:
    return {"risk_factors": float(sum(entities.get(name) is True for name in _RISKS))}


def _steroid(entities: Entities) -> dict[str, float | str]:
    name, dose, _ = entities["input steroid"]
    return {"given": _drug(name), "dose": float(dose), "target": _drug(entities["target steroid"])}


def _opioids(entities: Entities) -> dict[str, float | str]:
    given: dict[str, float | str] = {}
    drugs = [name.removesuffix(" Dose") for name in entities if name.endswith(" Dose")]
    for n, drug in enumerate(drugs, 1):
        name = _drug(drug)
        given[f"drug_{n}"] = "fentanyl buccal (µg)" if name == "fentanyl" else name
        given[f"dose_{n}"] = float(entities[f"{drug} Dose"][0])
        given[f"times_{n}"] = float(entities[f"{drug} Dose Per Day"][0])
    return given


def _drug(name: str) -> str:
    return name.split(maxsplit=1)[0].lower()


_SPECIAL: Mapping[str, Callable[[Entities], dict[str, float | str]]] = MappingProxyType(
    {
        "apache2": _apache,
        "sofa": _sofa,
        "heart": _heart,
        "steroid_conversion": _steroid,
        "morphine_equivalents": _opioids,
    }
)
