"""The default corpus: one short text an object, the named ones first, and one a formula."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.config import PackConfig
from srm_core.formulas.formula import Formula, formula_text
from srm_core.records import Document, digest

from .catalogue import TYPES, Thing, things
from .constellations import NAMES
from .formulas.table import FORMULAS
from .galaxies import class_of
from .sources import FORMULA_SOURCE, catalogue_source


def documents(config: PackConfig) -> Iterator[Document]:
    """Yield at most ``config.max_documents`` texts; a quarter at most are formulas."""
    formulas = list(FORMULAS.values())[: config.max_documents // 4]
    yield from map(_formula, formulas)
    ranked = sorted(things(config), key=lambda thing: (not thing.nicknames, digest(thing.key)))
    chosen = ranked[: config.max_documents - len(formulas)]
    yield from map(_object, sorted(chosen, key=lambda thing: thing.key))


def _formula(formula: Formula) -> Document:
    parts = [f"{formula_text(formula)}.", f"Source: {formula.source}."]
    parts += [f"{each.label[:1].upper()}{each.label[1:]} is in {each.unit}." for each in formula.inputs if each.unit]
    return _document(parts, formula.title, f"formula/{formula.name}", of_formula=True)


def _object(thing: Thing) -> Document:
    parts = [f"{thing.name} is of type {TYPES[thing.type]} and lies in {NAMES[thing.constellation]}."]
    names = (*thing.nicknames, *thing.aliases)
    if names:
        parts.append(f"It is also known as {', '.join(names)}.")
    parts.append(f"Its right ascension is {thing.ra} degrees and its declination {thing.dec} degrees (J2000).")
    if thing.magnitude is not None:
        parts.append(f"Its visual magnitude is {thing.magnitude}.")
    if thing.hubble:
        kind = f", {class_of(thing.hubble)}" if class_of(thing.hubble) else ""
        parts.append(f"Its Hubble type is {thing.hubble}{kind}.")
    return _document(parts, thing.name, f"openngc/{thing.key}", of_formula=False)


def _document(parts: list[str], title: str, path: str, *, of_formula: bool) -> Document:
    ends: list[int] = []
    length = 0
    for part in parts[:-1]:
        length += len(part) + 1
        ends.append(length)
    source = FORMULA_SOURCE if of_formula else catalogue_source()
    return Document(text="\n".join(parts), title=title, path=path, source=source, breaks=tuple(ends))
