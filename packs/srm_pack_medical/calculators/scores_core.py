"""Short scores: at most a dozen items."""

from __future__ import annotations

from srm_core.formulas.formula import Criterion, Input, Rule, flag, number

from . import inputs as of
from .criteria import any_of, banded, graded, present, score

_FEMALE = ((of.SEX,), Criterion("female sex", (Rule(1, (("sex", "is", "female"),)),), "female sex: 1", of=("sex",)))
_OXYGEN = number("oxygen_saturation", "oxygen saturation", "%", 82, 100)
_ANY_AGE = number("age", "age", "years", 5, 85)
_GCS = number("gcs", "Glasgow Coma Scale", "", 6, 15)
_BLEEDING_AGE = number("age", "age", "years", 40, 90)


def _drinks() -> Input:
    return number("drinks", "alcoholic drinks a week", "", 0, 16)


HEART_AND_CLOTS = (
    score("cha2ds2_vasc", "CHA2DS2-VASc score", "Lip 2010, Chest 137:263", (
        present("heart_failure", "congestive heart failure", 1),
        present("hypertension", "hypertension", 1),
        banded(number("age", "age", "years", 35, 92), {">=75": 2, ">=65": 1}),
        present("diabetes", "diabetes", 1),
        present("stroke", "prior stroke, TIA or thromboembolism", 2),
        present("vascular_disease", "vascular disease", 1),
        _FEMALE,
    ), core=True),
    score("has_bled", "HAS-BLED score", "Pisters 2010, Chest 138:1093", (
        present("hypertension", "uncontrolled hypertension", 1),
        present("renal_disease", "abnormal renal function", 1, "normal renal function"),
        present("liver_disease", "abnormal liver function", 1, "normal liver function"),
        present("stroke", "prior stroke", 1),
        present("bleeding", "prior major bleeding", 1),
        present("labile_inr", "labile INR", 1),
        banded(_BLEEDING_AGE, {">65": 1}),
        present("drugs", "antiplatelet or NSAID use", 1),
        banded(_drinks(), {">=8": 1}),
    ), core=True),
    score("wells_pe", "Wells score for pulmonary embolism", "Wells 2000, Thromb Haemost 83:416", (
        present("dvt_signs", "clinical signs of DVT", 3),
        present("pe_likely", "PE the most likely diagnosis", 3, "PE not the most likely diagnosis"),
        banded(of.HEART_RATE, {">100": 1.5}),
        present("immobilization", "immobilization or surgery in 4 weeks", 1.5),
        present("prior_clot", "prior PE or DVT", 1.5),
        present("hemoptysis", "hemoptysis", 1),
        present("malignancy", "active malignancy", 1),
    ), core=True),
    score("wells_dvt", "Wells score for deep vein thrombosis", "Wells 2003, N Engl J Med 349:1227", (
        present("cancer", "active cancer", 1),
        present("bedridden", "bedridden over 3 days or major surgery in 12 weeks", 1),
        present("calf", "calf swelling over 3 cm", 1),
        present("collaterals", "collateral superficial veins", 1),
        present("leg", "entire leg swollen", 1),
        present("tenderness", "tenderness along the deep veins", 1),
        present("edema", "pitting edema of the symptomatic leg", 1),
        present("paralysis", "paralysis or recent cast of the leg", 1),
        present("prior_dvt", "prior DVT", 1),
        present("alternative", "alternative diagnosis as likely", -2),
    ), held_out=True),
    score("perc", "PERC rule count", "Kline 2004, J Thromb Haemost 2:1247", (
        banded(of.AGE, {">=50": 1}),
        banded(of.HEART_RATE, {">=100": 1}),
        banded(_OXYGEN, {"<95": 1}),
        present("leg_swelling", "unilateral leg swelling", 1),
        present("hemoptysis", "hemoptysis", 1),
        present("surgery", "recent surgery or trauma", 1),
        present("prior_clot", "prior PE or DVT", 1),
        present("hormones", "hormone use", 1),
    ), core=True),
    score("heart", "HEART score", "Six 2008, Neth Heart J 16:191", (
        graded("history", "history", {"slightly suspicious": 0, "moderately suspicious": 1, "highly suspicious": 2}),
        graded("ecg", "ECG", {"normal": 0, "non-specific repolarization disturbance": 1,
               "significant ST deviation": 2}),
        banded(of.AGE, {">=65": 2, ">=45": 1}),
        ((number("risk_factors", "cardiovascular risk factors", "", 0, 5),
          flag("atherosclerosis", "known atherosclerotic disease")),
         Criterion("risk factors",
                   (Rule(2, (("atherosclerosis", "is", "yes"),)), Rule(2, (("risk_factors", ">=", 3.0),)),
                    Rule(1, (("risk_factors", ">=", 1.0),))),
                   "known atherosclerotic disease or >=3 cardiovascular risk factors: 2, 1 or 2 risk factors: 1",
                   of=("risk_factors", "atherosclerosis"))),
        graded("troponin", "troponin", {"normal": 0, "1-3 times the limit": 1, "over 3 times the limit": 2}),
    )),
    score("rcri", "Revised Cardiac Risk Index", "Lee 1999, Circulation 100:1043", (
        present("high_risk_surgery", "high-risk surgery", 1),
        present("ischemic_heart", "ischemic heart disease", 1),
        present("heart_failure", "congestive heart failure", 1),
        present("cerebrovascular", "cerebrovascular disease", 1),
        present("insulin", "insulin treatment", 1),
        banded(of.CREATININE, {">2": 1}),
    ), core=True, held_out=True),
    score("abcd2", "ABCD2 score", "Johnston 2007, Lancet 369:283", (
        banded(number("age", "age", "years", 40, 90), {">=60": 1}),
        any_of("blood pressure", {of.SYSTOLIC: ">=140", of.DIASTOLIC: ">=90"}, 1),
        graded("features", "clinical features", {"unilateral weakness": 2, "speech disturbance without weakness": 1,
               "other": 0}),
        banded(number("duration", "duration", "min", 5, 120, 5), {">=60": 2, ">=10": 1}),
        present("diabetes", "diabetes", 1),
    ), core=True, held_out=True, guards=("{systolic}-{diastolic}-15",)),
)  # fmt: skip

INFECTION_AND_STATE = (
    score("curb65", "CURB-65 score", "Lim 2003, Thorax 58:377", (
        present("confusion", "confusion", 1),
        banded(of.BUN, {">19": 1}),
        banded(of.RESPIRATORY_RATE, {">=30": 1}),
        any_of("blood pressure", {of.SYSTOLIC: "<90", of.DIASTOLIC: "<=60"}, 1),
        banded(number("age", "age", "years", 30, 92), {">=65": 1}),
    ), core=True, guards=("{systolic}-{diastolic}-15",)),
    score("qsofa", "qSOFA score", "Singer 2016, JAMA 315:801", (
        banded(of.RESPIRATORY_RATE, {">=22": 1}),
        banded(of.SYSTOLIC, {"<=100": 1}),
        banded(_GCS, {"<15": 1}),
    ), core=True),
    score("sirs", "SIRS criteria count", "Bone 1992, Chest 101:1644", (
        banded(of.TEMPERATURE, {"<36": 1, ">38": 1}),
        banded(of.HEART_RATE, {">90": 1}),
        any_of("breathing", {of.RESPIRATORY_RATE: ">20", of.PACO2: "<32"}, 1),
        banded(number("white_cells", "white cells", "x10^9/L", 1, 22, 0.1), {"<4": 1, ">12": 1}),
    ), core=True),
    score("centor", "modified Centor score", "McIsaac 1998, CMAJ 158:75", (
        banded(number("age", "age", "years", 4, 70), {"<15": 1, ">=45": -1}),
        banded(of.TEMPERATURE, {">38": 1}),
        present("no_cough", "absence of cough", 1, "cough"),
        present("nodes", "tender anterior cervical nodes", 1),
        present("exudate", "tonsillar exudate or swelling", 1),
    ), core=True, adult=False),
    score("feverpain", "FeverPAIN score", "Little 2013, BMJ 347:f5806", (
        present("fever", "fever in the past 24 hours", 1),
        present("no_cough", "absence of cough or coryza", 1, "cough and coryza"),
        present("onset", "symptom onset within 3 days", 1, "symptom onset over 3 days ago"),
        present("pus", "purulent tonsils", 1),
        present("inflammation", "severe tonsil inflammation", 1),
    ), core=True, held_out=True),
    score("gcs", "Glasgow Coma Scale", "Teasdale and Jennett 1974, Lancet 2:81", (
        graded("eye", "eye opening", {"spontaneous": 4, "to speech": 3, "to pain": 2, "none": 1}),
        graded("verbal", "verbal response",
               {"oriented": 5, "confused": 4, "inappropriate words": 3, "incomprehensible sounds": 2, "none": 1}),
        graded("motor", "motor response",
               {"obeys commands": 6, "localizes pain": 5, "withdraws from pain": 4, "abnormal flexion": 3,
               "extension": 2,
                "none": 1}),
    ), core=True),
    score("apgar", "Apgar score", "Apgar 1953, Curr Res Anesth Analg 32:260", (
        graded("appearance", "color", {"pale or blue": 0, "pink body, blue extremities": 1, "all pink": 2}),
        graded("pulse", "heart rate", {"absent": 0, "below 100": 1, "100 or more": 2}),
        graded("grimace", "reflex response", {"none": 0, "grimace": 1, "cry or cough": 2}),
        graded("activity", "muscle tone", {"limp": 0, "some flexion": 1, "active motion": 2}),
        graded("respiration", "breathing", {"absent": 0, "slow or irregular": 1, "good cry": 2}),
    ), core=True, adult=False),
    score("child_pugh", "Child-Pugh score", "Pugh 1973, Br J Surg 60:646", (
        banded(of.BILIRUBIN, {"<2": 1, "<=3": 2, ">3": 3}),
        banded(of.ALBUMIN, {">3.5": 1, ">=2.8": 2, "<2.8": 3}),
        banded(of.INR, {"<1.7": 1, "<=2.3": 2, ">2.3": 3}),
        graded("ascites", "ascites", {"absent": 1, "slight": 2, "moderate": 3}),
        graded("encephalopathy", "encephalopathy", {"none": 1, "grade 1-2": 2, "grade 3-4": 3}),
    ), core=True),
)  # fmt: skip
