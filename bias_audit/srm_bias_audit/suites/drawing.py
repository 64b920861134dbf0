"""Fewer items than a suite has: whole units, its templates in turn, in an order that the ids alone decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from srm_core.records import digest

from ..selection import alternate
from .items import SuiteItem


def drawn(items: Sequence[SuiteItem], limit: int, together: Callable[[SuiteItem], str]) -> list[SuiteItem]:
    """Return the first units that hold at least ``limit`` items (0: all items), in the order of ``items``.

    ``together`` names the unit of an item: what a score compares must be drawn as a whole. Units are taken one from
    every template in turn, templates and units by their hash, so a larger limit adds items and takes none away.
    """
    if not limit or len(items) <= limit:
        return list(items)
    units: dict[str, dict[str, list[SuiteItem]]] = {}
    for item in items:
        units.setdefault(item.template, {}).setdefault(together(item), []).append(item)
    rows = [
        [of_template[name] for name in sorted(of_template, key=digest)]
        for _, of_template in sorted(units.items(), key=lambda pair: digest(pair[0]))
    ]
    kept: set[str] = set()
    for unit in alternate(rows):
        if len(kept) >= limit:
            break
        kept |= {item.id for item in unit}
    return [item for item in items if item.id in kept]
