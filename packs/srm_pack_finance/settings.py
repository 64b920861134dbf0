"""The pack's own settings: ``[own]`` in srm.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from srm_core.config import parse


class FinanceSettings(BaseModel):
    """Settings of the finance pack."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bench: str = ""  # folder that holds finance-tatqa/ as published; empty: no suite
    prices: str = ""  # a CSV file with the columns date and close; empty: no problems about price series


def settings_of(own: Mapping[str, Any]) -> FinanceSettings:
    """Return the pack's settings, or raise a `ConfigError` that names the first wrong one."""
    return parse(FinanceSettings, own, where="[own] of the finance pack")
