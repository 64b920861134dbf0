"""Formulas as facts of the graph: a label and the line that defines each, in every wording."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.records import Source, Triple

from .formulas import VARIANTS, Formula, formula_text
from .table import FORMULAS


def definition(formula: Formula, variant: int) -> Triple:
    """Return the fact that states ``formula`` in wording ``variant``; evidence lines cite its id."""
    return _literal(formula, "srm:definition", formula_text(formula, variant))


def formula_triples() -> Iterator[Triple]:
    """Yield the label and the definitions of every formula, for the graph."""
    for formula in FORMULAS.values():
        yield _literal(formula, "rdfs:label", formula.title)
        for variant in range(VARIANTS):
            yield definition(formula, variant)


def _literal(formula: Formula, predicate: str, text: str) -> Triple:
    return Triple(
        subject=f"srm:formula/{formula.name}",
        predicate=predicate,
        object=text,
        datatype="xsd:string",
        source=Source(name="srm clinical formulas", licence="Apache-2.0"),
    )
