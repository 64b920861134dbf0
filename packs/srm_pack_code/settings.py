"""The pack's own settings: ``[own]`` in srm.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from srm_core.config import parse


class CodeSettings(BaseModel):
    """Settings of the code pack."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bench: str = ""  # folder that holds code-mbpp/ and code-mbpp-sanitized/ as published; empty: no suites


def settings_of(own: Mapping[str, Any]) -> CodeSettings:
    """Return the pack's settings, or raise a `ConfigError` that names the first wrong one."""
    return parse(CodeSettings, own, where="[own] of the code pack")
