"""What ``srm evaluate`` and ``srm audit`` do: run again what other settings change, then show the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def rerun_and_show(run: str, assignments: Sequence[str], workspace: Path | None) -> None:
    """Rerun the stages of ``run`` that ``assignments`` (``name=value``) change, and print its tables."""
    from ..pipeline import rerun
    from ..workspace import open_workspace
    from .progress import terminal_progress
    from .show import show_run

    place = open_workspace(workspace)
    with terminal_progress() as progress:
        rerun(place.run(run), place, assignments=assignments, progress=progress)
    show_run(place.run(run))
