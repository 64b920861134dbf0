"""The pack's own settings: ``[own]`` in srm.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from srm_core.config import parse


class MedicalSettings(BaseModel):
    """Settings of the medical pack."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bench: str = ""  # folder that holds medical-pubmedqa/ and medical-medcalc-bench/ as published; empty: no suites


def settings_of(own: Mapping[str, Any]) -> MedicalSettings:
    """Return the pack's settings, or raise a `ConfigError` that names the first wrong one."""
    return parse(MedicalSettings, own, where="[own] of the medical pack")
