"""The published MedCalc-Bench table (Khandekar et al. 2024, CC BY-SA 4.0) as evaluation items.

Gold and band are the benchmark's own, also where its gold differs from the published score.
"""

from __future__ import annotations

import ast
import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from srm_core.errors import ConfigError
from srm_core.records import EvalItem, FormulaKey, Problem, digest

from .medcalc_entities import CALCULATORS, inputs_from
from .table import FORMULAS

SUITE = "medcalc-bench"
_NEEDED = ("Calculator ID", "Note ID", "Patient Note", "Question", "Relevant Entities", "Ground Truth Answer",
           "Lower Limit", "Upper Limit", "Output Type")  # fmt: skip


@dataclass(frozen=True)
class MedcalcItems:
    """What the table gave: items, and how many rows were left out, by reason."""

    items: tuple[EvalItem, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)


def read_medcalc(path: Path) -> MedcalcItems:
    """Return the rows of ``path`` whose answer is a number, as items of the suite ``medcalc-bench``.

    Dates and gestational ages are left out and counted, and so are rows whose limits cannot be read.

    Raises:
        ConfigError: the file is missing, is not UTF-8, or lacks a column.
    """
    items: list[EvalItem] = []
    skipped: Counter[str] = Counter()
    for row in _rows(path):
        item = _item(row)
        if isinstance(item, EvalItem):
            items.append(item)
        else:
            skipped[item] += 1
    return MedcalcItems(tuple(items), dict(skipped))


def medcalc_row_value_inputs(row: Mapping[str, str]) -> tuple[str, dict[str, float | str]] | None:
    """Return the name and inputs of our calculator for a row, or None if we have no such calculator.

    Raises:
        KeyError, ValueError: the row's entities do not give what the formula needs.
    """
    name = CALCULATORS.get(int(row["Calculator ID"]))
    if name is None:
        return None
    entities = ast.literal_eval(row["Relevant Entities"])
    return name, inputs_from(FORMULAS[name], entities)


def _rows(path: Path) -> Iterable[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such MedCalc-Bench table") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}") from None
    missing = [name for name in _NEEDED if not rows or name not in rows[0]]
    if missing:
        raise ConfigError(f"{path} is no MedCalc-Bench table: it has no column {missing[0]!r}")
    return rows


def _item(row: Mapping[str, str]) -> EvalItem | str:
    if row["Output Type"] == "date" or row["Ground Truth Answer"].startswith("("):
        return "the answer is a date or an age in weeks and days"
    try:
        low, high = sorted((float(row["Lower Limit"]), float(row["Upper Limit"])))
        calculator = int(row["Calculator ID"])
    except ValueError:
        return "the limits are no numbers"
    name = CALCULATORS.get(calculator)
    unit = FORMULAS[name].unit if name else ""
    answer = f"{row['Ground Truth Answer']} {unit}".rstrip()
    problem = Problem(
        kind="medcalc",
        question=f"{row['Patient Note'].strip()}\n\n{row['Question'].strip()}",
        answer=answer,
        anchor=f"medcalc:{calculator}:{row['Note ID']}:{digest(row['Question'])[:8]}",
        key=FormulaKey(formula=name or f"medcalc:{calculator}", inputs=_inputs(row), unit=unit, low=low, high=high),
        tags={"calculator": row.get("Calculator Name", str(calculator)), "category": row.get("Category", "")},
        split="test",
    )
    return EvalItem(suite=SUITE, problem=problem)


def _inputs(row: Mapping[str, str]) -> dict[str, float | str]:
    """Return the inputs for a second grader, or none where the row's entities do not give them."""
    try:
        read = medcalc_row_value_inputs(row)
    except (KeyError, ValueError, SyntaxError):
        return {}
    return read[1] if read else {}
