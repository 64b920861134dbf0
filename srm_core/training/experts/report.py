"""How training changed the routing of a mixture: histogram, load variation and dropped choices, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from ...records import TrainingRow, Value
from ...store import write_atomically
from ..processes import is_first
from .active import active_parameters, widths_of
from .routing import LayerRouting, routing_of
from .rows import decisions_on

REPORT = "routing.json"
MEASURED = 64  # training rows, the first, at most


class Routing(Value):
    """The routing of the same training rows before a method and after it, layer by layer.

    ``active_before`` and ``active_after``: parameters that a token passed through, in the mean, adapters not counted;
    only where experts differ in size, ``widths``.
    """

    rows: int
    before: tuple[LayerRouting, ...]
    after: tuple[LayerRouting, ...]
    widths: tuple[int, ...] = ()
    active_before: float | None = None
    active_after: float | None = None


class RoutingReport:
    """Measures the routing of ``model`` when it is made, and once more when the report is written.

    Raises:
        ModelError: the model is dense.
    """

    def __init__(self, model: Any, rows: Sequence[TrainingRow]) -> None:
        self.model, self.rows = model, rows[:MEASURED]
        decided = decisions_on(model, self.rows)
        self.before = routing_of(decided)
        widths = widths_of(model)
        self.widths = next(iter(widths.values()), ())
        self.active = active_parameters(model, decided) if widths else None

    def written(self, out: Path, method: str) -> dict[str, float]:
        """Write ``out/routing.json``; return the means over layers as metrics of ``method``."""
        decided = decisions_on(self.model, self.rows)
        after = routing_of(decided)
        active = active_parameters(self.model, decided) if self.widths else None
        report = Routing(
            rows=len(self.rows),
            before=tuple(self.before),
            after=tuple(after),
            widths=self.widths,
            active_before=self.active,
            active_after=active,
        )
        if is_first():
            write_atomically(out / REPORT, report.model_dump_json(indent=1) + "\n")
        metrics = {
            f"{method}_load_variation_before": fmean(layer.variation for layer in self.before),
            f"{method}_load_variation_after": fmean(layer.variation for layer in after),
            f"{method}_dropped_choices": fmean(layer.dropped for layer in after),
        }
        if self.active is not None and active is not None:
            metrics |= {f"{method}_active_parameters_before": self.active, f"{method}_active_parameters_after": active}
        return metrics
