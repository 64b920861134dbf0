"""Gold values of the scores: plain functions that share nothing with the declared criteria."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from srm_core.formulas.formula import Inputs

from .values import female, x


def _yes(v: Inputs, *names: str) -> int:
    return sum(v.get(name) == "yes" for name in names)


def _steps(value: float, *edges: float) -> int:
    """Return how many of the rising ``edges`` the value has reached."""
    return sum(value >= edge for edge in edges)


def _rank(v: Inputs, name: str, *grades: str) -> int:
    return grades.index(str(v[name]))


def _cha2ds2_vasc(v: Inputs) -> float:
    findings = _yes(v, "heart_failure", "hypertension", "diabetes", "vascular_disease")
    return findings + 2 * _yes(v, "stroke") + _steps(x(v, "age"), 65, 75) + female(v)


def _has_bled(v: Inputs) -> float:
    findings = _yes(v, "hypertension", "renal_disease", "liver_disease", "stroke", "bleeding", "labile_inr", "drugs")
    return findings + (x(v, "age") > 65) + (x(v, "drinks") >= 8)


def _wells_pe(v: Inputs) -> float:
    halves = 6 * _yes(v, "dvt_signs", "pe_likely") + 3 * _yes(v, "immobilization", "prior_clot")
    return (halves + 3 * (x(v, "heart_rate") > 100) + 2 * _yes(v, "hemoptysis", "malignancy")) / 2


def _wells_dvt(v: Inputs) -> float:
    signs = _yes(v, "calf", "collaterals", "leg", "tenderness", "edema")
    return signs + _yes(v, "cancer", "bedridden", "paralysis", "prior_dvt") - 2 * _yes(v, "alternative")


def _perc(v: Inputs) -> float:
    numbers = (x(v, "age") >= 50) + (x(v, "heart_rate") >= 100) + (x(v, "oxygen_saturation") < 95)
    return numbers + _yes(v, "leg_swelling", "hemoptysis", "surgery", "prior_clot", "hormones")


def _heart(v: Inputs) -> float:
    history = _rank(v, "history", "slightly suspicious", "moderately suspicious", "highly suspicious")
    ecg = _rank(v, "ecg", "normal", "non-specific repolarization disturbance", "significant ST deviation")
    risk = 2 if _yes(v, "atherosclerosis") else _steps(x(v, "risk_factors"), 1, 3)
    troponin = _rank(v, "troponin", "normal", "1-3 times the limit", "over 3 times the limit")
    return history + ecg + _steps(x(v, "age"), 45, 65) + risk + troponin


def _rcri(v: Inputs) -> float:
    findings = _yes(v, "high_risk_surgery", "ischemic_heart", "heart_failure", "cerebrovascular", "insulin")
    return findings + (x(v, "creatinine") > 2)


def _abcd2(v: Inputs) -> float:
    features = _rank(v, "features", "other", "speech disturbance without weakness", "unilateral weakness")
    pressure = x(v, "systolic") >= 140 or x(v, "diastolic") >= 90
    return (x(v, "age") >= 60) + pressure + features + _steps(x(v, "duration"), 10, 60) + _yes(v, "diabetes")


def _curb65(v: Inputs) -> float:
    low_pressure = x(v, "systolic") < 90 or x(v, "diastolic") <= 60
    old = x(v, "age") >= 65
    return _yes(v, "confusion") + (x(v, "bun") > 19) + (x(v, "respiratory_rate") >= 30) + low_pressure + old


def _qsofa(v: Inputs) -> float:
    return (x(v, "respiratory_rate") >= 22) + (x(v, "systolic") <= 100) + (x(v, "gcs") < 15)


def _sirs(v: Inputs) -> float:
    breathing = x(v, "respiratory_rate") > 20 or ("paco2" in v and x(v, "paco2") < 32)
    temperature, cells = not 36 <= x(v, "temperature") <= 38, not 4 <= x(v, "white_cells") <= 12
    return temperature + cells + breathing + (x(v, "heart_rate") > 90)


def _centor(v: Inputs) -> float:
    age = 1 if x(v, "age") < 15 else -1 if x(v, "age") >= 45 else 0
    return age + (x(v, "temperature") > 38) + _yes(v, "no_cough", "nodes", "exudate")


def _feverpain(v: Inputs) -> float:
    return _yes(v, "fever", "no_cough", "onset", "pus", "inflammation")


def _gcs(v: Inputs) -> float:
    eye = _rank(v, "eye", "none", "to pain", "to speech", "spontaneous")
    verbal = _rank(v, "verbal", "none", "incomprehensible sounds", "inappropriate words", "confused", "oriented")
    motor = _rank(
        v, "motor", "none", "extension", "abnormal flexion", "withdraws from pain", "localizes pain", "obeys commands"
    )
    return 3 + eye + verbal + motor


def _apgar(v: Inputs) -> float:
    return (
        _rank(v, "appearance", "pale or blue", "pink body, blue extremities", "all pink")
        + _rank(v, "pulse", "absent", "below 100", "100 or more")
        + _rank(v, "grimace", "none", "grimace", "cry or cough")
        + _rank(v, "activity", "limp", "some flexion", "active motion")
        + _rank(v, "respiration", "absent", "slow or irregular", "good cry")
    )


def _child_pugh(v: Inputs) -> float:
    bilirubin = (x(v, "bilirubin") >= 2) + (x(v, "bilirubin") > 3)
    albumin = (x(v, "albumin") <= 3.5) + (x(v, "albumin") < 2.8)
    inr = (x(v, "inr") >= 1.7) + (x(v, "inr") > 2.3)
    ascites = _rank(v, "ascites", "absent", "slight", "moderate")
    return 5 + bilirubin + albumin + inr + ascites + _rank(v, "encephalopathy", "none", "grade 1-2", "grade 3-4")


def _sofa(v: Inputs) -> float:
    ratio, ventilated = x(v, "pf_ratio"), _yes(v, "ventilated") == 1
    lungs = (ratio < 400) + (ratio < 300) + (ventilated and ratio < 200) + (ventilated and ratio < 100)
    platelets = 4 - _steps(x(v, "platelets"), 20, 50, 100, 150)
    circulation = _rank(
        v,
        "circulation",
        "normal",
        "MAP below 70 mmHg",
        "low-dose dopamine or any dobutamine",
        "dopamine above 5 or norepinephrine up to 0.1",
        "dopamine above 15 or norepinephrine above 0.1",
    )
    coma = 4 - _steps(x(v, "gcs"), 6, 10, 13, 15)
    kidney = _steps(x(v, "creatinine"), 1.2, 2, 3.5, 5)
    return lungs + platelets + _steps(x(v, "bilirubin"), 1.2, 2, 6, 12) + circulation + coma + kidney


def _glasgow_blatchford(v: Inputs) -> float:
    bun = (0, 2, 3, 4, 6)[_steps(x(v, "bun"), 18.2, 22.4, 28, 70)]
    hemoglobin = x(v, "hemoglobin")
    blood = (6, 1, 0)[_steps(hemoglobin, 10, 12)] if female(v) else (6, 3, 1, 0)[_steps(hemoglobin, 10, 12, 13)]
    pressure = 3 - _steps(x(v, "systolic"), 90, 100, 110)
    findings = _yes(v, "melena") + 2 * _yes(v, "syncope", "hepatic_disease", "cardiac_failure")
    return bun + blood + pressure + (x(v, "heart_rate") >= 100) + findings


def _apache_oxygen(v: Inputs) -> int:
    if x(v, "fio2") >= 50:
        return (0, 2, 3, 4)[_steps(x(v, "a_a_gradient"), 200, 350, 500)]
    pao2 = x(v, "pao2")
    return 4 if pao2 < 55 else 3 if pao2 <= 60 else 1 if pao2 <= 70 else 0


def _apache2(v: Inputs) -> float:
    creatinine = (2, 0, 2, 3, 4)[_steps(x(v, "creatinine"), 0.6, 1.5, 2, 3.5)]
    chronic = _rank(
        v,
        "chronic_health",
        "no severe organ insufficiency",
        "organ insufficiency with elective surgery",
        "organ insufficiency without surgery or with emergency surgery",
    )
    return sum(
        (
            (4, 3, 2, 1, 0, 1, 3, 4)[_steps(x(v, "temperature"), 30, 32, 34, 36, 38.5, 39, 41)],
            (4, 2, 0, 2, 3, 4)[_steps(x(v, "map"), 50, 70, 110, 130, 160)],
            (4, 3, 2, 0, 2, 3, 4)[_steps(x(v, "heart_rate"), 40, 55, 70, 110, 140, 180)],
            (4, 2, 1, 0, 1, 3, 4)[_steps(x(v, "respiratory_rate"), 6, 10, 12, 25, 35, 50)],
            _apache_oxygen(v),
            (4, 3, 2, 0, 1, 3, 4)[_steps(x(v, "ph"), 7.15, 7.25, 7.33, 7.5, 7.6, 7.7)],
            (4, 3, 2, 0, 1, 2, 3, 4)[_steps(x(v, "sodium"), 111, 120, 130, 150, 155, 160, 180)],
            (4, 2, 1, 0, 1, 3, 4)[_steps(x(v, "potassium"), 2.5, 3, 3.5, 5.5, 6, 7)],
            creatinine * (1 + _yes(v, "acute_renal_failure")),
            (4, 2, 0, 1, 2, 4)[_steps(x(v, "hematocrit"), 20, 30, 46, 50, 60)],
            (4, 2, 0, 1, 2, 4)[_steps(x(v, "white_cells"), 1, 3, 15, 20, 40)],
            15 - x(v, "gcs"),
            (0, 2, 3, 5, 6)[_steps(x(v, "age"), 45, 55, 65, 75)],
            (0, 2, 5)[chronic],
        )
    )


def _psi(v: Inputs) -> float:
    illness = _yes(v, "nursing_home", "heart_failure", "cerebrovascular", "renal_disease", "effusion")
    points = x(v, "age") - 10 * female(v) + 10 * illness
    points += 30 * _yes(v, "neoplasm") + 20 * _yes(v, "liver_disease", "altered_mental_status")
    points += 20 * ((x(v, "respiratory_rate") >= 30) + (x(v, "systolic") < 90) + (x(v, "bun") >= 30))
    points += 20 * (x(v, "sodium") < 130) + 30 * (x(v, "ph") < 7.35) + 15 * (not 35 <= x(v, "temperature") < 40)
    points += 10 * ((x(v, "heart_rate") >= 125) + (x(v, "glucose") >= 250))
    return points + 10 * ((x(v, "hematocrit") < 30) + (x(v, "pao2") < 60))


def _charlson(v: Inputs) -> float:
    ones = _yes(
        v, "infarction", "heart_failure", "peripheral", "cerebrovascular", "dementia", "copd", "connective", "ulcer"
    )
    twos = _yes(v, "hemiplegia", "kidney", "leukemia", "lymphoma")
    liver = (0, 1, 3)[_rank(v, "liver", "none", "mild", "moderate to severe")]
    diabetes = _rank(v, "diabetes", "none or diet-controlled", "uncomplicated", "end-organ damage")
    tumor = (0, 2, 6)[_rank(v, "tumor", "none", "localized", "metastatic")]
    return _steps(x(v, "age"), 50, 60, 70, 80) + ones + 2 * twos + 6 * _yes(v, "aids") + liver + diabetes + tumor


def _caprini(v: Inputs) -> float:
    recent = _yes(v, "recent_surgery", "heart_failure", "sepsis", "pneumonia", "infarction")
    ones = recent + _yes(v, "varicose", "swollen", "bowel", "copd")
    twos = _yes(v, "cast", "central_line", "cancer")
    threes = _yes(v, "clot", "family", "factor_v", "prothrombin", "homocysteine", "lupus", "anticardiolipin", "hit")
    fives = _yes(v, "fracture", "stroke", "trauma", "spinal")
    surgery = (0, 1, 2, 5)[_rank(v, "surgery", "none", "minor", "major", "hip or knee arthroplasty")]
    mobility = _rank(v, "mobility", "normal", "medical patient at bed rest", "confined to bed over 72 hours")
    listed = ones + 2 * twos + 3 * (threes + _yes(v, "thrombophilia")) + 5 * fives
    return listed + surgery + mobility + (x(v, "bmi") > 25) + _steps(x(v, "age"), 41, 61, 75)


SCORE_VALUES: Mapping[str, Callable[[Inputs], float]] = MappingProxyType(
    {
        "cha2ds2_vasc": _cha2ds2_vasc,
        "has_bled": _has_bled,
        "wells_pe": _wells_pe,
        "wells_dvt": _wells_dvt,
        "perc": _perc,
        "heart": _heart,
        "rcri": _rcri,
        "abcd2": _abcd2,
        "curb65": _curb65,
        "qsofa": _qsofa,
        "sirs": _sirs,
        "centor": _centor,
        "feverpain": _feverpain,
        "gcs": _gcs,
        "apgar": _apgar,
        "child_pugh": _child_pugh,
        "sofa": _sofa,
        "glasgow_blatchford": _glasgow_blatchford,
        "apache2": _apache2,
        "psi": _psi,
        "charlson": _charlson,
        "caprini": _caprini,
    }
)
