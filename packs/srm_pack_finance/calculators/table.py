"""The kinds whose gold is a formula of this folder, and all their formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from srm_core.config import PackConfig
from srm_core.formulas.formula import Formula
from srm_core.formulas.problems import Ask, Table, define, formula_problems
from srm_core.records import Kind, Problem, Triple
from srm_pack_finance.sources import FORMULAS as SOURCE

from .asking import ask_customer, ask_scale, groups_of
from .bonds import MEASURES, PRICES
from .growth import FUTURE, PRESENT
from .options import OPTIONS, PARITIES
from .payments import LOANS
from .projects import PROJECTS
from .scales import SCALES
from .values import value

_ANCHOR = "the formula together with its inputs"
_SHARED = "the lines of formulas tagged seen; formulas tagged unseen appear in the test split alone"
CUSTOMERS = frozenset({"future_value", "present_value", "annuity_payment"})  # kinds with stories about a person
_ASK: Mapping[str, Ask] = {**dict.fromkeys(CUSTOMERS, ask_customer), "scale_conversion": ask_scale}


def _kind(name: str, title: str, grader: str, *, core: bool = False) -> Kind:
    return Kind(name=name, title=title, book="formula", anchor=_ANCHOR, shared=_SHARED, core=core, second_grader=grader)


_NPF = "numpy-financial, QuantLib or decimal arithmetic by formula, with a number reader of its own"
_QL = "QuantLib, or decimal arithmetic for plain sums and products, with a number reader of its own"
_DECIMAL = "decimal arithmetic from the inputs, with a number reader of its own"
FAMILIES: Mapping[str, tuple[Kind, tuple[Formula, ...]]] = MappingProxyType({
    kind.name: (kind, formulas)
    for kind, formulas in (
        (_kind("future_value", "what an amount or a row of payments grows to", _NPF, core=True), FUTURE),
        (_kind("present_value", "what later payments are worth today", _NPF), PRESENT),
        (_kind("annuity_payment", "loan payments, saving plans and what a lender checks", _NPF, core=True), LOANS),
        (_kind("npv", "net present value and other measures of a project", _NPF), PROJECTS),
        (_kind("bond_price", "prices and yields of bonds and bills", _QL), PRICES),
        (_kind("bond_measure", "current yield, duration and price moves of bonds", _QL), MEASURES),
        (_kind("option_bs", "Black-Scholes prices and deltas of European options", _QL), OPTIONS),
        (_kind("put_call_parity", "put-call parity, forwards and break-even prices", _QL), PARITIES),
        (_kind("scale_conversion", "thousands, millions, percent and basis points", _DECIMAL, core=True), SCALES),
    )
})  # fmt: skip
FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {formula.name: formula for _, formulas in FAMILIES.values() for formula in formulas}
)


def line_of(formula: Formula, variant: int) -> Triple:
    """Return the fact that states ``formula`` in wording ``variant``."""
    return define(formula, variant, SOURCE)


def calculator_problems(name: str, config: PackConfig) -> Iterator[Problem]:
    """Yield ``config.per_kind`` problems of the kind ``name``; people whom a question states are in its groups."""
    _, formulas = FAMILIES[name]
    table = Table(name, formulas, value, line_of, _ASK.get(name))
    for problem in formula_problems(table, config):
        groups = groups_of(problem.question)
        yield problem.revised(groups=groups) if groups else problem
