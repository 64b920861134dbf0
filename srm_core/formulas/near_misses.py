"""Which formulas are easily taken for another: they share inputs, words of the title, or the unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .formula import Formula, formula_text

NEAREST = 5
LONGEST = 420  # characters of a distractor's line; longer ones would fill the prompt


def near_misses(formulas: Iterable[Formula]) -> Mapping[str, tuple[Formula, ...]]:
    """Return, for each formula, the nearest others of its family that may be shown in training (none held out)."""
    pool = tuple(formulas)
    shown = [formula for formula in pool if not formula.held_out and len(formula_text(formula)) <= LONGEST]
    return {formula.name: _nearest(formula, shown) for formula in pool}


def _nearest(formula: Formula, shown: list[Formula]) -> tuple[Formula, ...]:
    others = [other for other in shown if other.family == formula.family and other.name != formula.name]
    return tuple(sorted(others, key=lambda other: (-_likeness(formula, other), other.name))[:NEAREST])


def _likeness(one: Formula, other: Formula) -> int:
    words = set(one.title.lower().split()) & set(other.title.lower().split())
    return 2 * len(_names(one) & _names(other)) + len(words) + (one.unit == other.unit)


def _names(formula: Formula) -> set[str]:
    return {f"{source.name} {source.unit}" if source.name == "value" else source.name for source in formula.inputs}
