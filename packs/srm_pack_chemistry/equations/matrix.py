"""Reading an equation and checking it by the matrix of elements and charge. Nothing is compared as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from srm_pack_chemistry.composition import composition

LONGEST = 400  # characters of an equation that is read
MOST_SPECIES = 8  # on one side
LARGEST = 100_000  # coefficient
_ARROW = re.compile(r"<?[-=–—]+>|→|⟶|⇌|⇄|⇒|\\(?:long)?rightarrow|(?<![-+^])=(?!>)")
_TERM = re.compile(r"(?:(\d{1,6})[\s*]*)?([A-Z(\[].*)")
_STATE = re.compile(r"\s*\((?:s|l|g|aq)\)$")
Atoms = tuple[tuple[tuple[str, int], ...], int]


@dataclass(frozen=True)
class Term:
    """A species with its coefficient."""

    count: int
    text: str  # as written, without state
    made_of: Atoms


@dataclass(frozen=True)
class Equation:
    """The two sides of a reaction."""

    left: tuple[Term, ...]
    right: tuple[Term, ...]


def read_equation(text: str) -> Equation | None:
    """Return the equation, or None: too long, no single arrow, a fraction, or a term that is no formula."""
    if len(text) > LONGEST:
        return None
    plain = re.sub(r"\\(?:ce|mathrm|text)\b|[$`]|\*\*", "", text).strip().rstrip(".").replace("−", "-")
    if plain.startswith("{") and plain.endswith("}"):
        plain = plain[1:-1]
    sides = _ARROW.split(plain)
    if len(sides) != 2:
        return None
    left, right = (_side(side) for side in sides)
    return Equation(left, right) if left and right else None


def _side(text: str) -> tuple[Term, ...]:
    """Return the terms of one side, or () if one of them cannot be read."""
    parts = re.split(r"(?<!\^)\s\+\s|(?<=[\w)\]₀-₉])\+(?=\s*[\dA-Z(\[])", text.strip())
    if len(parts) > MOST_SPECIES:
        return ()
    terms = [_term(part.strip()) for part in parts]
    return tuple(term for term in terms if term) if all(terms) else ()


def _term(text: str) -> Term | None:
    match = _TERM.fullmatch(_STATE.sub("", text))
    if match is None or re.search(r"\s[+-]$", match[2]):
        return None
    count, body = int(match[1] or 1), match[2].strip()
    made_of = composition(body)
    return Term(count, body, made_of) if made_of is not None and 0 < count <= LARGEST else None


def balances(equation: Equation) -> bool:
    """Say whether every element, and the charge, is the same on both sides."""
    totals: dict[str, int] = {}
    for sign, side in ((1, equation.left), (-1, equation.right)):
        for term in side:
            counts, charge = term.made_of
            for symbol, count in (*counts, ("charge", charge)):
                totals[symbol] = totals.get(symbol, 0) + sign * term.count * count
    return not any(totals.values())


def same_species(one: Equation, other: Equation) -> bool:
    """Say whether both have the same reactants and the same products, each written once."""
    return all(
        sorted(term.made_of for term in mine) == sorted(term.made_of for term in theirs)
        for mine, theirs in ((one.left, other.left), (one.right, other.right))
    )


def written(left: Sequence[tuple[int, str]], right: Sequence[tuple[int, str]]) -> str:
    """Return the equation as text: ``2 H2 + O2 -> 2 H2O``."""
    return " -> ".join(
        " + ".join(f"{count} {text}" if count > 1 else text for count, text in side) for side in (left, right)
    )
