"""Branch-train-mix: students of one base become the experts of one model. After: Sukhbaatar et al. 2024, section 3.2.

The feed-forward layers of student e become expert e, everything else is averaged, the routers start at random.
`router.train_routers` trains them and what was averaged; the paper trains the experts too. `merged_uniformly` is the
control without experts: the average of everything.
"""

# S students

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..errors import ConfigError, ModelError
from .architecture import State, assembled, fresh_routers, moe_config


def mixed(config: Any, students: Sequence[State], *, top_k: int, seed: int = 0) -> Any:
    """Return the mixture of ``students`` (states of dense models with the settings ``config``), to be written.

    Raises:
        ConfigError: fewer than two students, or not 2 <= top_k <= S.
        ModelError: the architecture has no MoE class, or the students differ in a weight's name or shape.
    """
    settings = mixture_config(config, len(students), top_k)
    return assembled(settings, averaged(students), students, fresh_routers(settings, len(students), seed))


def mixture_config(config: Any, students: int, top_k: int) -> Any:
    """Return the settings of the mixture, or refuse it before anything is loaded; see `mixed` for what is raised."""
    if students < 2:
        raise ConfigError(f"{students} student(s) to mix: name at least two")
    if top_k == 1:
        raise ConfigError("top-k 1: the weight of a single expert is always one, so its router could learn nothing")
    return moe_config(config, students, top_k)


def averaged(students: Sequence[State]) -> dict[str, torch.Tensor]:
    """Return the mean of each weight over the students, computed in float32, in the first student's dtype.

    Raises:
        ModelError: the students differ in a weight's name or shape.
    """
    first = students[0]
    for number, other in enumerate(students[1:], 2):
        if strange := sorted(first.keys() ^ other.keys()):
            raise ModelError(f"student {number} is of another architecture: {strange[0]} is not in both")
        if unlike := [name for name in first if first[name].shape != other[name].shape]:
            raise ModelError(f"student {number} is of another base: {unlike[0]} has another shape")
    return {
        name: torch.stack([student[name].float() for student in students]).mean(dim=0).to(tensor.dtype)
        for name, tensor in first.items()
    }


def differing(students: Sequence[State]) -> set[str]:
    """Return the names of the weights in which any two students differ."""
    return {name for name, tensor in students[0].items() if any(not tensor.equal(o[name]) for o in students[1:])}


def merged_uniformly(model: Any, students: Sequence[State]) -> Any:
    """Return ``model`` (dense, of the students' architecture) with the average of all their weights."""
    model.load_state_dict(averaged(students), strict=True)
    return model
