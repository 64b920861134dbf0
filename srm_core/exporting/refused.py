"""Which students cannot be exported, and why: asked by the checks before a build, and where an export is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..models.heterogeneous import HETEROGENEOUS

ADAPTER = "adapter"  # the one target that holds no model


def unexportable(target: str, base: Mapping[str, Any] | None) -> str:
    """Return why a student of the base whose ``config.json`` is ``base`` cannot be exported to ``target``, or "".

    None: the base is not at hand yet, and nothing is asked.
    """
    if target == ADAPTER or base is None or base.get("model_type") != HETEROGENEOUS:
        return ""
    return (
        f"no export to {target!r}: unequal experts are a model class of srm's own, which no other program loads; "
        'export the adapter alone (release.exports = ["adapter"])'
    )


def settings_in(folder: Path) -> Mapping[str, Any] | None:
    """Return the ``config.json`` of the checkpoint in ``folder``, or None where there is none."""
    file = folder / "config.json"
    if not file.is_file():
        return None
    settings: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return settings
