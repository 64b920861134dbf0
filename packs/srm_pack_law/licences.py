"""Licences as ScanCode LicenseDB lists them, in the index that license-expression ships."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from .sources import licences_source

LONGEST = 45  # characters of an identifier


@dataclass(frozen=True)
class Licence:
    """A licence: its key in LicenseDB, its SPDX identifier, its category and identifiers it had before."""

    key: str
    spdx: str
    category: str
    former: tuple[str, ...]

    @property
    def curie(self) -> str:
        """Return the node of the licence, which is the anchor of every problem about it."""
        return f"licence:{self.key}"

    @property
    def names(self) -> tuple[str, ...]:
        """Return every other identifier of the licence; those that differ in capitals alone are one."""
        found = {name.casefold(): name for name in (*reversed(self.former), self.key)}
        found.pop(self.spdx.casefold(), None)
        return tuple(found.values())


@cache
def load_licences() -> tuple[Licence, ...]:
    """Return the licences in force that have an SPDX identifier and a category, exceptions left out."""
    licences_source()
    index = files("license_expression").joinpath("data/scancode-licensedb-index.json")
    rows = [row for row in json.loads(index.read_text(encoding="utf-8")) if row.get("spdx_license_key")]
    owners = Counter(name for row in rows for name in {row["license_key"].casefold(), *_spdx(row)})
    return tuple(
        Licence(
            row["license_key"],
            row["spdx_license_key"],
            row["category"],
            tuple(name for name in row["other_spdx_license_keys"] if owners[name.casefold()] == 1),
        )
        for row in rows
        if row["category"]
        and not row["is_deprecated"]
        and not row["is_exception"]
        and len(row["spdx_license_key"]) <= LONGEST
        and owners[row["license_key"].casefold()] == 1
    )


def _spdx(row: Mapping[str, Any]) -> set[str]:
    return {name.casefold() for name in (row["spdx_license_key"], *row["other_spdx_license_keys"])}
