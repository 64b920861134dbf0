"""How much of the tables a build uses; one dial, `PackConfig.max_documents`, set by the effort."""

from __future__ import annotations

from dataclasses import dataclass

from srm_core.config import PackConfig

from .sessions import CITIES
from .statements.companies import ALL

SMOKE_DOCUMENTS = 100  # at most this many: a smoke build
FULL_DOCUMENTS = 4000  # at least this many: everything


@dataclass(frozen=True)
class Scope:
    """How many invented companies and how many exchanges enter the graph."""

    companies: int
    exchanges: int


def scope_of(config: PackConfig) -> Scope:
    """Return the scope of a build. Facts and splits of what is in scope are the same at every effort."""
    if config.max_documents <= SMOKE_DOCUMENTS:
        return Scope(60, 4)
    if config.max_documents < FULL_DOCUMENTS:
        return Scope(240, 12)
    return Scope(ALL, len(CITIES))
