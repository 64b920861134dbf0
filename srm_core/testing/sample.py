"""A small build's worth of a pack, shared by its conformance checks."""

from __future__ import annotations

import functools
import shutil
import tempfile
import weakref
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from srm_core.config import PackConfig
from srm_core.host import Host
from srm_core.protocols import Knowledge
from srm_core.records import Document, Problem, Triple

MAX_DOCUMENTS = 100
PER_KIND = 30


@dataclass(frozen=True, eq=False)
class Sample:
    """A small build's worth of the pack: its documents, all its triples in a knowledge base, and some problems."""

    documents: tuple[Document, ...]
    triples: tuple[Triple, ...]
    knowledge: Knowledge
    problems: tuple[Problem, ...]

    def of_each_kind(self, count: int) -> Iterator[Problem]:
        """Yield the first ``count`` problems of each kind."""
        seen: dict[str, int] = defaultdict(int)
        for problem in self.problems:
            seen[problem.kind] += 1
            if seen[problem.kind] <= count:
                yield problem


@functools.lru_cache(maxsize=1)  # the checks of one host share a sample: making it is the slow part
def sample_of(host: Host) -> Sample:
    """Return a small sample of the host's pack, with a knowledge base in a folder that lives as long as the sample."""
    folder = Path(tempfile.mkdtemp(prefix="srm-check-"))
    config = small_config(folder)
    try:
        documents, triples = tuple(host.documents(config)), tuple(host.triples(config))
        knowledge = host.open_knowledge(folder / "knowledge")
        knowledge.add((), triples)
        sample = Sample(documents, triples, knowledge, tuple(host.problems(knowledge, config)))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(sample, _discard, knowledge, folder)
    return sample


def _discard(knowledge: Knowledge, folder: Path) -> None:
    knowledge.close()
    shutil.rmtree(folder, ignore_errors=True)


def small_config(folder: Path | None = None) -> PackConfig:
    """Return the settings of the sample."""
    return PackConfig(per_kind=PER_KIND, max_documents=MAX_DOCUMENTS, cache=str(folder / "cache") if folder else "")
