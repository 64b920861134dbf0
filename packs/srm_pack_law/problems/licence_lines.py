"""How facts of licences read in a prompt, and which licences stand beside another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from srm_core.composing import Fact, by_split, spread
from srm_core.records import Split, split_of
from srm_pack_law import facts
from srm_pack_law.licences import Licence, load_licences

SAMPLE = 60  # licences among which those that look alike are sought


def anchor(licence: Licence) -> str:
    """Return the anchor of every problem about the licence."""
    return licence.curie


def is_spdx(licence: Licence, name: str) -> Fact:
    """Return "bsd-new is the licence BSD-3-Clause."."""
    return Fact(
        f"{name} is the licence {licence.spdx}.", (facts.licence_name(licence, name), facts.licence_spdx(licence))
    )


def of_category(licence: Licence) -> Fact:
    """Return "BSD-3-Clause is Permissive."."""
    return Fact(f"{licence.spdx} is {licence.category}.", (facts.licence_category(licence),))


def named(seed: int) -> Iterator[tuple[Licence, str]]:
    """Yield every licence with each of its other identifiers."""
    items = [(licence, name) for licence in load_licences() for name in licence.names]
    return spread(items, seed=seed, name=lambda i: f"{i[0].key} {i[1]}", anchor=lambda i: anchor(i[0]))


def pools() -> Mapping[Split, Sequence[Licence]]:
    """Return the licences of each split."""
    return by_split([licence for licence in load_licences() if licence.names], anchor)


def beside(licence: Licence, among: Mapping[Split, Sequence[Licence]], rng: Random, count: int) -> list[Licence]:
    """Return ``count`` other licences of the same split, those of a sample whose identifiers begin alike first."""
    pool = among[split_of(anchor(licence))]
    drawn = [other for other in rng.sample(pool, min(SAMPLE, len(pool))) if other is not licence]
    return sorted(drawn, key=lambda other: other.spdx[:3] != licence.spdx[:3])[:count]
