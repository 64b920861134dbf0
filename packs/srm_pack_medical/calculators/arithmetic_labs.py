"""Calculators of electrolytes, acid-base, kidney, liver and lipids."""

from __future__ import annotations

from srm_core.formulas.formula import Branch, Formula, number, plain

from . import inputs as of

_GAP = (of.SODIUM, of.CHLORIDE, of.BICARBONATE)
_GAP_AND_ALBUMIN = (*_GAP, of.ALBUMIN)
_GAP_SENSE = ("{sodium}-{chloride}-{bicarbonate}-2",)
_URINE_SODIUM = number("urine_sodium", "urine sodium", "mEq/L", 8, 150)
_URINE_CREATININE = number("urine_creatinine", "urine creatinine", "mg/dL", 20, 250)


ACID_BASE = (
    plain("anion_gap", "anion gap", "mEq/L", _GAP, "sodium - chloride - bicarbonate",
          "{sodium}-{chloride}-{bicarbonate}", "Emmett and Narins 1977, Medicine 56:38", core=True, guards=_GAP_SENSE),
    plain("albumin_corrected_anion_gap", "albumin-corrected anion gap", "mEq/L", _GAP_AND_ALBUMIN,
          "sodium - chloride - bicarbonate + 2.5 * (4 - albumin)",
          "{sodium}-{chloride}-{bicarbonate}+2.5*(4-{albumin})", "Figge 1998, Crit Care Med 26:1807",
          core=True, guards=_GAP_SENSE),
    plain("delta_gap", "delta gap", "mEq/L", _GAP, "sodium - chloride - bicarbonate - 12",
          "{sodium}-{chloride}-{bicarbonate}-12", "Wrenn 1990, Ann Emerg Med 19:1310", guards=_GAP_SENSE),
    plain("delta_ratio", "delta ratio", "", _GAP, "(sodium - chloride - bicarbonate - 12) / (24 - bicarbonate)",
          "({sodium}-{chloride}-{bicarbonate}-12)/(24-{bicarbonate})", "Wrenn 1990, Ann Emerg Med 19:1310",
          guards=(*_GAP_SENSE, "abs(24-{bicarbonate})-0.5")),
    plain("albumin_corrected_delta_gap", "albumin-corrected delta gap", "mEq/L", _GAP_AND_ALBUMIN,
          "sodium - chloride - bicarbonate + 2.5 * (4 - albumin) - 12",
          "{sodium}-{chloride}-{bicarbonate}+2.5*(4-{albumin})-12",
          "Figge 1998, Crit Care Med 26:1807; Wrenn 1990, Ann Emerg Med 19:1310", guards=_GAP_SENSE),
    plain("albumin_corrected_delta_ratio", "albumin-corrected delta ratio", "", _GAP_AND_ALBUMIN,
          "(sodium - chloride - bicarbonate + 2.5 * (4 - albumin) - 12) / (24 - bicarbonate)",
          "({sodium}-{chloride}-{bicarbonate}+2.5*(4-{albumin})-12)/(24-{bicarbonate})",
          "Figge 1998, Crit Care Med 26:1807; Wrenn 1990, Ann Emerg Med 19:1310", held_out=True,
          guards=(*_GAP_SENSE, "abs(24-{bicarbonate})-0.5")),
    plain("urine_anion_gap", "urine anion gap", "mEq/L",
          (_URINE_SODIUM, number("urine_potassium", "urine potassium", "mEq/L", 10, 90),
           number("urine_chloride", "urine chloride", "mEq/L", 10, 160)),
          "urine sodium + urine potassium - urine chloride", "{urine_sodium}+{urine_potassium}-{urine_chloride}",
          "Batlle 1988, N Engl J Med 318:594", held_out=True),
    plain("winters_expected_pco2", "expected PaCO2 by Winters' formula", "mmHg", (of.BICARBONATE,),
          "1.5 * bicarbonate + 8", "1.5*{bicarbonate}+8", "Albert, Dell and Winters 1967, Ann Intern Med 66:312",
          core=True),
    plain("serum_osmolality", "serum osmolality", "mOsm/kg", (of.SODIUM, of.GLUCOSE, of.BUN),
          "2 * sodium + glucose / 18 + BUN / 2.8", "2*{sodium}+{glucose}/18+{bun}/2.8",
          "Rasouli 2016, Clin Biochem 49:936", tolerance=0.01, core=True, held_out=True),
    plain("osmolal_gap", "osmolal gap", "mOsm/kg",
          (number("measured_osmolality", "measured osmolality", "mOsm/kg", 275, 390), of.SODIUM, of.GLUCOSE, of.BUN),
          "measured osmolality - (2 * sodium + glucose / 18 + BUN / 2.8)",
          "{measured_osmolality}-(2*{sodium}+{glucose}/18+{bun}/2.8)", "Rasouli 2016, Clin Biochem 49:936",
          guards=("{measured_osmolality}-(2*{sodium}+{glucose}/18+{bun}/2.8)+10",)),
    plain("corrected_sodium", "glucose-corrected sodium", "mEq/L",
          (of.SODIUM, number("glucose", "glucose", "mg/dL", 160, 900, 1, "glucose")),
          "sodium + 0.024 * (glucose - 100)", "{sodium}+0.024*({glucose}-100)",
          "Hillier 1999, Am J Med 106:399", tolerance=0.005, core=True),
    plain("corrected_calcium", "albumin-corrected calcium", "mg/dL", (of.CALCIUM, of.ALBUMIN),
          "calcium + 0.8 * (4 - albumin)", "{calcium}+0.8*(4-{albumin})", "Payne 1973, Br Med J 4:643",
          tolerance=0.01, core=True),
    plain("bicarbonate_deficit", "bicarbonate deficit", "mEq", (of.WEIGHT, of.BICARBONATE),
          "0.4 * weight * (24 - bicarbonate)", "0.4*{weight}*(24-{bicarbonate})",
          "Rose and Post 2001, Clinical Physiology of Acid-Base and Electrolyte Disorders",
          guards=("24-{bicarbonate}",)),
)  # fmt: skip

KIDNEY = (
    plain("fractional_excretion_sodium", "fractional excretion of sodium", "%",
          (of.SODIUM, of.CREATININE, _URINE_SODIUM, _URINE_CREATININE),
          "100 * (urine sodium * serum creatinine) / (sodium * urine creatinine)",
          "100*({urine_sodium}*{creatinine})/({sodium}*{urine_creatinine})", "Espinel 1976, JAMA 236:579", core=True),
    plain("measured_creatinine_clearance", "measured creatinine clearance", "mL/min",
          (_URINE_CREATININE, number("urine_volume", "24-hour urine volume", "mL", 500, 3500, 10), of.CREATININE),
          "urine creatinine * urine volume / (serum creatinine * 1440)",
          "{urine_creatinine}*{urine_volume}/({creatinine}*1440)", "Levey 1988, Annu Rev Med 39:465"),
    plain("protein_creatinine_ratio", "urine protein-to-creatinine ratio", "mg/g",
          (number("urine_protein", "urine protein", "mg/dL", 5, 600), _URINE_CREATININE),
          "1000 * urine protein / urine creatinine", "1000*{urine_protein}/{urine_creatinine}",
          "Ginsberg 1983, N Engl J Med 309:1543"),
    Formula(
        "cockcroft_gault", "creatinine clearance (Cockcroft-Gault, actual weight)",
        (of.SEX, of.AGE, of.WEIGHT, of.CREATININE), "mL/min", "arithmetic", "Cockcroft and Gault 1976, Nephron 16:31",
        "(140 - age) * weight / (72 * serum creatinine), times 0.85 if female",
        (Branch((("", "(140-{age})*{weight}/(72*{creatinine})*0.85"),), (("sex", "is", "female"),), "female"),
         Branch((("", "(140-{age})*{weight}/(72*{creatinine})"),), (), "male")), core=True,
    ),
    Formula(
        "cockcroft_gault_adjusted", "creatinine clearance (Cockcroft-Gault, weight chosen by BMI)",
        (of.SEX, of.AGE, of.WEIGHT, of.HEIGHT, of.CREATININE), "mL/min", "arithmetic",
        "Cockcroft and Gault 1976, Nephron 16:31; Winter 2012, Pharmacotherapy 32:604",
        "(140 - age) * W / (72 * serum creatinine), times 0.85 if female; "
        "BMI = weight / (height/100)^2; IBW = 50 (male) or 45.5 (female) + 2.3 * (height/2.54 - 60); "
        "W = weight if BMI < 18.5, the smaller of weight and IBW if BMI 18.5 to below 25, "
        "IBW + 0.4 * (weight - IBW) if BMI 25 or more",
        tuple(
            Branch(
                (("W", chosen.replace("IBW", f"({base}+2.3*({{height}}/2.54-60))")),
                 ("", "(140-{age})*{W}/(72*{creatinine})" + factor)),
                (("sex", "is", sex), ("BMI", ">=", least)), f"{sex}, {words}",
            )
            for sex, base, factor in (("female", "45.5", "*0.85"), ("male", "50", ""))
            for chosen, least, words in (
                ("0.6*IBW+0.4*{weight}", 25.0, "BMI 25 or more"),
                ("min({weight},IBW)", 18.5, "normal BMI"),
                ("{weight}", 0.0, "BMI below 18.5"),
            )
        ),
        (("BMI", "{weight}/({height}/100)^2"),),
        guards=("abs({weight}/({height}/100)^2-25)-0.02", "abs({weight}/({height}/100)^2-18.5)-0.02"),
    ),
    Formula(
        "ckd_epi_2021", "eGFR (CKD-EPI 2021 creatinine)", (of.SEX, of.AGE, of.CREATININE), "mL/min/1.73 m2",
        "arithmetic",
        "Inker 2021, N Engl J Med 385:1737",
        "female: 142 * min(creatinine/0.7, 1)^-0.241 * max(creatinine/0.7, 1)^-1.2 * 0.9938^age * 1.012; "
        "male: 142 * min(creatinine/0.9, 1)^-0.302 * max(creatinine/0.9, 1)^-1.2 * 0.9938^age",
        (Branch((("", "142*min({creatinine}/0.7,1)^-0.241*max({creatinine}/0.7,1)^-1.2*0.9938^{age}*1.012"),),
                (("sex", "is", "female"),), "female"),
         Branch((("", "142*min({creatinine}/0.9,1)^-0.302*max({creatinine}/0.9,1)^-1.2*0.9938^{age}"),), (), "male")),
    ),
    Formula(
        "mdrd", "eGFR (MDRD, without race term)", (of.SEX, of.AGE, of.CREATININE), "mL/min/1.73 m2", "arithmetic",
        "Levey 2006, Ann Intern Med 145:247",
        "175 * creatinine^-1.154 * age^-0.203, times 0.742 if female",
        (Branch((("", "175*{creatinine}^-1.154*{age}^-0.203*0.742"),), (("sex", "is", "female"),), "female"),
         Branch((("", "175*{creatinine}^-1.154*{age}^-0.203"),), (), "male")), held_out=True,
    ),
    Formula(
        "free_water_deficit", "free water deficit",
        (of.SEX, of.AGE, of.WEIGHT, number("sodium", "sodium", "mEq/L", 145, 172)), "L", "arithmetic",
        "Adrogue and Madias 2000, N Engl J Med 342:1493",
        "F * weight * (sodium/140 - 1); F = 0.6 for men under 65, 0.5 for women under 65 and men from 65, "
        "0.45 for women from 65",
        (Branch((("", "0.45*{weight}*({sodium}/140-1)"),), (("sex", "is", "female"), ("age", ">=", 65)),
        "woman from 65"),
         Branch((("", "0.5*{weight}*({sodium}/140-1)"),), (("sex", "is", "female"),), "woman under 65"),
         Branch((("", "0.5*{weight}*({sodium}/140-1)"),), (("age", ">=", 65),), "man from 65"),
         Branch((("", "0.6*{weight}*({sodium}/140-1)"),), (), "man under 65")),
    ),
)  # fmt: skip

_MELD = "10*(0.957*ln(min(4,max(1,{creatinine})))+0.378*ln(max(1,{bilirubin}))+1.12*ln(max(1,{inr}))+0.643)"
LIVER_AND_METABOLISM = (
    plain("fib4", "FIB-4 index", "", (of.AGE, of.AST, of.ALT, of.PLATELETS),
          "age * AST / (platelets * sqrt(ALT))", "{age}*{ast}/({platelets}*sqrt({alt}))",
          "Sterling 2006, Hepatology 43:1317", core=True),
    plain("apri", "AST to platelet ratio index (APRI)", "",
          (of.AST, number("ast_limit", "upper normal limit of AST", "U/L", 30, 50), of.PLATELETS),
          "100 * (AST / upper normal limit of AST) / platelets", "100*({ast}/{ast_limit})/{platelets}",
          "Wai 2003, Hepatology 38:518"),
    plain("liver_r_factor", "R factor for liver injury", "",
          (of.ALT, number("alt_limit", "upper normal limit of ALT", "U/L", 30, 55),
           number("alp", "alkaline phosphatase", "U/L", 40, 600),
           number("alp_limit", "upper normal limit of alkaline phosphatase", "U/L", 100, 140)),
          "(ALT / upper normal limit of ALT) / (alkaline phosphatase / upper normal limit of alkaline phosphatase)",
          "({alt}/{alt_limit})/({alp}/{alp_limit})", "Benichou 1990, J Hepatol 11:272"),
    Formula(
        "meld_na", "MELD-Na score", (of.CREATININE, of.BILIRUBIN, of.INR, of.SODIUM), "points", "arithmetic",
        "Kim 2008, N Engl J Med 359:1018; OPTN policy 2016, before rounding",
        "M if M is 11 or less, otherwise min(40, M + 1.32 * (137 - Na) - 0.033 * M * (137 - Na)); M = 10 * "
        "(0.957 * ln(creatinine) + 0.378 * ln(bilirubin) + 1.12 * ln(INR) + 0.643) with values below 1 set to 1 and "
        "creatinine above 4 set to 4; Na is the sodium kept within 125 to 137",
        (Branch((("Na", "min(137,max(125,{sodium}))"), ("", "min(40,{M}+1.32*(137-{Na})-0.033*{M}*(137-{Na}))")),
                (("M", ">", 11.0),), "M above 11"),
         Branch((("", "min(40,{M})"),), (), "M not above 11")),
        (("M", _MELD),), decimals=0,
    ),
    plain("homa_ir", "HOMA-IR", "", (number("glucose", "fasting glucose", "mg/dL", 65, 220, 1, "glucose"),
                                     number("insulin", "fasting insulin", "µIU/mL", 2, 45)),
          "glucose * insulin / 405", "{glucose}*{insulin}/405", "Matthews 1985, Diabetologia 28:412", core=True,
          held_out=True),
    plain("ldl_friedewald", "LDL cholesterol (Friedewald)", "mg/dL", (of.TOTAL_CHOLESTEROL, of.HDL, of.TRIGLYCERIDES),
          "total cholesterol - HDL cholesterol - triglycerides / 5", "{total_cholesterol}-{hdl}-{triglycerides}/5",
          "Friedewald 1972, Clin Chem 18:499", core=True, guards=("{total_cholesterol}-{hdl}-{triglycerides}/5-20",)),
    plain("non_hdl_cholesterol", "non-HDL cholesterol", "mg/dL", (of.TOTAL_CHOLESTEROL, of.HDL),
          "total cholesterol - HDL cholesterol", "{total_cholesterol}-{hdl}",
          "Expert Panel (ATP III) 2001, JAMA 285:2486", core=True, guards=("{total_cholesterol}-{hdl}-30",)),
    plain("transferrin_saturation", "transferrin saturation", "%",
          (number("iron", "serum iron", "µg/dL", 15, 220, 1, "iron"),
           number("tibc", "total iron-binding capacity", "µg/dL", 230, 500)),
          "100 * serum iron / total iron-binding capacity", "100*{iron}/{tibc}",
          "Bainton and Finch 1964, Am J Med 37:62",
          held_out=True),
    plain("iron_deficit", "total iron deficit (Ganzoni)", "mg",
          (of.WEIGHT, number("target_hemoglobin", "target hemoglobin", "g/dL", 13, 15), of.HEMOGLOBIN,
           number("iron_stores", "iron stores", "mg", 500, 500)),
          "weight * (target hemoglobin - hemoglobin) * 2.4 + iron stores",
          "{weight}*({target_hemoglobin}-{hemoglobin})*2.4+{iron_stores}",
          "Ganzoni 1970, Schweiz Med Wochenschr 100:301",
          guards=("{target_hemoglobin}-{hemoglobin}-1",)),
    plain("absolute_neutrophil_count", "absolute neutrophil count", "cells/µL",
          (number("white_cells", "white cells", "cells/µL", 800, 15000, 100),
           number("segmented", "segmented neutrophils", "%", 10, 80), number("bands", "band forms", "%", 0, 12)),
          "white cells * (segmented neutrophils + band forms) / 100", "{white_cells}*({segmented}+{bands})/100",
          "Hsieh 2007, Ann Intern Med 146:486", core=True),
    plain("corrected_reticulocytes", "corrected reticulocyte count", "%",
          (number("reticulocytes", "reticulocytes", "%", 0.5, 15, 0.1),
           number("hematocrit", "hematocrit", "%", 15, 42)),
          "reticulocytes * hematocrit / 45", "{reticulocytes}*{hematocrit}/45", "Hillman 1969, J Clin Invest 48:443"),
    plain("corrected_phenytoin", "albumin-corrected phenytoin", "µg/mL",
          (number("phenytoin", "total phenytoin", "µg/mL", 3, 22, 0.1), of.ALBUMIN),
          "total phenytoin / (0.2 * albumin + 0.1)", "{phenytoin}/(0.2*{albumin}+0.1)",
          "Sheiner and Tozer 1978, in Clinical Pharmacy and Therapeutics"),
)  # fmt: skip
