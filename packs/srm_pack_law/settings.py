"""The pack's own settings: ``[own]`` in srm.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from srm_core.config import parse


class LawSettings(BaseModel):
    """Settings of the law pack."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bench: str = ""  # folder that holds law-sara/ and law-legalbench/ as published; empty: no suites


def settings_of(own: Mapping[str, Any]) -> LawSettings:
    """Return the pack's settings, or raise a `ConfigError` that names the first wrong one."""
    return parse(LawSettings, own, where="[own] of the law pack")
