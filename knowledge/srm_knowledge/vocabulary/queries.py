"""The SPARQL of each shape. ``$start`` and the like are bound to terms, ``$p1`` and the like to predicates.

Where an answer is a term, a row holds its ``?node`` too, with or without a name: two rows are two answers.
"""

from __future__ import annotations

from collections.abc import Sequence

from .mapping import Relation
from .wordings import SEPARATOR

OPTIONS = ("a", "b", "c", "d")  # variables of an exception's four terms


def step(relation: Relation, predicate: str, start: str, end: str) -> str:
    """Return the pattern of one step from ``start`` to ``end``, against the predicate if the relation is inverse."""
    return f"{end} {predicate} {start} ." if relation.inverse else f"{start} {predicate} {end} ."


def walk(steps: Sequence[Relation], end: str = "?node") -> str:
    """Return the pattern from ``$start`` along ``steps`` (``$p1``, ``$p2``, ...) to ``end``."""
    stops = ["$start", *(f"?stop{n}" for n in range(1, len(steps))), end]
    return " ".join(step(relation, f"$p{n}", stops[n - 1], stops[n]) for n, relation in enumerate(steps, 1))


def named(labels: int, language: str, term: str = "?node", name: str = "?answer") -> str:
    """Return the pattern that gives a term its label by ``$label1`` and so on, in the language, if it has one."""
    either = " UNION ".join(f"{{ {term} $label{n} {name} }}" for n in range(1, labels + 1))
    return f"OPTIONAL {{ {either} {spoken(language, name)} }}"


def spoken(language: str, name: str = "?answer") -> str:
    """Return the filter for texts of the language or of none; nothing if any language will do."""
    return f'FILTER(LCASE(LANG({name})) IN ("", "{language.lower()}"))' if language else ""


def path(steps: Sequence[Relation], naming: str) -> str:
    """Return the query for the term at the end of a path."""
    return f"SELECT DISTINCT ?node ?answer WHERE {{ {walk(steps)} {naming} }}"


def value(steps: Sequence[Relation], language: str) -> str:
    """Return the query for the text or number at the end of a path."""
    return f"SELECT DISTINCT ?answer WHERE {{ {walk(steps, '?answer')} {spoken(language)} }}"


def members(steps: Sequence[Relation], naming: str, less: str = "") -> str:
    """Return the query for all names at the ends in one text; ``naming`` gives ``?name``.

    ``?nodes`` and ``?names`` count the ends and their names: equal if each end has one. ``less`` leaves some out.
    """
    inner = f"SELECT DISTINCT ?node ?name WHERE {{ {walk(steps)} {less} {naming} }} ORDER BY ?name"
    return (
        f'SELECT (GROUP_CONCAT(?name; SEPARATOR="{SEPARATOR}") AS ?answer) (COUNT(?node) AS ?nodes) '
        f"(COUNT(?name) AS ?names) WHERE {{ {inner} }}"
    )


def count(steps: Sequence[Relation]) -> str:
    """Return the query for how many different terms are at the ends."""
    return f"SELECT (COUNT(DISTINCT ?node) AS ?answer) WHERE {{ {walk(steps)} }}"


def greater(relation: Relation, naming: str, *, by_value: bool) -> str:
    """Return the query for whichever of ``$first`` and ``$second`` has more ends, or the greater number.

    If they are equal there is no row.
    """
    sides = (("$first", "?m"), ("$second", "?n"))
    if by_value:
        sizes = " ".join(step(relation, "$p1", term, size) for term, size in sides)
    else:
        sizes = " ".join(
            f"{{ SELECT (COUNT(DISTINCT {size}x) AS {size}) WHERE {{ {step(relation, '$p1', term, f'{size}x')} }} }}"
            for term, size in sides
        )
    chosen = "FILTER(?m != ?n) BIND(IF(?m > ?n, $first, $second) AS ?node)"
    return f"SELECT DISTINCT ?node ?answer WHERE {{ {sizes} {chosen} {naming} }}"


def beyond(relation: Relation, iri: str, start: str) -> str:
    """Return the filter for terms to which no number of steps by the relation leads from ``start``.

    A kind of a kind is a kind too: what only one step tells apart is no exception.
    """
    return f"FILTER NOT EXISTS {{ {step(relation, f'<{iri}>+', start, '?node')} }}"


def exception(less: str, naming: str) -> str:
    """Return the query for those of four terms that the filter ``less`` lets through."""
    given = " UNION ".join(f"{{ BIND(${option} AS ?node) }}" for option in OPTIONS)
    return f"SELECT DISTINCT ?node ?answer WHERE {{ {given} {less} {naming} }}"


def analogy(predicates: int, naming: str) -> str:
    """Return the query for every term that ``$third`` leads to as ``$first`` does to ``$second``.

    By any of the mapping's predicates ``$r1`` and so on, in either direction: the analogy holds in one way only.
    """
    ways = []
    for n in range(1, predicates + 1):
        ways.append(f"{{ $first $r{n} $second . $third $r{n} ?node }}")
        ways.append(f"{{ $second $r{n} $first . ?node $r{n} $third }}")
    return f"SELECT DISTINCT ?node ?answer WHERE {{ {' UNION '.join(ways)} {naming} }}"
