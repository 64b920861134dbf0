"""OpenNGC's objects, read from the database that pyongc carries; nothing of it is stored in this pack."""

from __future__ import annotations

import math
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from types import MappingProxyType

from srm_core.config import PackConfig
from srm_core.records import digest

from .sources import package_version

SMOKE_DOCUMENTS = 100  # at most this many documents: a smoke build
SMOKE_OBJECTS = 1200
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "*": "star", "**": "double star", "*Ass": "stellar association", "OCl": "open cluster",
        "GCl": "globular cluster", "Cl+N": "star cluster with nebula", "G": "galaxy", "GPair": "galaxy pair",
        "GTrpl": "galaxy triplet", "GGroup": "galaxy group", "PN": "planetary nebula", "HII": "HII region",
        "DrkN": "dark nebula", "EmN": "emission nebula", "Neb": "nebula", "RfN": "reflection nebula",
        "SNR": "supernova remnant", "Nova": "nova",
    }
)  # fmt: skip
_PREFIXES = {"C": "Caldwell", "B": "Barnard", "Mel": "Melotte", "Cl": "Collinder", "ESO": "ESO", "PGC": "PGC"} | {
    name: name for name in ("NGC", "IC", "UGC", "HCG")
}
_NAME = re.compile(r"([A-Za-z]+)0*(\d[\d-]*[A-Z]?)")
_ALIAS = re.compile(r"(PGC|UGC|MWSC|LBN|LEDA|UGCA) 0*(\d+)|(ESO \d{3}-\d{3}|MCG [+-]\d\d-\d\d-\d{3}|PK \d+[+-]\d+ \d)")
_DISPUTED = frozenset({"M 102"})  # the catalogue has it twice, astronomers still argue
_COLUMNS = "name, type, ra, dec, const, vmag, hubble, messier, ngc, ic, identifiers, commonnames"


@dataclass(frozen=True)
class Thing:
    """One object of the catalogue. Coordinates are degrees of J2000, rounded as the prompts show them."""

    key: str  # as OpenNGC writes it: "NGC0224"
    name: str  # as people write it: "NGC 224"
    type: str  # OpenNGC's code
    ra: float
    dec: float
    constellation: str  # IAU abbreviation
    magnitude: float | None  # V
    hubble: str
    aliases: tuple[str, ...]  # other designations, unique to this object
    nicknames: tuple[str, ...]  # Messier numbers and common names, unique to this object

    @property
    def curie(self) -> str:
        """Return the CURIE of the object: an NGC number without zeros, as people type it."""
        return f"ongc:{self.name.replace(' ', '')}"


def things(config: PackConfig) -> tuple[Thing, ...]:
    """Return the objects in the scope of a build: for a smoke build the named ones and some others."""
    return _few() if config.max_documents <= SMOKE_DOCUMENTS else all_things()


@cache
def _few() -> tuple[Thing, ...]:
    ranked = sorted(all_things(), key=lambda thing: (not thing.nicknames, thing.type == "G", digest(thing.key)))
    rest = sorted(ranked[SMOKE_OBJECTS // 2 :], key=lambda thing: digest(thing.key))
    kept = {thing.key for thing in (*ranked[: SMOKE_OBJECTS // 2], *rest[: SMOKE_OBJECTS // 2])}
    return tuple(thing for thing in all_things() if thing.key in kept)


@cache
def all_things() -> tuple[Thing, ...]:
    """Return every object with a place and a known type, in the order of the catalogue; duplicates become aliases."""
    rows = _rows()
    duplicates = _duplicates(rows)
    owners = Counter(name for row in rows for name in _spoken(row, duplicates))
    return tuple(_thing(row, duplicates, owners) for row in rows if _usable(row))


def designation(key: str) -> str:
    """Return "NGC 224" for "NGC0224", and "" for names of components and other catalogues."""
    match = _NAME.fullmatch(key)
    prefix = _PREFIXES.get(match[1]) if match else None
    return f"{prefix} {match[2]}" if match and prefix else ""


def _rows() -> list[dict[str, str | float | None]]:
    package_version("pyongc")
    with as_file(files("pyongc") / "ongc.db") as path:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        try:
            found = connection.execute(f"SELECT {_COLUMNS} FROM objects ORDER BY name").fetchall()  # noqa: S608
        finally:
            connection.close()
    return [dict(zip(_COLUMNS.split(", "), row, strict=True)) for row in found]


def _usable(row: Mapping[str, str | float | None]) -> bool:
    return row["type"] in TYPES and row["ra"] is not None and bool(row["const"]) and bool(designation(str(row["name"])))


def _duplicates(rows: Iterable[Mapping[str, str | float | None]]) -> Mapping[str, list[str]]:
    """Return, for the key of an object, the names of the records that only repeat it."""
    found: dict[str, list[str]] = {}
    for row in rows:
        name = designation(str(row["name"]))
        number = (row["ngc"] and f"NGC{row['ngc']}") or (row["ic"] and f"IC{row['ic']}")
        if row["type"] == "Dup" and name and number and "," not in str(number):
            found.setdefault(str(number), []).append(name)
    return found


def _spoken(row: Mapping[str, str | float | None], duplicates: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield every other name of the row once."""
    if row["type"] == "Dup":
        return
    yield from dict.fromkeys((*_nicknames(row), *_aliases(row, duplicates)))


def _nicknames(row: Mapping[str, str | float | None]) -> Iterator[str]:
    if row["messier"]:
        yield f"M {int(str(row['messier']))}"
    for name in filter(None, str(row["commonnames"]).split(",")):
        bare = name.strip().removeprefix("the ")
        yield bare[:1].upper() + bare[1:]


def _aliases(row: Mapping[str, str | float | None], duplicates: Mapping[str, list[str]]) -> Iterator[str]:
    yield from duplicates.get(str(row["name"]), ())
    for identifier in str(row["identifiers"]).split(","):
        match = _ALIAS.fullmatch(identifier.strip())
        if match:
            yield match[3] or f"{match[1]} {match[2]}"


def _thing(
    row: Mapping[str, str | float | None], duplicates: Mapping[str, list[str]], owners: Mapping[str, int]
) -> Thing:
    name = designation(str(row["name"]))
    nicknames = [each for each in _nicknames(row) if owners[each] == 1 and each not in _DISPUTED]
    aliases = [each for each in _aliases(row, duplicates) if owners[each] == 1 and each != name]
    place = str(row["const"])
    return Thing(
        key=str(row["name"]),
        name=name,
        type=str(row["type"]),
        ra=round(math.degrees(float(row["ra"] or 0)), 2),
        dec=round(math.degrees(float(row["dec"] or 0)), 2) + 0.0,  # no negative zero
        constellation="Ser" if place in ("Se1", "Se2") else place,
        magnitude=None if row["vmag"] is None else float(row["vmag"]),
        hubble=str(row["hubble"] or ""),
        aliases=tuple(dict.fromkeys(aliases)),
        nicknames=tuple(dict.fromkeys(nicknames)),
    )
