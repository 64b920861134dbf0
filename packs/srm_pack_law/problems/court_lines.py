"""How facts of courts read in a prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from srm_core.composing import Fact
from srm_core.records import Split, split_of
from srm_pack_law import facts
from srm_pack_law.courts import Court


def anchor(court: Court) -> str:
    """Return the anchor of every problem about the court."""
    return court.curie


def cited_as(court: Court) -> Fact:
    """Return "Massachusetts Supreme Judicial Court is cited as Mass."."""
    return Fact(f"{court.name} is cited as {court.citation}.", (facts.court_label(court), facts.court_citation(court)))


def of_level(court: Court) -> Fact:
    """Return "Ohio Probate Court is a court of limited jurisdiction."."""
    article = "an" if court.level.startswith("i") else "a"
    return Fact(f"{court.name} is {article} {court.level}.", (facts.court_label(court), facts.court_level(court)))


def part_of(court: Court, parent: Court) -> Fact:
    """Return "Lucas County Municipal Court is part of Municipal Courts of Ohio."."""
    return Fact(
        f"{court.name} is part of {parent.name}.", (facts.court_label(court), facts.court_parent(court, parent))
    )


def beside(court: Court, pools: Mapping[Split, Sequence[Court]], rng: Random, count: int) -> list[Court]:
    """Return ``count`` other courts of the same split."""
    pool = [other for other in pools[split_of(anchor(court))] if other is not court]
    return rng.sample(pool, min(count, len(pool)))
