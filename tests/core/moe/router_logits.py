"""What the routers of a model say of rows, one row at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from srm_core.records import TrainingRow
from srm_core.training.experts.routing import recorded


def router_logits(model: Any, rows: Iterable[TrainingRow]) -> list[torch.Tensor]:
    """Return the logits (T, N) of every layer, all tokens of all rows one after the other, in double precision."""
    logits: dict[int, list[torch.Tensor]] = {}
    for row in rows:
        with torch.no_grad(), recorded(model) as seen:
            model(torch.tensor([row.ids]))
        for layer, (decisions,) in seen.items():
            logits.setdefault(layer, []).append(decisions.logits)
    return [torch.cat(parts).double() for parts in logits.values()]
