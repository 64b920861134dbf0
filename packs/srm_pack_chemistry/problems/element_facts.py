"""Properties of elements: how each is called, which predicate holds it, and how its fact reads."""

from __future__ import annotations

from dataclasses import dataclass

from srm_core.calculator import format_number
from srm_core.composing import Fact
from srm_core.records import Triple
from srm_pack_chemistry import facts
from srm_pack_chemistry.compounds import spoken
from srm_pack_chemistry.elements import Element


@dataclass(frozen=True)
class Quantity:
    """A measured property of an element that can be compared."""

    field: str
    predicate: str
    title: str
    unit: str

    def of(self, one: Element) -> float | None:
        """Return the value for an element, or None where it is unknown."""
        value = getattr(one, self.field)
        return None if value is None else float(value)

    def fact(self, one: Element) -> Fact:
        """Return "Sodium has electronegativity 0.93."."""
        value = f"{format_number(self.of(one) or 0)} {self.unit}".rstrip()
        return Fact(f"{spoken(one.name)} has {self.title} {value}.", (self.triple(one),))

    def triple(self, one: Element) -> Triple:
        """Return the triple of the value."""
        return facts.element_property(one, self.predicate, self.of(one) or 0)


QUANTITIES = (
    Quantity("electronegativity", "srm:electronegativity", "electronegativity", ""),
    Quantity("ionization", "srm:ionizationEnergy", "first ionization energy", "eV"),
    Quantity("radius", "srm:covalentRadius", "covalent radius", "pm"),
    Quantity("melting", "srm:meltingPoint", "melting point", "K"),
    Quantity("boiling", "srm:boilingPoint", "boiling point", "K"),
)
PLACES = ("group", "period", "block", "series")


def place_fact(one: Element, place: str) -> Fact:
    """Return "Silver is in group 11."; ``place`` is one of `PLACES`."""
    words = {"series": "belongs to the", "block": "is in block"}.get(place, f"is in {place}")
    return Fact(f"{spoken(one.name)} {words} {place_of(one, place)}.", (place_triple(one, place),))


def place_triple(one: Element, place: str) -> Triple:
    """Return the triple of a place in the periodic table."""
    return facts.element_property(one, f"srm:{place}", place_of(one, place))


def place_of(one: Element, place: str) -> str:
    """Return the place as text; "" for a group that an f-block element does not have."""
    value = getattr(one, place)
    return "" if value is None else str(value)


def symbol_fact(one: Element) -> Fact:
    """Return "Ag is silver."."""
    return Fact(f"{one.symbol} is {one.name}.", (facts.element_symbol(one), facts.element_label(one)))


def number_fact(one: Element) -> Fact:
    """Return "Element 47 is silver."."""
    triple = facts.element_property(one, "srm:atomicNumber", str(one.number))
    return Fact(f"Element {one.number} is {one.name}.", (triple, facts.element_label(one)))
