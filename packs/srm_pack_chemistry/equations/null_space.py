"""Coefficients by exact elimination: the null space of the matrix of elements and charge, over fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm

from srm_pack_chemistry.composition import composition


@lru_cache(maxsize=4096)
def coefficients(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[int, ...] | None:
    """Return the smallest positive whole coefficients, or None if there are none or more than one independent set."""
    read = [composition(text) for text in (*left, *right)]
    if any(each is None for each in read):
        return None
    columns = [{**dict(counts), "charge": charge} for counts, charge in (each for each in read if each is not None)]
    rows = sorted({symbol for column in columns for symbol in column})
    signs = [1] * len(left) + [-1] * len(right)
    matrix = [
        [Fraction(sign * column.get(row, 0)) for sign, column in zip(signs, columns, strict=True)] for row in rows
    ]
    found = _kernel(matrix, len(columns))
    if len(found) != 1:
        return None
    vector = found[0]
    scale = lcm(*(value.denominator for value in vector))
    whole = [int(value * scale) for value in vector]
    whole = [-value for value in whole] if whole[0] < 0 else whole
    if min(whole) <= 0:
        return None
    common = gcd(*whole)
    return tuple(value // common for value in whole)


def _kernel(matrix: list[list[Fraction]], width: int) -> list[list[Fraction]]:
    """Return a basis of the vectors that ``matrix`` sends to zero."""
    rows = [list(row) for row in matrix]
    pivots: list[int] = []
    for column in range(width):
        top = len(pivots)
        at = next((n for n in range(top, len(rows)) if rows[n][column]), None)
        if at is None:
            continue
        rows[top], rows[at] = rows[at], rows[top]
        rows[top] = [value / rows[top][column] for value in rows[top]]
        for n, row in enumerate(rows):
            if n != top and row[column]:
                rows[n] = _minus(row, rows[top], row[column])
        pivots.append(column)
    free = [column for column in range(width) if column not in pivots]
    return [_solution(rows, pivots, column, width) for column in free]


def _minus(row: Sequence[Fraction], other: Sequence[Fraction], times: Fraction) -> list[Fraction]:
    return [mine - times * theirs for mine, theirs in zip(row, other, strict=True)]


def _solution(rows: list[list[Fraction]], pivots: list[int], free: int, width: int) -> list[Fraction]:
    vector = [Fraction(0)] * width
    vector[free] = Fraction(1)
    for n, column in enumerate(pivots):
        vector[column] = -rows[n][free]
    return vector
