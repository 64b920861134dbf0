"""What a build took: measured seconds, and from them an estimate of energy by a stated power."""

from __future__ import annotations

from dataclasses import dataclass

from ..config import ReleaseConfig
from ..records import BuildManifest

SECONDS_AN_HOUR = 3600


@dataclass(frozen=True)
class Energy:
    """An estimate: ``kwh`` = ``seconds`` of the stages (measured) times ``watts`` (assumed), nothing else."""

    seconds: float
    watts: float
    kwh: float


def energy(manifest: BuildManifest) -> Energy | None:
    """Return the estimate, or None where no stage says how long it took."""
    seconds = sum(stage.seconds for stage in manifest.stages)
    if seconds <= 0:
        return None
    watts = ReleaseConfig.model_validate(manifest.settings.get("release", {})).assumed_watts
    return Energy(seconds, watts, seconds * watts / SECONDS_AN_HOUR / 1000)


def operations(manifest: BuildManifest) -> float | None:
    """Return the floating-point operations of supervised training, or None where they cannot be told.

    6 N D for N parameters and D tokens (Kaplan et al. 2020, section 2.1: 2 N D forward, 4 N D backward). With LoRA the
    frozen matrices need no gradient of their own, so this is an upper bound; rollouts are not in it.
    """
    counts = {stage.stage: stage.counts for stage in manifest.stages}.get("train", {})
    settings = manifest.settings.get("train", {})
    known = parameters(manifest, "merged")
    if "sft" not in settings.get("methods", ()) or known is None or "tokens" not in counts:
        return None
    return 6.0 * known * counts["tokens"] * float(settings.get("epochs", 1.0))


def parameters(manifest: BuildManifest, folder: str) -> int | None:
    """Return how many numbers the exported ``merged`` or ``adapter`` weights hold; tied ones count once."""
    found = manifest.exported.get("weights", {}).get("parameters", {}).get(folder)
    return None if found is None else int(found)
