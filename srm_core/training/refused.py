"""What training cannot do: asked by the checks before a build, and again where a method starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")


def unfit_adapter(adapter: str, base: Mapping[str, Any]) -> str:
    """Return why ``train.adapter`` cannot lie on the base whose ``config.json`` is ``base``, or ""."""
    text = base.get("text_config") or base
    if adapter != "dora" or not any(text.get(name) for name in EXPERTS):
        return ""
    return (
        "train.adapter = 'dora': the base is a mixture of experts, and peft cannot scale the rows of its experts; "
        "take lora or rslora"
    )
