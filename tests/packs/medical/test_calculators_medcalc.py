"""Our calculators on the published MedCalc-Bench rows, one row a calculator."""

import csv
from pathlib import Path

import pytest
from srm_pack_medical.calculators.gold import value
from srm_pack_medical.calculators.medcalc import SUITE, medcalc_row_value_inputs, read_medcalc
from srm_pack_medical.calculators.table import FORMULAS
from srm_pack_medical.calculators.verify import verify_calculator

from srm_core.errors import ConfigError
from srm_core.records import Trace

TABLE = (
    Path(__file__).resolve().parents[3]
    / ".." / "shared" / "data" / "bench" / "medical-medcalc-bench" / "sample_one_row_per_calculator.csv"
)  # fmt: skip
needs_table = pytest.mark.skipif(
    not TABLE.exists(), reason="the MedCalc-Bench sample is not in a sibling folder shared/"
)

# Rows whose gold differs from the published score or formula, with what the row's explanation does
DIFFERENT = {
    "child_pugh": "absent ascites counts 0 points there, 1 in Pugh 1973",
    "rcri": "the row states cerebrovascular disease as both true and false; the gold takes it as absent",
    "meld_na": "M is rounded to a multiple of 10 there (18.3 becomes 20)",
    "charlson": "diet-controlled diabetes counts 1 point there, 0 in Charlson 1987",
    "framingham_hard_chd": "cholesterol is taken in mmol/L with coefficients for mg/dL; the risk becomes 0",
    "sirs": "a white cell count of 4200/µL is taken as above 12000 through a unit error",
    "gcs": "the verbal response is added twice",
    "apache2": "34.9 °C is converted as Fahrenheit, white cells per m3 are compared with 10^9/L, GCS is added as it is",
    "sofa": "PaO2/FiO2 is computed without the percent sign (1.27), hypotension is taken as dopamine",
    "caprini": "the running total is overwritten, and some stated findings are taken as unstated",
}
DATES = {13, 68, 69}  # due date, conception, gestational age: answers are dates, no calculator expression gives them


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@needs_table
def test_every_calculator_of_the_benchmark_that_is_no_date_is_ours_and_42_of_52_rows_are_reproduced():
    reproduced, different, absent = set(), set(), set()
    for row in rows():
        read = medcalc_row_value_inputs(row)
        if read is None:
            absent.add(int(row["Calculator ID"]))
            continue
        name, inputs = read
        low, high = sorted((float(row["Lower Limit"]), float(row["Upper Limit"])))
        inside = low - 1e-9 <= value(FORMULAS[name], inputs) <= high + 1e-9
        (reproduced if inside else different).add(name)
    assert absent == DATES
    assert different == set(DIFFERENT)
    assert len(reproduced) == 42


@needs_table
def test_the_importer_keeps_numbers_counts_dates_and_its_golds_are_accepted():
    read = read_medcalc(TABLE)
    assert len(read.items) == 52
    assert read.skipped == {"the answer is a date or an age in weeks and days": 3}
    for item in read.items:
        assert item.suite == SUITE
        assert item.problem.split == "test"
        assert not item.problem.evidence
        verdict = verify_calculator(item.problem, Trace(text="", reasoning="", answer=item.problem.answer))
        assert verdict.correct, (item.problem.answer, verdict)


HEADER = (
    "Calculator ID,Calculator Name,Category,Output Type,Note ID,Patient Note,Question,Relevant Entities,"
    "Ground Truth Answer,Lower Limit,Upper Limit\n"
)


def test_rows_that_cannot_be_used_are_counted_by_reason(tmp_path):
    table = tmp_path / "medcalc.csv"
    table.write_text(
        HEADER
        + "5,MAP,physical,decimal,n1,Note.,MAP?,\"{'Systolic Blood Pressure': [140.0, 'mm hg']}\",100,95,105\n"
        + "5,MAP,physical,decimal,n2,Note.,MAP?,{},100,low,105\n"
        + "13,Due,date,date,n3,Note.,When?,{},09/23/2014,09/23/2014,09/23/2014\n",
        encoding="utf-8",
    )
    read = read_medcalc(table)
    assert [item.problem.key.inputs for item in read.items] == [{}]
    assert read.skipped == {"the limits are no numbers": 1, "the answer is a date or an age in weeks and days": 1}


def test_a_file_that_is_no_such_table_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match="there is no such MedCalc-Bench table"):
        read_medcalc(tmp_path / "absent.csv")
    table = tmp_path / "other.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="it has no column 'Calculator ID'"):
        read_medcalc(table)
    table.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read_medcalc(table)
