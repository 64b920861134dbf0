"""The suite of exoplanets: a table written by hand, and the published one where it is there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from srm_pack_astronomy.evals import evals, exoplanets, worked
from srm_pack_astronomy.formulas.table import FORMULAS
from srm_pack_astronomy.formulas.values import value
from srm_pack_astronomy.verify import verify

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.records import FormulaKey
from srm_core.traces import parse_trace

SHARED = (
    Path(__file__).parents[4] / "shared" / "data" / "ontologies" / "oec-exoplanets" / "open_exoplanet_catalogue.txt"
)
HEAD = "name,binaryflag,semimajoraxis,period,hoststar_mass,hoststar_radius,hoststar_temperature,temperature\n"
ROWS = (
    "Twin b,0,1,365.25,1,1,5772,278.3\n"  # Earth around the Sun, without an atmosphere
    "Two suns b,1,1,365.25,1,1,5772,255\n"
    "No mass b,0,1,365.25,,,,\n"
    "Odd b,0,2,365.25,1,1,5772,\n"  # its published axis contradicts Kepler's law
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "table.txt"
    file.write_text(HEAD + ROWS, encoding="utf-8")
    return file


def right(item) -> bool:
    verdict = verify(item.problem, parse_trace(worked(item.problem)))
    assert verdict is not None
    return verdict.correct is True


def test_rows_become_items_with_the_published_gold(table):
    items = list(evals(PackConfig(own={"exoplanets": str(table)})))
    assert [(item.problem.anchor, item.problem.answer) for item in items] == [
        ("exoplanet:Twin b", "1 AU"), ("exoplanet:Odd b", "2 AU"), ("exoplanet:Twin b", "278.3 K"),
    ]  # fmt: skip
    assert {item.suite for item in items} == {"exoplanets"}
    assert [right(item) for item in items] == [True, False, True]
    assert all(item.problem.split == "test" for item in items)


def test_without_the_setting_there_is_no_suite():
    assert list(evals(PackConfig())) == []


def test_a_file_that_is_no_table_of_the_catalogue_is_refused(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="has no column"):
        list(exoplanets(other))
    with pytest.raises(ConfigError, match="cannot be read"):
        list(exoplanets(tmp_path / "none.csv"))


@pytest.mark.skipif(not SHARED.is_file(), reason="the Open Exoplanet Catalogue's table is not beside the project")
def test_most_published_values_are_what_the_formulas_give():
    items = list(exoplanets(SHARED))
    counts = Counter(item.problem.tags["name"] for item in items)
    within: Counter[str] = Counter()
    for item in items:
        key = item.problem.key
        assert isinstance(key, FormulaKey)
        within[key.formula] += key.low <= value(FORMULAS[key.formula], key.inputs) <= key.high
    assert counts["kepler_axis"] > 2000
    assert within["kepler_axis"] / counts["kepler_axis"] > 0.9
    assert within["equilibrium_temperature"] / counts["equilibrium_temperature"] > 0.6
    assert len({item.problem.id for item in items}) == len(items)
