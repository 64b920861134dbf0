"""Tables against published figures and against examples worked by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from srm_pack_law.calendar import FIRST, LAST, is_court_day, legal_holidays
from srm_pack_law.courts import load_courts
from srm_pack_law.licences import load_licences
from srm_pack_law.problems.deadline_steps import moved
from srm_pack_law.reporters import load_reporters
from srm_pack_law.second_dates import is_holiday
from srm_pack_law.second_tax import slices
from srm_pack_law.tax_formulas import BRACKETS, FORMULAS, value
from srm_pack_law.tax_tables import PROCEDURES, STATUSES, brackets, deduction, ends, tax_due

from srm_core.calculator import evaluate
from srm_core.formulas.drawing import draw
from srm_core.formulas.working import work


@pytest.mark.parametrize(
    ("year", "status", "low", "base"),
    [  # the tax at the lower end of a bracket, as the revenue procedure of the year prints it
        (2017, "single", 37950, 5226.25), (2017, "joint", 75900, 10452.50), (2017, "single", 418400, 121505.25),
        (2018, "single", 38700, 4453.50), (2018, "joint", 77400, 8907), (2018, "head", 51800, 5944),
        (2018, "single", 500000, 150689.50), (2018, "joint", 600000, 161379), (2019, "single", 39475, 4543),
        (2019, "joint", 78950, 9086), (2019, "single", 510300, 153798.50), (2019, "joint", 612350, 164709.50),
        (2020, "single", 40125, 4617.50), (2020, "joint", 80250, 9235), (2020, "single", 518400, 156235),
        (2020, "joint", 622050, 167307.50), (2021, "single", 40525, 4664), (2021, "joint", 81050, 9328),
        (2021, "head", 54200, 6220), (2021, "single", 523600, 157804.25), (2021, "joint", 628300, 168993.50),
        (2022, "single", 41775, 4807.50), (2022, "single", 539900, 162718), (2022, "joint", 647850, 174253.50),
        (2023, "single", 44725, 5147), (2023, "single", 578125, 174238.25), (2023, "joint", 693750, 186601.50),
    ],
)  # fmt: skip
def test_the_tax_at_the_end_of_a_bracket_is_the_published_one(year: int, status: str, low: float, base: float) -> None:
    row = next(each for each in brackets() if (each.year, each.status, each.low) == (year, status, low))
    assert row.base == pytest.approx(base, abs=0.005)
    assert tax_due(year, status, low) == pytest.approx(base, abs=0.005)


def test_the_tables_keep_the_relations_of_the_statute() -> None:
    for year in PROCEDURES:
        single, joint, separate = (ends(year, status) for status in ("single", "joint", "separate"))
        assert separate[-1] * 2 == joint[-1]
        assert [2 * end for end in separate[1:5]] == list(joint[1:5])
        assert joint[0] == 2 * single[0]
        assert deduction(year, "joint") == 2 * deduction(year, "single")
        for status in STATUSES:
            assert list(ends(year, status)) == sorted(set(ends(year, status)))
            assert deduction(year, "single") <= deduction(year, status) <= deduction(year, "joint")


def test_a_tax_worked_by_hand() -> None:
    # 2018, single, $50,000: 10 % of 9,525, 12 % of 29,175, 22 % of 11,300 = 952.50 + 3,501 + 2,486
    assert tax_due(2018, "single", 50_000) == pytest.approx(6939.50)
    assert tax_due(2018, "single", 0) == 0


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_every_worked_expression_gives_the_value_of_the_plain_function(name: str) -> None:
    from random import Random

    formula, rng = FORMULAS[name], Random(name)
    for _ in range(5):
        inputs = draw(formula, rng, value)
        assert evaluate(work(formula, inputs).expression) == pytest.approx(value(formula, inputs), rel=1e-6)


def test_a_third_way_to_the_tax_agrees_within_a_cent() -> None:
    from decimal import Decimal

    for row in BRACKETS.values():
        income = row.low + 1234.5
        assert float(slices(row.year, row.status, Decimal(str(income)))) == pytest.approx(
            tax_due(row.year, row.status, income), abs=0.01
        )


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        ("2019-06-03", 30, "2019-07-03"),  # a Wednesday
        ("2019-06-04", 30, "2019-07-05"),  # July 4 is a Thursday
        ("2020-03-19", 30, "2020-04-20"),  # April 18 is a Saturday
        ("2021-06-04", 14, "2021-06-21"),  # Juneteenth, a Saturday, is observed on Friday June 18
        ("2020-06-05", 14, "2020-06-19"),  # Juneteenth was no holiday yet
        ("2016-12-05", 21, "2016-12-27"),  # Christmas, a Sunday, is observed on Monday
        ("2021-12-10", 21, "2022-01-03"),  # New Year 2022, a Saturday, is observed on Friday December 31
        ("2019-07-18", -14, "2019-07-03"),
        ("2021-07-19", -14, "2021-07-02"),  # July 4, a Sunday, is observed on Monday
        ("2024-05-07", -30, "2024-04-05"),
    ],
)
def test_a_deadline_worked_by_hand(start: str, days: int, last: str) -> None:
    end = date.fromisoformat(start) + timedelta(days=days)
    assert moved(end, 1 if days > 0 else -1).isoformat() == last


def test_both_lists_of_holidays_name_the_same_working_days() -> None:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days - 31)]
    for day in days:
        if day.weekday() < 5:
            assert (day in legal_holidays()) == is_holiday(day), day
            assert is_court_day(day) != is_holiday(day)


def test_the_tables_hold_what_everybody_knows() -> None:
    editions = {e.abbreviation: (r, e) for r in load_reporters() for e in r.editions}
    assert editions["F.2d"][0].name == "Federal Reporter"
    assert (editions["F.2d"][1].start, editions["F.2d"][1].end) == (1924, 1993)
    assert editions["F.4th"][1].end is None
    assert ("Atl. Rep.", "A.") in editions["A.2d"][0].variants
    courts = load_courts()
    assert courts["mass"].citation == "Mass."
    assert courts["mass"].level == "court of last resort"
    licences = {each.spdx: each for each in load_licences()}
    assert licences["MIT"].category == "Permissive"
    assert licences["GPL-3.0-only"].category == "Copyleft"


def test_no_name_of_a_licence_stands_for_two() -> None:
    names = [name.casefold() for each in load_licences() for name in each.names]
    spdx = {each.spdx.casefold() for each in load_licences()}
    assert len(set(names)) == len(names)
    assert not [
        each for each in load_licences() if {n.casefold() for n in each.names} & (spdx - {each.spdx.casefold()})
    ]
