"""Long scores: severity of illness and comorbidity, with a dozen items or more."""

from __future__ import annotations

from srm_core.formulas.formula import Condition, Criterion, Rule, flag, number

from . import inputs as of
from .criteria import banded, condition, graded, present, score

_BUN = number("bun", "BUN", "mg/dL", 6, 90, 0.5)
_HEMOGLOBIN = number("hemoglobin", "hemoglobin", "g/dL", 6, 17, 0.1)
_GCS = number("gcs", "Glasgow Coma Scale", "", 3, 15)
_HEMATOCRIT = number("hematocrit", "hematocrit", "%", 18, 62)
_PH = number("ph", "arterial pH", "", 7.1, 7.75, 0.01)
_MAP = number("map", "mean arterial pressure", "mmHg", 45, 165)
_APACHE_OXYGEN = (
    (of.FIO2, number("a_a_gradient", "A-a gradient", "mmHg", 20, 550, 5), of.PAO2),
    Criterion(
        "oxygenation",
        (
            Rule(4, (("fio2", ">=", 50.0), ("a_a_gradient", ">=", 500.0))),
            Rule(3, (("fio2", ">=", 50.0), ("a_a_gradient", ">=", 350.0))),
            Rule(2, (("fio2", ">=", 50.0), ("a_a_gradient", ">=", 200.0))),
            Rule(0, (("fio2", ">=", 50.0),)),
            Rule(4, (("pao2", "<", 55.0),)),
            Rule(3, (("pao2", "<=", 60.0),)),
            Rule(1, (("pao2", "<=", 70.0),)),
        ),
        "with FiO2 >=50 % A-a gradient >=500: 4, >=350: 3, >=200: 2, with FiO2 <50 % PaO2 <55: 4, <=60: 3, <=70: 1",
        of=("fio2", "a_a_gradient", "pao2"),
    ),
)
_RENAL_FAILURE: tuple[tuple[int, tuple[Condition, ...]], ...] = ((2, (("acute_renal_failure", "is", "yes"),)), (1, ()))
_APACHE_CREATININE = (
    (of.CREATININE, flag("acute_renal_failure", "acute renal failure")),
    Criterion(
        "creatinine",
        tuple(
            Rule(points * factor, (*when, condition("creatinine", test)))
            for factor, when in _RENAL_FAILURE
            for test, points in {">=3.5": 4, ">=2": 3, ">=1.5": 2, ">=0.6": 0, "<0.6": 2}.items()
        ),
        "serum creatinine (mg/dL) >=3.5: 4, >=2: 3, >=1.5: 2, <0.6: 2, doubled in acute renal failure",
        of=("creatinine", "acute_renal_failure"),
    ),
)
_GBS_HEMOGLOBIN = (
    (of.SEX, _HEMOGLOBIN),
    Criterion(
        "hemoglobin",
        (
            Rule(6, (("hemoglobin", "<", 10.0),)),
            Rule(1, (("sex", "is", "female"), ("hemoglobin", "<", 12.0))),
            Rule(3, (("sex", "is", "male"), ("hemoglobin", "<", 12.0))),
            Rule(1, (("sex", "is", "male"), ("hemoglobin", "<", 13.0))),
        ),
        "hemoglobin (g/dL) <10: 6, otherwise men <12: 3, <13: 1, women <12: 1",
        of=("sex", "hemoglobin"),
    ),
)
_PSI_AGE = (
    (of.SEX, of.AGE),
    Criterion("age in years", (), "age in years", expression="{age}", of=("age",)),
)
_FEMALE_LESS_TEN = (
    (of.SEX,),
    Criterion("female sex", (Rule(-10, (("sex", "is", "female"),)),), "female sex: -10", of=("sex",)),
)
_APACHE_GCS = ((_GCS,), Criterion("coma scale", (), "15 - Glasgow Coma Scale", expression="(15-{gcs})", of=("gcs",)))
_SOFA_OXYGEN = (
    (number("pf_ratio", "PaO2/FiO2 ratio", "mmHg", 60, 480), flag("ventilated", "mechanical ventilation")),
    Criterion(
        "oxygenation",
        (
            Rule(4, (("ventilated", "is", "yes"), ("pf_ratio", "<", 100.0))),
            Rule(3, (("ventilated", "is", "yes"), ("pf_ratio", "<", 200.0))),
            Rule(2, (("pf_ratio", "<", 300.0),)),
            Rule(1, (("pf_ratio", "<", 400.0),)),
        ),
        "PaO2/FiO2 ratio (mmHg) <400: 1, <300: 2, with mechanical ventilation <200: 3, <100: 4",
        of=("pf_ratio", "ventilated"),
    ),
)

SEVERITY = (
    score("sofa", "SOFA score", "Vincent 1996, Intensive Care Med 22:707", (
        _SOFA_OXYGEN,
        banded(of.PLATELETS, {"<20": 4, "<50": 3, "<100": 2, "<150": 1}),
        banded(of.BILIRUBIN, {">=12": 4, ">=6": 3, ">=2": 2, ">=1.2": 1}),
        graded("circulation", "circulation",
               {"normal": 0, "MAP below 70 mmHg": 1, "low-dose dopamine or any dobutamine": 2,
                "dopamine above 5 or norepinephrine up to 0.1": 3, "dopamine above 15 or norepinephrine above 0.1": 4}),
        banded(_GCS, {"<6": 4, "<10": 3, "<13": 2, "<15": 1}),
        banded(of.CREATININE, {">=5": 4, ">=3.5": 3, ">=2": 2, ">=1.2": 1}),
    )),
    score("glasgow_blatchford", "Glasgow-Blatchford score", "Blatchford 2000, Lancet 356:1318", (
        banded(_BUN, {">=70": 6, ">=28": 4, ">=22.4": 3, ">=18.2": 2}),
        _GBS_HEMOGLOBIN,
        banded(of.SYSTOLIC, {"<90": 3, "<100": 2, "<110": 1}),
        banded(of.HEART_RATE, {">=100": 1}),
        present("melena", "melena", 1),
        present("syncope", "syncope", 2),
        present("hepatic_disease", "hepatic disease", 2),
        present("cardiac_failure", "cardiac failure", 2),
    )),
    score("apache2", "APACHE II score", "Knaus 1985, Crit Care Med 13:818", (
        banded(number("temperature", "temperature", "°C", 29, 42, 0.1),
               {">=41": 4, ">=39": 3, ">=38.5": 1, ">=36": 0, ">=34": 1, ">=32": 2, ">=30": 3, "<30": 4}),
        banded(_MAP, {">=160": 4, ">=130": 3, ">=110": 2, ">=70": 0, ">=50": 2, "<50": 4}),
        banded(number("heart_rate", "heart rate", "beats/min", 35, 190),
               {">=180": 4, ">=140": 3, ">=110": 2, ">=70": 0, ">=55": 2, ">=40": 3, "<40": 4}),
        banded(number("respiratory_rate", "respiratory rate", "breaths/min", 5, 52),
               {">=50": 4, ">=35": 3, ">=25": 1, ">=12": 0, ">=10": 1, ">=6": 2, "<6": 4}),
        _APACHE_OXYGEN,
        banded(_PH, {">=7.7": 4, ">=7.6": 3, ">=7.5": 1, ">=7.33": 0, ">=7.25": 2, ">=7.15": 3, "<7.15": 4}),
        banded(number("sodium", "sodium", "mEq/L", 108, 182),
               {">=180": 4, ">=160": 3, ">=155": 2, ">=150": 1, ">=130": 0, ">=120": 2, ">=111": 3, "<111": 4}),
        banded(of.POTASSIUM, {">=7": 4, ">=6": 3, ">=5.5": 1, ">=3.5": 0, ">=3": 1, ">=2.5": 2, "<2.5": 4}),
        _APACHE_CREATININE,
        banded(_HEMATOCRIT, {">=60": 4, ">=50": 2, ">=46": 1, ">=30": 0, ">=20": 2, "<20": 4}),
        banded(number("white_cells", "white cells", "x10^9/L", 0.5, 42, 0.1),
               {">=40": 4, ">=20": 2, ">=15": 1, ">=3": 0, ">=1": 2, "<1": 4}),
        _APACHE_GCS,
        banded(of.AGE, {">=75": 6, ">=65": 5, ">=55": 3, ">=45": 2}),
        graded("chronic_health", "chronic health",
               {"no severe organ insufficiency": 0, "organ insufficiency with elective surgery": 2,
                "organ insufficiency without surgery or with emergency surgery": 5}),
    )),
    score("psi", "Pneumonia Severity Index", "Fine 1997, N Engl J Med 336:243", (
        _PSI_AGE,
        _FEMALE_LESS_TEN,
        present("nursing_home", "nursing home residence", 10),
        present("neoplasm", "neoplastic disease", 30),
        present("liver_disease", "liver disease", 20),
        present("heart_failure", "congestive heart failure", 10),
        present("cerebrovascular", "cerebrovascular disease", 10),
        present("renal_disease", "renal disease", 10),
        present("altered_mental_status", "altered mental status", 20),
        banded(of.RESPIRATORY_RATE, {">=30": 20}),
        banded(of.SYSTOLIC, {"<90": 20}),
        banded(of.TEMPERATURE, {"<35": 15, ">=40": 15}),
        banded(number("heart_rate", "heart rate", "beats/min", 50, 150), {">=125": 10}),
        banded(_PH, {"<7.35": 30}),
        banded(of.BUN, {">=30": 20}),
        banded(of.SODIUM, {"<130": 20}),
        banded(of.GLUCOSE, {">=250": 10}),
        banded(_HEMATOCRIT, {"<30": 10}),
        banded(of.PAO2, {"<60": 10}),
        present("effusion", "pleural effusion", 10),
    ), held_out=True),
)  # fmt: skip

COMORBIDITY = (
    score("charlson", "Charlson Comorbidity Index with age", "Charlson 1994, J Clin Epidemiol 47:1245", (
        banded(number("age", "age", "years", 30, 92), {">=80": 4, ">=70": 3, ">=60": 2, ">=50": 1}),
        present("infarction", "myocardial infarction", 1),
        present("heart_failure", "congestive heart failure", 1),
        present("peripheral", "peripheral vascular disease", 1),
        present("cerebrovascular", "stroke or TIA", 1),
        present("dementia", "dementia", 1),
        present("copd", "COPD", 1),
        present("connective", "connective tissue disease", 1),
        present("ulcer", "peptic ulcer disease", 1),
        graded("liver", "liver disease", {"none": 0, "mild": 1, "moderate to severe": 3}),
        graded("diabetes", "diabetes", {"none or diet-controlled": 0, "uncomplicated": 1, "end-organ damage": 2}),
        present("hemiplegia", "hemiplegia", 2),
        present("kidney", "moderate to severe chronic kidney disease", 2),
        graded("tumor", "solid tumor", {"none": 0, "localized": 2, "metastatic": 6}),
        present("leukemia", "leukemia", 2),
        present("lymphoma", "lymphoma", 2),
        present("aids", "AIDS", 6),
    )),
    score("caprini", "Caprini score (2005)", "Caprini 2005, Dis Mon 51:70", (
        banded(of.AGE, {">=75": 3, ">=61": 2, ">=41": 1}),
        graded("surgery", "planned surgery", {"none": 0, "minor": 1, "major": 2, "hip or knee arthroplasty": 5}),
        graded("mobility", "mobility", {"normal": 0, "medical patient at bed rest": 1,
               "confined to bed over 72 hours": 2}),
        banded(number("bmi", "BMI", "kg/m2", 18, 45), {">25": 1}),
        present("recent_surgery", "major surgery in the last month", 1),
        present("heart_failure", "heart failure in the last month", 1),
        present("sepsis", "sepsis in the last month", 1),
        present("pneumonia", "pneumonia in the last month", 1),
        present("cast", "plaster cast in the last month", 2),
        present("fracture", "hip, pelvis or leg fracture in the last month", 5),
        present("stroke", "stroke in the last month", 5),
        present("trauma", "multiple trauma in the last month", 5),
        present("spinal", "spinal cord injury in the last month", 5),
        present("varicose", "varicose veins", 1),
        present("swollen", "swollen legs", 1),
        present("central_line", "central venous access", 2),
        present("clot", "history of DVT or PE", 3),
        present("family", "family history of thrombosis", 3),
        present("factor_v", "factor V Leiden", 3),
        present("prothrombin", "prothrombin 20210A", 3),
        present("homocysteine", "elevated homocysteine", 3),
        present("lupus", "lupus anticoagulant", 3),
        present("anticardiolipin", "anticardiolipin antibody", 3),
        present("hit", "heparin-induced thrombocytopenia", 3),
        present("thrombophilia", "other thrombophilia", 3),
        present("bowel", "inflammatory bowel disease", 1),
        present("infarction", "acute myocardial infarction", 1),
        present("copd", "COPD", 1),
        present("cancer", "present or past malignancy", 2),
    )),
)  # fmt: skip
