"""The installed packages a build stood on: name, version and licence, as their own metadata say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

OURS = "srm-sdk"
NOT_STATED = "not stated"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST = 80  # characters of a licence field; some packages paste the whole text


@dataclass(frozen=True)
class Library:
    """An installed package. ``expression``: its licence is an SPDX expression, not a name of its own."""

    name: str
    version: str
    licence: str
    expression: bool
    needs: tuple[str, ...] = ()  # names of installed packages it requires


def libraries(root: str = OURS) -> list[Library]:
    """Return ``root`` and everything it requires, and so on, that is installed; by name. Extras do not count."""
    found: dict[str, Library] = {}
    waiting = [root]
    while waiting:
        name = _normal(waiting.pop())
        if name in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        needs = tuple(sorted(set(_required(package))))
        found[name] = Library(name, package.version, *_licence(package), needs)
        waiting += needs
    return [
        Library(each.name, each.version, each.licence, each.expression, tuple(n for n in each.needs if n in found))
        for _, each in sorted(found.items())
    ]


def _required(package: Distribution) -> list[str]:
    lines = [line for line in package.requires or () if "extra ==" not in line]
    return [_normal(match.group()) for line in lines if (match := _NAME.match(line))]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _licence(package: Distribution) -> tuple[str, bool]:
    """Return a package's licence, and whether it is an SPDX expression (core metadata 2.4, License-Expression)."""
    metadata = package.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"], True
    classifiers = metadata.get_all("Classifier") or []
    named = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License :: ")]
    named = [name for name in named if name != "OSI Approved"]
    if named:
        return "; ".join(named), False
    written = " ".join((metadata.get_all("License") or [""])[0].split())
    return (written, False) if 0 < len(written) <= _LONGEST else (NOT_STATED, False)
