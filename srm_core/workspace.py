"""Where things lie: the user's cache (shared by all builds) and a workspace (store and runs of one project)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from .errors import ArtifactError
from .records import BuildManifest
from .store import Store, write_atomically

LOCK_PATIENCE_S = 5.0


def cache_dir() -> Path:
    """Return the cache folder: ``SRM_CACHE``, or the user's cache folder of the platform."""
    return Path(os.environ.get("SRM_CACHE") or platformdirs.user_cache_dir("srm"))


@dataclass(frozen=True)
class Run:
    """One named build: its manifest, its report, and the candidate for release."""

    name: str
    path: Path

    @property
    def candidate(self) -> Path:
        """The folder of the candidate (weights, card, report)."""
        return self.path / "candidate"

    def manifest(self) -> BuildManifest:
        """Read the manifest; raises `ArtifactError` if the build has not finished or the file was edited."""
        file = self.path / "manifest.json"
        try:
            return BuildManifest.model_validate_json(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ArtifactError(
                f"run {self.name!r} has no manifest: its build has not finished; run `srm build` again"
            ) from None
        except ValueError as error:
            raise ArtifactError(f"{file} is damaged: {error}") from None


@dataclass(frozen=True)
class Workspace:
    """The folder of one project: ``store/`` holds every artifact, ``runs/`` names the builds."""

    root: Path

    @property
    def store(self) -> Store:
        """The artifacts of this workspace."""
        return Store(self.root / "store")

    @property
    def runs(self) -> Path:
        """The folder that holds one folder a run."""
        return self.root / "runs"

    def names(self) -> list[str]:
        """Return the names of the runs here, sorted."""
        return sorted(path.name for path in self.runs.iterdir() if path.is_dir()) if self.runs.is_dir() else []

    def run(self, name: str) -> Run:
        """Return the run called ``name``; raises `ArtifactError` that lists the runs there are."""
        if name not in self.names():
            known = ", ".join(self.names()) or "none yet; `srm build --pack NAME` makes one"
            raise ArtifactError(f"{self.root} has no run {name!r}; runs: {known}")
        return Run(name, self.runs / name)

    def open_run(self, name: str) -> Run:
        """Return the run called ``name``, made if it is new."""
        (self.runs / name).mkdir(parents=True, exist_ok=True)
        return Run(name, self.runs / name)

    @contextmanager
    def lock(self, patience_s: float = LOCK_PATIENCE_S) -> Iterator[None]:
        """Hold the workspace; after ``patience_s`` seconds say which process holds it. A dead holder's lock is free."""
        self.root.mkdir(parents=True, exist_ok=True)
        holder = self.root / "holder.json"
        lock = FileLock(self.root / "lock")
        try:
            lock.acquire(timeout=patience_s)
        except Timeout:
            raise ArtifactError(
                f"{self.root} is held by another build (process {_pid_in(holder)}); "
                "wait for it, or give another --workspace"
            ) from None
        try:
            write_atomically(holder, json.dumps({"pid": os.getpid()}))
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()


def _pid_in(holder: Path) -> str:
    try:
        return str(json.loads(holder.read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError, KeyError):  # it let go this moment
        return "unknown"


def open_workspace(root: Path | None = None) -> Workspace:
    """Return the workspace at ``root``, else at ``SRM_HOME``, else at ``.srm`` in the current folder."""
    return Workspace(root or Path(os.environ.get("SRM_HOME") or ".srm"))
