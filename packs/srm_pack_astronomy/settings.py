"""The pack's own settings: ``[own]`` in srm.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from srm_core.config import parse


class AstronomySettings(BaseModel):
    """Settings of the astronomy pack."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exoplanets: str = ""  # the comma-separated table of the Open Exoplanet Catalogue; empty: no suite


def settings_of(own: Mapping[str, Any]) -> AstronomySettings:
    """Return the pack's settings, or raise a `ConfigError` that names the first wrong one."""
    return parse(AstronomySettings, own, where="[own] of the astronomy pack")
