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
        """Return the kinds of problems this build poses: named ones, else the core set, at full effort all."""
        if self.config.pose.kinds:
            return self.config.pose.kinds
        everything = self.config.effort == "full"
        return tuple(kind.name for kind in self.host.pack().kinds if kind.core or everything)

    def corpus_config(self) -> PackConfig:
        """Return what ingest and ground give to hooks: nothing in it depends on which problems will be posed."""
        whole = self.config.for_pack(kinds=(), cache=self.cache)
        return whole.model_copy(update={"per_kind": PackConfig().per_kind})
