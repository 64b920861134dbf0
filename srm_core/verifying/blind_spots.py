"""What a card does not show, said in sentences that its own numbers give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.records import Problem

from .rates import Rate
from .records import LEAST_GOLDS, LEAST_NEAR_MISSES, KindCard

_EXPECTED = {
    "formula": ("value", "sign", "scale", "rounding", "unit"),
    "graph": ("neighbour",),
    "choice": ("neighbour", "contradiction"),
    "tests": (),
}


def blind_spots(card: KindCard, problems: Sequence[Problem]) -> Iterator[str]:
    """Yield what was not tried, where too little was tried, and what the measurement found open."""
    if not problems:
        yield "no problems were posed without a corpus or further data, so nothing is known"
        return
    for name, rate, least in (
        ("near misses", card.false_accepts, LEAST_NEAR_MISSES),
        ("golds", card.false_rejects, LEAST_GOLDS),
    ):
        if rate.n < least:
            yield f"only {rate.n} {name}, fewer than {least}: the interval is wide"
    for key in sorted({problem.key.type for problem in problems}):
        missing = [family for family in _EXPECTED[key] if family not in card.by_family]
        if missing:
            yield f"no near miss of the family {', '.join(missing)} could be made for these problems"
    if any(problem.key.type == "tests" for problem in problems):
        yield "programs are not edited: only golds of other problems and layouts were tried"
    if len({problem.answer for problem in problems}) <= 3:
        yield "the gold is one of few words: half of all guesses are right, which no verifier can see"
    yield from _found("accepts wrong answers of the family", card.by_family)
    yield from _found("refuses right answers in the form", card.by_form)
    refused = [form for form, rate in card.arguable.items() if rate.count < rate.n / 2]
    if refused:
        yield f"refuses forms that people may take for right (not promised, not counted): {', '.join(refused)}"


def _found(what: str, rates: dict[str, Rate]) -> Iterator[str]:
    for family, rate in rates.items():
        if rate.count:
            yield f"{what} {family!r}"
