"""Where the pack's facts come from, at which version, and under which terms."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from srm_core.errors import MissingExtra
from srm_core.records import Source

OWN = Source(name="srm tables of ions, reactions and formulas", licence="Apache-2.0")


@cache
def compound_source() -> Source:
    """Return the source of names and structures: PubChem's identifiers, read through chemicals (MIT)."""
    return Source(
        name="PubChem identifiers via chemicals",
        licence="MIT AND LicenseRef-US-public-domain",
        version=package_version("chemicals"),
        url="https://github.com/CalebBell/chemicals",
    )


@cache
def thermo_source() -> Source:
    """Return the source of measured properties: the tables of chemicals (MIT), which name CRC, JANAF and Yaws."""
    return Source(
        name="thermochemical and boiling point tables via chemicals",
        licence="MIT",
        version=package_version("chemicals"),
        url="https://github.com/CalebBell/chemicals",
    )


@cache
def element_source() -> Source:
    """Return the source of the elements and isotopes: mendeleev (MIT)."""
    return Source(
        name="mendeleev",
        licence="MIT",
        version=package_version("mendeleev"),
        url="https://github.com/lmmentel/mendeleev",
    )


@cache
def package_folder(package: str) -> Path:
    """Return the folder of an installed package without importing it: only its tables are read.

    Raises:
        MissingExtra: the package is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise _missing(package)
    return Path(spec.submodule_search_locations[0])


def package_version(distribution: str) -> str:
    """Return the installed version of ``distribution``, or raise a `MissingExtra` that says how to install it."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        raise _missing(distribution) from None


def _missing(package: str) -> MissingExtra:
    return MissingExtra(f"the chemistry pack needs {package}: pip install 'srm-sdk[chemistry]'")
