"""What every stage is given besides its inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..config import BuildConfig, PackConfig
from ..host import Host

Progress = Callable[[str, int, int], None]  # (what, done, total)


def silent(what: str, done: int = 0, total: int = 0) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Context:
    """One build: its plugins, its settings, the user's cache, and whom to tell of progress."""

    host: Host
    config: BuildConfig
    cache: Path
    progress: Progress = silent

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of problems this build poses: named ones, else the core set, at full effort all.

        A corpus of the user's own adds the kinds whose gold comes from it.
        """
        if self.config.pose.kinds:
            return self.config.pose.kinds
        everything, own = self.config.effort == "full", bool(self.config.ingest.corpus)
        kinds = self.host.pack().kinds
        return tuple(kind.name for kind in kinds if kind.core or everything or (kind.from_corpus and own))

    def problem_config(self) -> PackConfig:
        """Return what pose and audit give to hooks.

        At full effort no kind is named, so that one whose optional package is missing is left out, not refused.
        """
        everything = self.config.effort == "full" and not self.config.pose.kinds
        return self.config.for_pack(kinds=() if everything else self.kinds(), cache=self.cache)

    def corpus_config(self) -> PackConfig:
        """Return what ingest and ground give to hooks: nothing in it depends on which problems will be posed."""
        whole = self.config.for_pack(kinds=(), cache=self.cache)
        return whole.model_copy(update={"per_kind": PackConfig().per_kind})
