"""The triples of the pack, one function a predicate: the graph and the problems' citations share them, so ids agree."""

from __future__ import annotations

from srm_core.records import Source, Triple

from .catalogue import TYPES, Thing
from .constellations import NAMES
from .galaxies import CLASSES, class_of
from .sky import Moon, Position
from .sources import FORMULA_SOURCE, NAMES_SOURCE, catalogue_source, ephemeris_source

STRING, DECIMAL = "xsd:string", "xsd:decimal"


def _object(thing: Thing, predicate: str, value: str, datatype: str = "") -> Triple:
    return Triple(subject=thing.curie, predicate=predicate, object=value, datatype=datatype, source=catalogue_source())


def label(thing: Thing) -> Triple:
    """Return: the object's name."""
    return _object(thing, "rdfs:label", thing.name, STRING)


def alias(thing: Thing, name: str) -> Triple:
    """Return: the object is also known as ``name``."""
    return _object(thing, "skos:altLabel", name, STRING)


def lies_in(thing: Thing) -> Triple:
    """Return: the object lies in its constellation."""
    return _object(thing, "srm:constellation", constellation(thing.constellation))


def of_type(thing: Thing) -> Triple:
    """Return: what kind of object it is."""
    return _object(thing, "srm:objectType", objecttype(thing.type))


def magnitude(thing: Thing) -> Triple:
    """Return: the object's visual magnitude."""
    return _object(thing, "srm:vMagnitude", str(thing.magnitude), DECIMAL)


def right_ascension(thing: Thing) -> Triple:
    """Return: the object's right ascension in degrees."""
    return _object(thing, "srm:rightAscension", str(thing.ra), DECIMAL)


def declination(thing: Thing) -> Triple:
    """Return: the object's declination in degrees."""
    return _object(thing, "srm:declination", str(thing.dec), DECIMAL)


def hubble_type(thing: Thing) -> Triple:
    """Return: the galaxy's Hubble type."""
    return _object(thing, "srm:hubbleType", f"hubble:{thing.hubble}")


def _named(subject: str, name: str, source: Source, predicate: str = "rdfs:label") -> Triple:
    return Triple(subject=subject, predicate=predicate, object=name, datatype=STRING, source=source)


def constellation(abbreviation: str) -> str:
    """Return the CURIE of a constellation."""
    return f"constellation:{abbreviation}"


def constellation_label(abbreviation: str) -> Triple:
    """Return: the constellation's name."""
    return _named(constellation(abbreviation), NAMES[abbreviation], NAMES_SOURCE)


def constellation_code(abbreviation: str) -> Triple:
    """Return: the constellation's abbreviation."""
    return _named(constellation(abbreviation), abbreviation, NAMES_SOURCE, "skos:notation")


def objecttype(code: str) -> str:
    """Return the CURIE of a type of object."""
    return f"objecttype:{TYPES[code].replace(' ', '-')}"


def type_label(code: str) -> Triple:
    """Return: the name of a type of object."""
    return _named(objecttype(code), TYPES[code], catalogue_source())


def hubble_label(hubble: str) -> Triple:
    """Return: the Hubble type as written."""
    return _named(f"hubble:{hubble}", hubble, FORMULA_SOURCE)


def hubble_class(hubble: str) -> Triple:
    """Return: the class of galaxies that a Hubble type belongs to."""
    return Triple(
        subject=f"hubble:{hubble}",
        predicate="skos:broader",
        object=_class(class_of(hubble)),
        source=FORMULA_SOURCE,
    )


def class_labels() -> tuple[Triple, ...]:
    """Return: the names of the classes of galaxies."""
    return tuple(_named(_class(name), name, FORMULA_SOURCE) for name in CLASSES)


def _class(name: str) -> str:
    return f"galaxyclass:{name.replace(' ', '-')}"


def position_constellation(position: Position) -> Triple:
    """Return: in which constellation a body is on a date."""
    return _on_date(position, "srm:constellation", constellation(position.constellation))


def position_longitude(position: Position) -> Triple:
    """Return: the ecliptic longitude of a body on a date."""
    return _on_date(position, "srm:eclipticLongitude", str(position.longitude), DECIMAL)


def moon_elongation(moon: Moon) -> Triple:
    """Return: how far east of the Sun the Moon is on a date."""
    return _on_date(moon, "srm:elongation", str(moon.elongation), DECIMAL)


def _on_date(thing: Position | Moon, predicate: str, value: str, datatype: str = "") -> Triple:
    return Triple(subject=thing.curie, predicate=predicate, object=value, datatype=datatype, source=ephemeris_source())


def rule(name: str, text: str) -> Triple:
    """Return: a rule in words, which problems cite."""
    return _named(f"rule:{name}", text, FORMULA_SOURCE, "srm:definition")


def rule_label(name: str) -> Triple:
    """Return: what a rule is about."""
    return _named(f"rule:{name}", f"rule of {name.replace('-', ' ')}", FORMULA_SOURCE)


def phase(name: str, low: int) -> tuple[Triple, ...]:
    """Return: a phase of the Moon, and from and to which elongation (degrees) it lasts."""
    subject = f"phase:{name.replace(' ', '-')}"
    ends = (("srm:from", str(low)), ("srm:to", str(low + 90)))
    return (
        _named(subject, name, FORMULA_SOURCE),
        *(Triple(subject=subject, predicate=p, object=o, datatype=DECIMAL, source=FORMULA_SOURCE) for p, o in ends),
    )
