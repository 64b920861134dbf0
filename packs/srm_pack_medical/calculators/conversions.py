"""One calculator for each direction of each unit conversion."""

from __future__ import annotations

import re
from collections.abc import Iterator

from srm_core.formulas.formula import Branch, Formula, Input

from .units import CONVERSIONS, Conversion, conversion_template, convert


def conversion_name(quantity: str, to: str) -> str:
    """Return the name of the calculator that converts ``quantity`` into the unit ``to``."""
    unit = to.lower().replace("/", "_per_").replace("µ", "u").replace("%", "percent").replace("°", "")
    return f"{quantity}_to_{unit}"


def conversion_formulas() -> Iterator[Formula]:
    """Yield both directions of every row of the table of conversions."""
    for row in CONVERSIONS.values():
        yield _formula(row, given=row.first, to=row.second)
        yield _formula(row, given=row.second, to=row.first)


def _formula(row: Conversion, *, given: str, to: str) -> Formula:
    low, high, step = row.low, row.high, row.step
    if given == row.second:
        low, high = (convert(row.quantity, end, to=given) for end in (row.low, row.high))
        step = _round_step(row.step * row.factor)
        low = round(low / step) * step
    slot = f"{row.label} ({given})"
    return Formula(
        name=conversion_name(row.quantity, to),
        title=row.label,
        inputs=(Input("value", row.label, given, low, high, step),),
        unit=to,
        family="conversion",
        source=row.source,
        statement=_spaced(conversion_template(row, to=to, slot="SLOT")).replace("SLOT", slot),
        branches=(Branch((("", conversion_template(row, to=to, slot="{value}")),)),),
        tolerance=row.tolerance,
        core=True,
        held_out=row.held_out,
        adult=row.quantity != "birth_weight",
    )


def _spaced(expression: str) -> str:
    return re.sub(r"[*/+-]", r" \g<0> ", expression)


def _round_step(step: float) -> float:
    return max((size for size in (0.01, 0.1, 1.0, 10.0) if size <= step * 1.5), default=0.01)
