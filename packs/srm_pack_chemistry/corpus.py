"""The default corpus: one readable document a compound and one an element."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.calculator import format_number
from srm_core.config import PackConfig
from srm_core.records import Document, digest

from .compounds import Compound, load_compounds, spoken
from .elements import Element, load_elements
from .problems.element_facts import PLACES, QUANTITIES, place_fact, place_of
from .problems.groups import groups_of
from .sources import compound_source, element_source


def documents(config: PackConfig) -> Iterator[Document]:
    """Yield at most ``config.max_documents`` documents, compounds and elements mixed by the hash of their names."""
    everything: list[Compound | Element] = [*load_compounds().values(), *load_elements().values()]
    chosen = sorted(everything, key=lambda one: digest(one.curie))[: config.max_documents]
    for one in sorted(chosen, key=lambda one: one.curie):
        yield _compound(one) if isinstance(one, Compound) else _element(one)


def _compound(one: Compound) -> Document:
    parts = [
        f"{spoken(one.name)} has the molecular formula {one.formula}, the SMILES {one.smiles} and CAS number {one.cas}."
    ]
    if one.aliases:
        parts.append(f"It is also called {', '.join(one.aliases)}.")
    groups = sorted(groups_of(one))
    if groups:
        parts.append(f"Functional groups: {', '.join(groups)}.")
    if one.boiling is not None:
        parts.append(f"It boils at {one.boiling:.1f} K.")
    return Document(text="\n".join(parts), title=one.name, path=f"compounds/{one.cas}", source=compound_source())


def _element(one: Element) -> Document:
    weight = format_number(one.weight)
    parts = [
        f"{spoken(one.name)} is the element with symbol {one.symbol}, atomic number {one.number} and mass {weight} u."
    ]
    parts += [place_fact(one, place).text for place in PLACES if place_of(one, place)]
    parts += [quantity.fact(one).text for quantity in QUANTITIES if quantity.of(one) is not None]
    if one.isotopes:
        parts.append(f"Isotopes in nature: {', '.join(f'{one.symbol}-{i.number}' for i in one.isotopes)}.")
    return Document(text="\n".join(parts), title=one.name, path=f"elements/{one.symbol}", source=element_source())
