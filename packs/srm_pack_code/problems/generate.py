"""All problems of the pack, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from srm_core.config import PackConfig
from srm_core.records import Problem

from .kinds import GENERATORS


def problems(config: PackConfig) -> Iterator[Problem]:
    """Yield at most ``config.per_kind`` problems of each wanted kind."""
    for name, generate in GENERATORS.items():
        if not config.kinds or name in config.kinds:
            yield from islice(generate(config.seed), config.per_kind)
