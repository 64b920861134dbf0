"""What the pack has to say about a finished build."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core import BuildManifest, Objection, Section


def objections(manifest: BuildManifest) -> Iterator[Objection]:
    """Object if no score speaks of doubling."""
    if not any(score.kind in ("double", "all") for score in manifest.scores):
        yield Objection(gate="toy-evaluated", reason="no score says how well it doubles", outcome="inconclusive")


def sections(manifest: BuildManifest) -> Iterator[Section]:
    """Yield one paragraph with the doubling scores."""
    lines = [f"- {each.arm}: {each.value:.2f} (n = {each.n})" for each in manifest.scores if each.kind == "double"]
    yield Section(title="Doubling", body="\n".join(lines) or "Doubling was not evaluated.")
