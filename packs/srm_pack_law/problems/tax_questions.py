"""What the tax kinds share: how a person and a return are described, and the citation behind the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from srm_core.calculator import format_number
from srm_core.config import PackConfig
from srm_core.formulas.formula import VARIANTS, Formula, Inputs
from srm_core.formulas.problems import Ask, Table, define, formula_problems
from srm_core.records import FormulaKey, Problem
from srm_pack_law.citing import cited_at
from srm_pack_law.people import party
from srm_pack_law.sources import tax_source
from srm_pack_law.tax_formulas import FORMULAS, value
from srm_pack_law.tax_tables import STATUSES

DOLLAR = 1.0  # half-width of the accepted band: tax returns are made in whole dollars


def table(kind: str, formulas: Sequence[Formula], ask: Ask) -> Table:
    """Return the table of a kind whose answers are dollars."""
    return Table(kind, formulas, value, lambda formula, n: define(formula, n, tax_source()), ask)


def with_citation(problems: Iterator[Problem]) -> Iterator[Problem]:
    """Yield the problems, the gold of each citing the line that decides it and accepted to the dollar.

    Either wording of the line decides, so that retrieval may show the other one.
    """
    for problem in problems:
        place = 1 + [piece.cites for piece in problem.evidence].index(problem.facts)
        key = problem.key
        assert isinstance(key, FormulaKey)
        middle = (key.low + key.high) / 2
        band = key.model_copy(update={"low": middle - DOLLAR, "high": middle + DOLLAR})
        lines = tuple(define(FORMULAS[key.formula], n, tax_source()).id for n in range(VARIANTS))
        yield cited_at(problem, place, key=band, facts=lines, parents=problem.facts)


def posed(of: Table, config: PackConfig) -> Iterator[Problem]:
    """Yield ``config.per_kind`` problems of the table."""
    return with_citation(formula_problems(of, config))


def worded(questions: Sequence[str], year: int, status: str, inputs: Inputs, rng: Random) -> str:
    """Return one of ``questions`` about a return of the year."""
    return rng.choice(questions).format(
        year=year, status=STATUSES[status], income=format_number(float(inputs["income"])), party=party(rng)
    )
