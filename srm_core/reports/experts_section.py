"""The card's section on a mixture of experts: how evenly training left the experts used, and which were trained."""

from __future__ import annotations

from ..records import BuildManifest, Section
from .markdown import table

METHODS = ("sft", "esft")  # that look at the routers


def experts_section(manifest: BuildManifest) -> Section | None:
    """Return the card's section on experts, or None if no method of the build looked at routers."""
    metrics = next((stage.metrics for stage in manifest.stages if stage.stage == "train"), {})
    rows = [row for method in METHODS for row in _rows(method, metrics)]
    if not rows:
        return None
    body = (
        "The base is a mixture of experts. The load variation is the standard deviation of the choices that the "
        "experts of a layer got, over their mean: 0 when all are used alike. It is the mean over layers, on training "
        "rows; the histogram of every layer is in `routing.json` of the stage train.\n\n"
    )
    return Section(title="Experts", body=body + table(("method", "measure", "value"), rows))


def _rows(method: str, metrics: dict[str, float]) -> list[tuple[str, str, str]]:
    if f"{method}_load_variation_after" not in metrics:
        return []
    rows = [
        (method, "load variation before", f"{metrics[f'{method}_load_variation_before']:.3f}"),
        (method, "load variation after", f"{metrics[f'{method}_load_variation_after']:.3f}"),
        (method, "choices that no expert computed", f"{metrics[f'{method}_dropped_choices']:.1%}"),
    ]
    if f"{method}_active_parameters_after" in metrics:  # of unequal experts
        for when in ("before", "after"):
            active = metrics[f"{method}_active_parameters_{when}"]
            rows.append((method, f"parameters active a token {when}", f"{active:,.0f}"))
    if "sft_loss_with_bias" in metrics and method == "sft":
        with_bias, without = metrics["sft_loss_with_bias"], metrics["sft_loss_without_bias"]
        rows.append((method, "loss with the bias on selection, nats a token", f"{with_bias:.3f}"))
        rows.append((method, "loss without it, as published", f"{without:.3f}"))
    if method == "esft":
        trained, there = metrics["esft_experts_trained"], metrics["esft_experts"]
        rows.append((method, "experts trained", f"{trained:.0f} of {there:.0f}"))
        rows.append((method, "parameters trained", f"{metrics['esft_parameters_trained']:,.0f}"))
    return rows
