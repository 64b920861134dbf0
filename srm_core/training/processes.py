"""What a process of training knows of the others: its place among them, and what the first of them found.

Without others (no group was joined) everything here is what one process does alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch.distributed as dist

from .refused import EXPERTS

T = TypeVar("T")


def count() -> int:
    """Return how many processes train together; 1 without a group."""
    return dist.get_world_size() if _grouped() else 1


def is_first() -> bool:
    """Say whether this process is the one that writes and speaks."""
    return not _grouped() or dist.get_rank() == 0


def wait() -> None:
    """Return when every process has come here."""
    if _grouped():
        dist.barrier()


def from_first(make: Callable[[], T]) -> T:
    """Return what ``make`` gives in the first process; it is called there alone."""
    if not _grouped():
        return make()
    found: list[Any] = [make() if is_first() else None]
    dist.broadcast_object_list(found, src=0)
    answer: T = found[0]
    return answer


def averaging(model: Any) -> Mapping[str, Any]:
    """Return what `TrainingArguments` must be told so that gradients of all processes are averaged.

    A weight of an expert to which no token was sent has no gradient in that step, which is looked for in mixtures only.
    """
    if count() == 1:
        return {}
    text = model.config.get_text_config()
    return {"ddp_find_unused_parameters": any(getattr(text, name, None) for name in EXPERTS)}


def _grouped() -> bool:
    return dist.is_available() and dist.is_initialized()
