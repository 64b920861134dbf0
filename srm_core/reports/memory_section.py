"""The card's section on memory: methods of training whose passes were halved because memory ran out."""

from __future__ import annotations

from ..records import BuildManifest, Section
from .markdown import table

METHODS = ("sft", "esft", "gkd")  # that halve their passes


def memory_section(manifest: BuildManifest) -> Section | None:
    """Return the card's section on memory, or None if it never ran out."""
    metrics = next((stage.metrics for stage in manifest.stages if stage.stage == "train"), {})
    rows = [
        (
            method,
            f"{metrics[f'{method}_planned_rows_a_pass']:.0f}",
            f"{metrics[f'{method}_rows_a_pass']:.0f}",
            f"{metrics[f'{method}_halved_at_step']:.0f}",
        )
        for method in METHODS
        if f"{method}_rows_a_pass" in metrics
    ]
    if not rows:
        return None
    body = (
        "Memory ran out in training, and a step was taken in smaller passes from there on: the same rows, loss and "
        "gradients, to rounding.\n\n"
    )
    return Section(
        title="Memory", body=body + table(("method", "rows a pass, as set", "at the end", "from step"), rows)
    )
