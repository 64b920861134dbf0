"""Calculators of circulation, lungs, body size, fluids and doses."""

from __future__ import annotations

from srm_core.formulas.formula import Branch, Condition, Formula, Input, choice, flag, number, plain

from . import inputs as of

_QT_SOURCE = {
    "bazett": "Bazett 1920, Heart 7:353",
    "fridericia": "Fridericia 1920, Acta Med Scand 53:469",
    "framingham": "Sagie 1992, Am J Cardiol 70:797",
    "hodges": "Hodges 1983, J Am Coll Cardiol 1:694",
    "rautaharju": "Rautaharju 1993, Comput Biomed Res 26:188",
}
_QT_RATE = (of.QT, of.HEART_RATE)
HEART = (
    plain("mean_arterial_pressure", "mean arterial pressure", "mmHg", (of.SYSTOLIC, of.DIASTOLIC),
          "(systolic + 2 * diastolic) / 3", "({systolic}+2*{diastolic})/3",
          "Klabunde 2011, Cardiovascular Physiology Concepts",
          core=True, held_out=True, guards=("{systolic}-{diastolic}-15",)),
    plain("pulse_pressure", "pulse pressure", "mmHg", (of.SYSTOLIC, of.DIASTOLIC), "systolic - diastolic",
          "{systolic}-{diastolic}", "Dart and Kingwell 2001, J Am Coll Cardiol 37:975", core=True,
          guards=("{systolic}-{diastolic}-15",)),
    plain("shock_index", "shock index", "", (of.HEART_RATE, of.SYSTOLIC), "heart rate / systolic",
          "{heart_rate}/{systolic}", "Allgower and Burri 1967, Dtsch Med Wochenschr 92:1947", core=True),
    plain("qtc_bazett", "QTc (Bazett)", "ms", _QT_RATE, "QT / sqrt(60 / heart rate)", "{qt}/sqrt(60/{heart_rate})",
          _QT_SOURCE["bazett"], core=True, tolerance=0.02),
    plain("qtc_fridericia", "QTc (Fridericia)", "ms", _QT_RATE, "QT / (60 / heart rate)^(1/3)",
          "{qt}/(60/{heart_rate})^(1/3)", _QT_SOURCE["fridericia"], core=True, tolerance=0.02),
    plain("qtc_framingham", "QTc (Framingham)", "ms", _QT_RATE, "QT + 154 * (1 - 60 / heart rate)",
          "{qt}+154*(1-60/{heart_rate})", _QT_SOURCE["framingham"], core=True, tolerance=0.02),
    plain("qtc_hodges", "QTc (Hodges)", "ms", _QT_RATE, "QT + 1.75 * (heart rate - 60)",
          "{qt}+1.75*({heart_rate}-60)", _QT_SOURCE["hodges"], core=True, held_out=True, tolerance=0.02),
    plain("qtc_rautaharju", "QTc (Rautaharju)", "ms", _QT_RATE, "QT * (120 + heart rate) / 180",
          "{qt}*(120+{heart_rate})/180", _QT_SOURCE["rautaharju"], core=True, tolerance=0.02),
    plain("cardiac_index", "cardiac index", "L/min/m2",
          (of.CARDIAC_OUTPUT, number("bsa", "body surface area", "m2", 1.3, 2.5, 0.01)),
          "cardiac output / body surface area", "{cardiac_output}/{bsa}", "Mosteller 1987, N Engl J Med 317:1098"),
    plain("stroke_volume", "stroke volume", "mL", (of.CARDIAC_OUTPUT, of.HEART_RATE),
          "1000 * cardiac output / heart rate", "1000*{cardiac_output}/{heart_rate}", "Fick 1870"),
    plain("systemic_vascular_resistance", "systemic vascular resistance", "dyn s cm-5",
          (number("map", "mean arterial pressure", "mmHg", 50, 130),
           number("cvp", "central venous pressure", "mmHg", 2, 18), of.CARDIAC_OUTPUT),
          "80 * (mean arterial pressure - central venous pressure) / cardiac output",
          "80*({map}-{cvp})/{cardiac_output}",
          "Klabunde 2011, Cardiovascular Physiology Concepts", held_out=True),
    plain("ankle_brachial_index", "ankle-brachial index", "",
          (number("ankle", "ankle systolic pressure", "mmHg", 50, 170),
           number("brachial", "brachial systolic pressure", "mmHg", 95, 185)),
          "ankle systolic pressure / brachial systolic pressure", "{ankle}/{brachial}",
          "Aboyans 2012, Circulation 126:2890"),
    Formula(
        "framingham_hard_chd", "10-year risk of hard coronary heart disease (Framingham)",
        (of.SEX, number("age", "age", "years", 30, 79), of.TOTAL_CHOLESTEROL, of.HDL,
         number("systolic", "systolic blood pressure", "mmHg", 95, 190), flag("treated", "treated hypertension"),
         flag("smoker", "current smoking")),
        "%", "arithmetic", "Expert Panel (ATP III) 2001, JAMA 285:2486, with cholesterol in mg/dL",
        "100 * (1 - S^exp(L)); treated and smoker are 1 or 0; male: S = 0.9402, L = 52.00961 * ln(age) + 20.014077 * "
        "ln(total cholesterol) - 0.905964 * ln(HDL) + 1.305784 * ln(systolic) + 0.241549 * treated + 12.096316 * "
        "smoker - 4.605038 * ln(age) * ln(total cholesterol) "
        "- 2.84367 * ln(min(age, 70)) * smoker - 2.93323 * ln(age)^2 - "
        "172.300168; female: S = 0.98767, L = 31.764001 * ln(age) + 22.465206 * ln(total cholesterol) - 1.187731 * "
        "ln(HDL) + 2.552905 * ln(systolic) + 0.420251 * treated + 13.07543 * smoker - 5.060998 * ln(age) * "
        "ln(total cholesterol) - 2.996945 * ln(min(age, 78)) * smoker - 146.5933061",
        (Branch((("L",
        "31.764001*ln({age})+22.465206*ln({total_cholesterol})-1.187731*ln({hdl})+2.552905*ln({systolic})"
                  "+0.420251*{treated}+13.07543*{smoker}-5.060998*ln({age})*ln({total_cholesterol})"
                  "-2.996945*ln(min({age},78))*{smoker}-146.5933061"), ("", "100*(1-0.98767^exp({L}))")),
                (("sex", "is", "female"),), "female"),
         Branch((("L", "52.00961*ln({age})+20.014077*ln({total_cholesterol})-0.905964*ln({hdl})+1.305784*ln({systolic})"
                  "+0.241549*{treated}+12.096316*{smoker}-4.605038*ln({age})*ln({total_cholesterol})"
                  "-2.84367*ln(min({age},70))*{smoker}-2.93323*ln({age})^2-172.300168"), ("",
                  "100*(1-0.9402^exp({L}))")),
                (), "male")),
    ),
)  # fmt: skip

LUNGS = (
    plain("pf_ratio", "PaO2/FiO2 ratio", "mmHg", (of.PAO2, of.FIO2), "100 * PaO2 / FiO2", "100*{pao2}/{fio2}",
          "ARDS Definition Task Force 2012, JAMA 307:2526", core=True),
    plain("a_a_gradient", "alveolar-arterial oxygen gradient", "mmHg",
          (number("fio2", "FiO2", "%", 21, 60), number("paco2", "PaCO2", "mmHg", 20, 55),
           number("pao2", "PaO2", "mmHg", 45, 110)),
          "713 * FiO2 / 100 - PaCO2 / 0.8 - PaO2", "713*{fio2}/100-{paco2}/0.8-{pao2}",
          "Fenn, Rahn and Otis 1946, Am J Physiol 146:637", guards=("713*{fio2}/100-{paco2}/0.8-{pao2}-3",)),
    plain("arterial_oxygen_content", "arterial oxygen content", "mL/dL",
          (of.HEMOGLOBIN, number("saturation", "arterial oxygen saturation", "%", 70, 100), of.PAO2),
          "1.34 * hemoglobin * arterial oxygen saturation / 100 + 0.0031 * PaO2",
          "1.34*{hemoglobin}*{saturation}/100+0.0031*{pao2}", "Huefner 1894", tolerance=0.01, held_out=True),
    plain("rapid_shallow_breathing_index", "rapid shallow breathing index", "breaths/min/L",
          (of.RESPIRATORY_RATE, number("tidal_volume", "tidal volume", "mL", 150, 700, 10)),
          "1000 * respiratory rate / tidal volume", "1000*{respiratory_rate}/{tidal_volume}",
          "Yang and Tobin 1991, N Engl J Med 324:1445"),
    plain("pack_years", "smoking history in pack-years", "pack-years",
          (number("cigarettes", "cigarettes a day", "", 3, 60), number("years", "years of smoking", "", 2, 50)),
          "cigarettes a day / 20 * years of smoking", "{cigarettes}/20*{years}", "Prignot 1987, Eur J Respir Dis 70:1",
          held_out=True, core=True, adult=False),
)  # fmt: skip

_CHILD_WEIGHT = number("weight", "weight", "kg", 3, 80, 0.5, "weight")
_STEROIDS = {
    "betamethasone": 0.75, "cortisone": 25, "dexamethasone": 0.75, "hydrocortisone": 20, "methylprednisolone": 4,
    "prednisolone": 5, "prednisone": 5, "triamcinolone": 4,
}  # fmt: skip
_OPIOIDS = {
    "codeine": 0.15, "fentanyl buccal (µg)": 0.13, "hydrocodone": 1, "hydromorphone": 5, "methadone": 4.7,
    "morphine": 1,
    "oxycodone": 1.5, "oxymorphone": 3, "tapentadol": 0.4, "tramadol": 0.2,
}  # fmt: skip


def _listed(table: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in table.items())


def _opioid(n: int) -> tuple[Input, ...]:
    names, factors = tuple(_OPIOIDS), tuple(float(factor) for factor in _OPIOIDS.values())
    drug = Input(f"drug_{n}", f"opioid {n}", kind="choice", choices=names, numbers=factors, optional=n - 1)
    dose = Input(f"dose_{n}", f"dose of opioid {n}", "", 5, 100, 5, optional=n - 1)
    return drug, dose, Input(f"times_{n}", f"daily doses of opioid {n}", "", 1, 6, optional=n - 1)


def _mme(n: int) -> str:
    return "+".join(f"{{dose_{k}}}*{{times_{k}}}*{{drug_{k}}}" for k in range(1, n + 1))


_IDEAL_BASES: tuple[tuple[str, tuple[Condition, ...], str], ...] = (
    ("45.5", (("sex", "is", "female"),), "female"),
    ("50", (), "male"),
)
BODY = (
    plain("bmi", "body mass index", "kg/m2", (of.WEIGHT, of.HEIGHT), "weight / (height / 100)^2",
          "{weight}/({height}/100)^2", "Keys 1972, J Chronic Dis 25:329", core=True),
    plain("target_weight", "target weight", "kg", (number("target_bmi", "target BMI", "kg/m2", 18.5, 30, 0.1),
          of.HEIGHT),
          "target BMI * (height / 100)^2", "{target_bmi}*({height}/100)^2", "Keys 1972, J Chronic Dis 25:329",
          core=True),
    plain("body_surface_area", "body surface area (Mosteller)", "m2", (of.WEIGHT, of.HEIGHT),
          "sqrt(weight * height / 3600)", "sqrt({weight}*{height}/3600)", "Mosteller 1987, N Engl J Med 317:1098",
          core=True),
    Formula(
        "ideal_body_weight", "ideal body weight (Devine)", (of.SEX, of.HEIGHT), "kg", "arithmetic",
        "Devine 1974, Drug Intell Clin Pharm 8:650",
        "B + 2.3 * (height / 2.54 - 60); B = 50 if male, 45.5 if female",
        (Branch((("", "45.5+2.3*({height}/2.54-60)"),), (("sex", "is", "female"),), "female"),
         Branch((("", "50+2.3*({height}/2.54-60)"),), (), "male")), core=True, tolerance=0.02,
    ),
    Formula(
        "adjusted_body_weight", "adjusted body weight", (of.SEX, of.HEIGHT, number("weight", "weight", "kg", 70,
        160)),
        "kg", "arithmetic", "Bauer 1983, Eur J Clin Pharmacol 24:643",
        "I + 0.4 * (weight - I); I = 50 (male) or 45.5 (female) + 2.3 * (height / 2.54 - 60)",
        tuple(Branch((("I", base + "+2.3*({height}/2.54-60)"), ("", "{I}+0.4*({weight}-{I})")), when, sex)
              for base, when, sex in _IDEAL_BASES),
        tolerance=0.02,
    ),
    Formula(
        "maintenance_fluids", "maintenance fluid rate", (_CHILD_WEIGHT,), "mL/h", "arithmetic",
        "Holliday and Segar 1957, Pediatrics 19:823",
        "4 * weight up to 10 kg; 40 + 2 * (weight - 10) up to 20 kg; 60 + (weight - 20) above 20 kg",
        (Branch((("", "4*{weight}"),), (("weight", "<=", 10.0),), "up to 10 kg"),
         Branch((("", "40+2*({weight}-10)"),), (("weight", "<=", 20.0),), "up to 20 kg"),
         Branch((("", "60+({weight}-20)"),), (), "above 20 kg")), adult=False, held_out=True,
    ),
    plain("parkland_fluids", "24-hour burn fluid volume (Parkland)", "mL",
          (of.WEIGHT, number("burned", "burned body surface", "%", 10, 70)), "4 * weight * burned body surface",
          "4*{weight}*{burned}", "Baxter and Shires 1968, Ann N Y Acad Sci 150:874", core=True),
    plain("infusion_rate", "infusion rate", "mL/h",
          (number("dose_rate", "dose", "µg/kg/min", 1, 20, 0.5), of.WEIGHT,
           number("concentration", "concentration", "mg/mL", 0.5, 5, 0.5)),
          "dose * weight * 0.06 / concentration", "{dose_rate}*{weight}*0.06/{concentration}", "unit analysis"),
    plain("steroid_conversion", "equivalent dose of the target steroid", "mg",
          (number("dose", "dose of the given steroid", "mg", 2, 80, 0.5),
           choice("given", "given steroid", tuple(_STEROIDS), tuple(_STEROIDS.values())),
           choice("target", "target steroid", tuple(_STEROIDS), tuple(_STEROIDS.values()))),
          f"dose * E(target) / E(given); E: {_listed(_STEROIDS)}", "{dose}*{target}/{given}",
          "Meikle and Tyler 1977, Am J Med 63:200", guards=("abs({target}-{given})",)),
    Formula(
        "morphine_equivalents", "daily morphine milligram equivalents", (*_opioid(1), *_opioid(2), *_opioid(3)), "mg",
        "arithmetic", "Dowell 2022, MMWR Recomm Rep 71(3):1; CMS conversion factors 2018 for buccal fentanyl",
        f"sum over the opioids of dose * daily doses * F, doses in mg unless said; F: {_listed(_OPIOIDS)}",
        (Branch((("", _mme(3)),), (("drug_3", "given", ""),), "three opioids"),
         Branch((("", _mme(2)),), (("drug_2", "given", ""),), "two opioids"),
         Branch((("", _mme(1)),), (), "one opioid")),
    ),
)  # fmt: skip
