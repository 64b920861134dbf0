"""Problems to measure verifiers on: a pack's own, posed from its graph without a corpus or a build."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.host import Host
from srm_core.protocols import Knowledge
from srm_core.records import GraphKey, Problem

PER_KIND = 300


@dataclass(frozen=True)
class Posed:
    """Problems of a pack, and the open knowledge base that their keys ask."""

    problems: tuple[Problem, ...]
    knowledge: Knowledge

    def right(self, problem: Problem) -> Collection[str]:
        """Return what the key's query finds, a CURIE also without its prefix: further right answers."""
        key = problem.key
        if not isinstance(key, GraphKey):
            return ()
        found = [row.get(key.answer, "") for row in self.knowledge.query(key.query, key.bindings)]
        return {form for value in found if value for form in (value, value.partition(":")[2] or value)}


@contextmanager
def posed(host: Host, kinds: tuple[str, ...] = (), per_kind: int = PER_KIND, seed: int = 0) -> Iterator[Posed]:
    """Pose up to ``per_kind`` problems of each of ``kinds`` (empty: all) in a folder that is removed afterwards.

    Raises:
        ConfigError: the pack has no such kind.
    """
    names = [kind.name for kind in host.pack().kinds]
    for kind in kinds:
        if kind not in names:
            raise ConfigError(f"pack {host.pack().name!r} has no kind {kind!r}; it has: {', '.join(names)}")
    with tempfile.TemporaryDirectory(prefix="srm-verifier-") as folder:
        config = PackConfig(kinds=kinds, per_kind=per_kind, seed=seed, cache=str(Path(folder) / "cache"))
        knowledge = host.open_knowledge(Path(folder) / "knowledge")
        try:
            knowledge.add((), host.triples(config))
            yield Posed(tuple(host.problems(knowledge, config)), knowledge)
        finally:
            knowledge.close()
