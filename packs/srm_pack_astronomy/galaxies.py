"""The classes of Hubble's sequence. After: Hubble 1926, ApJ 64:321; de Vaucouleurs 1959, Handbuch der Physik 53."""

from __future__ import annotations

import re

CLASSES = ("elliptical", "lenticular", "ordinary spiral", "intermediate spiral", "barred spiral", "irregular")
_PATTERNS = (
    ("elliptical", r"E"),
    ("lenticular", r"S0"),
    ("intermediate spiral", r"SAB(?:a|ab|b|bc|c|cd|d|m)?"),
    ("barred spiral", r"SB(?:a|ab|b|bc|c|cd|d|m)?"),
    ("ordinary spiral", r"S(?:a|ab|b|bc|c|cd|d|m)"),
    ("irregular", r"I|IB|IAB"),
)


def class_of(hubble: str) -> str:
    """Return the class of a Hubble type, "" where it stands between two or is marked as doubtful."""
    return next((name for name, pattern in _PATTERNS if re.fullmatch(pattern, hubble)), "")
