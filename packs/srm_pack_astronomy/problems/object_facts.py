"""How facts about objects read in a prompt."""

from __future__ import annotations

from srm_core.composing import Fact
from srm_pack_astronomy import facts
from srm_pack_astronomy.catalogue import TYPES, Thing
from srm_pack_astronomy.constellations import NAMES
from srm_pack_astronomy.galaxies import class_of


def known_as(thing: Thing, alias: str) -> Fact:
    """Return "PGC 2557 is a name of NGC 224."."""
    return Fact(f"{alias} is a name of {thing.name}.", (facts.alias(thing, alias), facts.label(thing)))


def lies_in(thing: Thing) -> Fact:
    """Return "NGC 224 lies in Andromeda."."""
    return Fact(f"{thing.name} lies in {NAMES[thing.constellation]}.", (facts.lies_in(thing),))


def of_type(thing: Thing) -> Fact:
    """Return "NGC 224 is of type galaxy."."""
    return Fact(f"{thing.name} is of type {TYPES[thing.type]}.", (facts.of_type(thing),))


def shines(thing: Thing) -> Fact:
    """Return "NGC 224 has magnitude 3.44."."""
    return Fact(f"{thing.name} has magnitude {thing.magnitude}.", (facts.magnitude(thing),))


def declined(thing: Thing) -> Fact:
    """Return "NGC 224 has declination 41.27."."""
    return Fact(f"{thing.name} has declination {thing.dec}.", (facts.declination(thing),))


def ascended(thing: Thing) -> Fact:
    """Return "NGC 224 has right ascension 10.68."."""
    return Fact(f"{thing.name} has right ascension {thing.ra}.", (facts.right_ascension(thing),))


def placed(thing: Thing) -> Fact:
    """Return "NGC 224 has right ascension 10.68 and declination 41.27."."""
    return Fact(
        f"{thing.name} has right ascension {thing.ra} and declination {thing.dec}.",
        (facts.right_ascension(thing), facts.declination(thing)),
    )


def of_hubble_type(thing: Thing) -> Fact:
    """Return "NGC 224 has Hubble type Sb."."""
    return Fact(f"{thing.name} has Hubble type {thing.hubble}.", (facts.hubble_type(thing),))


def hubble_means(hubble: str) -> Fact:
    """Return "Hubble type SBb means barred spiral."."""
    return Fact(f"Hubble type {hubble} means {class_of(hubble)}.", (facts.hubble_class(hubble),), shared=True)
