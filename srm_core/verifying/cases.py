"""One text for a verifier to judge, and why its verdict is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A completion whose verdict is known. ``why`` argues it in words; ``family`` is what rates are broken down by."""

    family: str
    text: str
    why: str
