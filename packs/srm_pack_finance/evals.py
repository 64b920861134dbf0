"""Published benchmarks as suites, read as their authors publish them. Nothing here is ever trained on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.records import EvalItem

from .settings import settings_of
from .tatqa import read_tatqa

_log = logging.getLogger(__name__)
FILE = "tatqa_dataset_dev.json"


def evals(config: PackConfig) -> Iterator[EvalItem]:
    """Yield the suite "tatqa" where ``own.bench`` names its folder; nothing if it is unset.

    Raises:
        ConfigError: ``own.bench`` is set but the suite does not lie there.
    """
    bench = settings_of(config.own).bench
    if not bench:
        return
    file = Path(bench) / "finance-tatqa" / FILE
    if not file.is_file():
        raise ConfigError(f"own.bench = {bench!r}: it holds no finance-tatqa/{FILE}")
    read = read_tatqa(file)
    for reason, count in read.skipped.items():
        _log.info("%s: %d questions left out: %s", file.name, count, reason)
    yield from read.items
