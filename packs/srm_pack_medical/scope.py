"""How much of the packages' tables a build uses; one dial, `PackConfig.max_documents`, set by the effort."""

from __future__ import annotations

from dataclasses import dataclass

from srm_core.config import PackConfig

SMOKE_DOCUMENTS = 100  # at most this many: a smoke build
FULL_DOCUMENTS = 4000  # at least this many: everything
SMOKE_CHAPTERS = frozenset({"4", "9", "10"})  # endocrine, circulatory, respiratory


@dataclass(frozen=True)
class Scope:
    """What enters the graph. Empty ``chapters`` means all of ICD-10-CM."""

    chapters: frozenset[str] = frozenset()
    extensions: bool = False  # the 51 305 codes that only add a seventh character (encounter, fetus, ...)
    substances: bool = False  # MeSH substances that are no drug (enzymes, antigens, ...), beyond the drugs' classes
    diseases: int = 3000  # of HPO's 8,359 OMIM diseases
    phenotypes: bool = True  # all of HPO's terms; else only those of the diseases and the terms above them


def scope_of(config: PackConfig) -> Scope:
    """Return the scope of a build. Labels, facts and splits of what is in scope are the same at every effort."""
    if config.max_documents <= SMOKE_DOCUMENTS:
        return Scope(chapters=SMOKE_CHAPTERS, diseases=300, phenotypes=False)
    whole = config.max_documents >= FULL_DOCUMENTS
    return Scope(extensions=whole, substances=whole)
