"""The suite ``exoplanets``: values of the Open Exoplanet Catalogue, recomputed from its own other columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from srm_core.calculator import format_number
from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.formulas.formula import Inputs
from srm_core.formulas.working import solution
from srm_core.records import EvalItem, Evidence, FormulaKey, Problem

from .formulas.table import FORMULAS
from .problems.formula_kinds import define
from .problems.kinds import EXOPLANETS
from .settings import settings_of

SUITE = "exoplanets"
Row = Mapping[str, str]


@dataclass(frozen=True)
class Column:
    """A published value that a formula of ours should give, from which columns, and how near is near enough."""

    formula: str
    gold: str  # the column
    inputs: Mapping[str, str]  # input of the formula -> column
    tolerance: float
    question: str
    fixed: Inputs


_COLUMNS = (
    Column("kepler_axis", "semimajoraxis", {"period": "period", "star_mass": "hoststar_mass"}, 0.05,
           "{name} orbits a star of {star_mass} solar masses in {period} days. What is its semi-major axis in AU?", {}),
    Column("equilibrium_temperature", "temperature",
           {"temperature": "hoststar_temperature", "star_radius": "hoststar_radius", "axis": "semimajoraxis"}, 0.1,
           "{name} is {axis} AU from a star with effective temperature {temperature} K and stellar radius "
           "{star_radius} solar radii. "
           "What is its equilibrium temperature in K for a Bond albedo of 0?", {"albedo": 0.0}),
)  # fmt: skip


def evals(config: PackConfig) -> Iterator[EvalItem]:
    """Yield the suite where ``own.exoplanets`` names the table; nothing if it is unset.

    Raises:
        ConfigError: the file is not the comma-separated table that the catalogue publishes.
    """
    named = settings_of(config.own).exoplanets
    if named:
        yield from exoplanets(Path(named))


def exoplanets(file: Path) -> Iterator[EvalItem]:
    """Yield one item a planet and column where the published value and the formula's inputs are there.

    Planets with more than one star are left out: the table does not say which star a planet goes around.

    Raises:
        ConfigError: the file cannot be read, or columns are missing.
    """
    needed = (
        {"name", "binaryflag"}
        | {each.gold for each in _COLUMNS}
        | {c for each in _COLUMNS for c in each.inputs.values()}
    )
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = needed - set(reader.fieldnames or ())
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"own.exoplanets = {str(file)!r} cannot be read: {error}") from None
    if missing:
        raise ConfigError(f"own.exoplanets = {str(file)!r} has no column {sorted(missing)[0]!r}")
    for column in _COLUMNS:
        for row in rows:
            if row["binaryflag"] == "0":
                yield from _item(column, row)


def _item(column: Column, row: Row) -> Iterator[EvalItem]:
    gold = _positive(row[column.gold])
    given = {name: _positive(row[place]) for name, place in column.inputs.items()}
    if gold is None or any(each is None for each in given.values()):
        return
    inputs: dict[str, float | str] = {name: float(each or 0) for name, each in given.items()}
    shown = {name: format_number(float(each)) for name, each in inputs.items()}
    problem = _problem(
        column, row["name"], gold, {**inputs, **column.fixed}, column.question.format(name=row["name"], **shown)
    )
    yield EvalItem(suite=SUITE, problem=problem, parents=(problem.id,))


def _problem(column: Column, planet: str, gold: float, inputs: Inputs, question: str) -> Problem:
    formula = FORMULAS[column.formula]
    line = define(formula, 0)
    return Problem(
        kind=EXOPLANETS,
        question=question,
        answer=f"{format_number(gold)} {formula.unit}",
        anchor=f"exoplanet:{planet}",
        evidence=(Evidence(text=line.object, cites=(line.id,)),),
        key=FormulaKey(
            formula=column.formula,
            inputs=dict(inputs),
            unit=formula.unit,
            low=gold * (1 - column.tolerance),
            high=gold * (1 + column.tolerance),
        ),
        tags={"name": column.formula},
        split="test",
    )


def worked(problem: Problem) -> str:
    """Return the solution that our formula gives: its value may miss the published one."""
    assert isinstance(problem.key, FormulaKey)
    return solution(FORMULAS[problem.key.formula], problem.key.inputs, 1, problem.evidence[0].text)


def _positive(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < 1e6 else None
