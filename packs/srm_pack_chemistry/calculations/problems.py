"""The two kinds of the table of formulas: calculations and conversions of units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType

from srm_core.config import PackConfig
from srm_core.formulas.formula import Formula, Inputs
from srm_core.formulas.problems import Table, ask, define, formula_problems
from srm_core.records import Kind, Problem, Triple
from srm_pack_chemistry.sources import OWN

from .conversions import CONVERSIONS
from .energetics import ENERGETICS
from .solutions import GASES, SOLUTIONS
from .values import value

_SHARED = "the lines of formulas tagged seen; formulas tagged unseen appear in the test split alone"
_GRADER = "recomputation of the formula from its inputs, with a number reader of its own"
KINDS: tuple[Kind, ...] = (
    Kind(name="chemistry_formula", title="solutions, gases, pH, heat, rates, cells and yields by formula",
          book="formula",
         anchor="the formula together with its inputs", shared=_SHARED, core=True, second_grader=_GRADER),
    Kind(name="chemistry_units", title="conversions of units", book="formula",
         anchor="the formula together with its inputs", shared=_SHARED, second_grader=_GRADER),
)  # fmt: skip
CALCULATED: tuple[Formula, ...] = (*SOLUTIONS, *GASES, *ENERGETICS)
FORMULAS: Mapping[str, Formula] = MappingProxyType({each.name: each for each in (*CALCULATED, *CONVERSIONS)})
_CONVERT = (
    "Convert {facts} to {unit}.",
    "{facts}: how much is that in {unit}?",
    "Express {facts} in {unit}.",
    "What is {facts} in {unit}?",
)


def calculated_problems(config: PackConfig) -> Iterator[Problem]:
    """Yield ``config.per_kind`` problems of each wanted kind."""
    tables = {
        "chemistry_formula": Table("chemistry_formula", CALCULATED, value, _define),
        "chemistry_units": Table("chemistry_units", CONVERSIONS, value, _define, _asked),
    }
    for name, table in tables.items():
        if not config.kinds or name in config.kinds:
            yield from formula_problems(table, config)


def _define(formula: Formula, variant: int) -> Triple:
    return define(formula, variant, OWN)


def _asked(formula: Formula, inputs: Inputs, rng: Random) -> str:
    wordings = tuple(each.replace("{unit}", formula.unit) for each in _CONVERT)
    return ask(formula, inputs, rng, wordings)
