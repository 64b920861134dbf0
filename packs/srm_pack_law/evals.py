"""Published benchmarks as suites, read as their authors publish them. Nothing here is ever trained on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.records import EvalItem

from .legalbench import legalbench
from .sara import sara
from .settings import settings_of


def evals(config: PackConfig) -> Iterator[EvalItem]:
    """Yield the suites where ``own.bench`` names their folder; nothing if it is unset.

    Raises:
        ConfigError: ``own.bench`` is set but no suite lies there.
    """
    bench = settings_of(config.own).bench
    if not bench:
        return
    cases, tasks = Path(bench) / "law-sara" / "cases", Path(bench) / "law-legalbench" / "tasks"
    if not cases.is_dir() and not tasks.is_dir():
        raise ConfigError(f"own.bench = {bench!r}: it holds neither law-sara/cases nor law-legalbench/tasks")
    if cases.is_dir():
        yield from sara(cases)
    if tasks.is_dir():
        yield from legalbench(tasks)
