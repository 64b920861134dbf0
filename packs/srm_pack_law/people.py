"""Names that questions mention and audits swap; no gold depends on one."""

from __future__ import annotations

from random import Random

PARTIES = ("Smith", "Miller", "Garcia", "Nguyen", "Washington", "Patel", "Cohen", "Kowalski")
FIRMS = ("Acme Corp.", "Delta LLC", "Orion Inc.", "Harbor Bank")


def party(rng: Random) -> str:
    """Return the surname of a party."""
    return rng.choice(PARTIES)


def case_name(rng: Random) -> str:
    """Return the name of a case, such as "Garcia v. Delta LLC"."""
    return f"{party(rng)} v. {rng.choice(FIRMS)}"
