"""All problems of the pack, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from srm_core.config import PackConfig
from srm_core.records import Problem

from .kinds import FROM_FORMULAS, FROM_SEED


def problems(config: PackConfig) -> Iterator[Problem]:
    """Yield at most ``config.per_kind`` problems of each wanted kind."""
    for name, from_seed in FROM_SEED.items():
        if not config.kinds or name in config.kinds:
            yield from islice(from_seed(config.seed), config.per_kind)
    for name, from_formulas in FROM_FORMULAS.items():
        if not config.kinds or name in config.kinds:
            yield from from_formulas(config)
