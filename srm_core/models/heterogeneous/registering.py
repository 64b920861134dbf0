"""transformers is told of our class where a checkpoint of it is opened, and not before."""

from __future__ import annotations

import json
from pathlib import Path

from . import HETEROGENEOUS


def register() -> None:
    """Make ``AutoConfig``, ``AutoModel`` and ``AutoModelForCausalLM`` of this process know unequal experts."""
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

    from .configuration import HeterogeneousConfig
    from .model import HeterogeneousForCausalLM, HeterogeneousModel

    AutoConfig.register(HETEROGENEOUS, HeterogeneousConfig, exist_ok=True)
    AutoModel.register(HeterogeneousConfig, HeterogeneousModel, exist_ok=True)
    AutoModelForCausalLM.register(HeterogeneousConfig, HeterogeneousForCausalLM, exist_ok=True)


def register_for(folder: Path) -> None:
    """Do so if the checkpoint in ``folder`` is of that type; for any other nothing is imported."""
    if is_heterogeneous(folder):
        register()


def is_heterogeneous(folder: Path) -> bool:
    """Say whether the ``config.json`` in ``folder`` names our type; one that cannot be read does not."""
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(settings, dict) and settings.get("model_type") == HETEROGENEOUS
