"""Write a pack that is a mapping file and its files of facts: a distribution of its own, ready to install."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.scaffold import new_pack

from ..store import FolderKnowledge
from .facts import triples
from .mapping import Vocabulary, load_vocabulary, paths
from .problems import problems

TRIED = 30  # problems of a kind that are posed before a pack is written


def write_pack(mapping: Path, folder: Path) -> tuple[Path, dict[str, int]]:
    """Write the pack of ``mapping`` into ``folder/srm-pack-NAME``; return it, and the problems posed of each kind.

    Nothing is written before the mapping is proved to pose problems from its files.

    Raises:
        ConfigError: the mapping or its files are wrong, no kind gives a problem, or the pack cannot be written.
    """
    vocabulary = load_vocabulary(mapping)
    if not vocabulary.files:
        raise ConfigError(f"{mapping} names no files; a pack of its own needs its facts")
    names = Counter(path.name for path in paths(vocabulary))
    if twice := [name for name, count in names.items() if count > 1]:
        raise ConfigError(
            f"{mapping} names two files called {twice[0]}; rename one, for a pack keeps them side by side"
        )
    counts = tried(vocabulary)
    if not any(counts.values()):
        raise ConfigError(f"{mapping}: no kind gives a problem; see which shapes the facts allow in docs/vocabulary.md")
    return new_pack(
        vocabulary.name, folder, files("srm_knowledge") / "templates" / "pack", dict(_data(vocabulary, mapping))
    ), counts


def tried(vocabulary: Vocabulary) -> dict[str, int]:
    """Return how many problems of each kind the mapping poses, at most `TRIED`, in a folder that is thrown away."""
    counts = dict.fromkeys(vocabulary.kinds, 0)
    with tempfile.TemporaryDirectory(prefix="srm-vocabulary-") as folder:
        knowledge = FolderKnowledge(Path(folder))
        try:
            knowledge.add((), triples(vocabulary))
            plain = vocabulary.model_copy(update={"paraphrase": None})  # nobody is asked to reword a trial
            for problem in problems(plain, knowledge, PackConfig(per_kind=TRIED)):
                counts[problem.kind] += 1
        finally:
            knowledge.close()
    return counts


def _data(vocabulary: Vocabulary, mapping: Path) -> Iterator[tuple[str, Path]]:
    yield "vocabulary.toml", mapping
    for path in paths(vocabulary):
        yield f"data/{path.name}", path
