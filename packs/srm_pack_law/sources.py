"""Where the pack's facts come from, at which version, and under which terms."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from srm_core.errors import MissingExtra
from srm_core.records import Source


@cache
def reporters_source() -> Source:
    """Return the source of reporters, their editions, variants and courts."""
    return Source(
        name="reporters-db (Free Law Project)",
        licence="BSD-2-Clause",
        version=package_version("reporters-db"),
        url="https://github.com/freelawproject/reporters-db",
    )


@cache
def courts_source() -> Source:
    """Return the source of courts, their citation strings, levels and parents."""
    return Source(
        name="courts-db (Free Law Project)",
        licence="BSD-2-Clause",
        version=package_version("courts-db"),
        url="https://github.com/freelawproject/courts-db",
    )


@cache
def licences_source() -> Source:
    """Return the source of licence keys, SPDX identifiers and categories: ScanCode LicenseDB."""
    return Source(
        name="ScanCode LicenseDB via license-expression",
        licence="CC-BY-4.0",
        version=package_version("license-expression"),
        url="https://scancode-licensedb.aboutcode.org/",
    )


@cache
def calendar_source() -> Source:
    """Return the source of the calendar: the legal holidays of 5 U.S.C. 6103 as the package ``holidays`` lists them."""
    return Source(
        name="holidays (calendar of 5 U.S.C. 6103)",
        licence="MIT",
        version=package_version("holidays"),
        url="https://github.com/vacanza/holidays",
    )


@cache
def rules_source() -> Source:
    """Return the source of the rules: the Federal Rules of Civil Procedure, in words of the pack's own."""
    return Source(
        name="Federal Rules of Civil Procedure, paraphrased",
        licence="LicenseRef-US-public-domain",
        url="https://www.uscourts.gov/rules-policies",
    )


@cache
def tax_source() -> Source:
    """Return the source of tax parameters: yearly revenue procedures, a work of the US government."""
    return Source(
        name="IRS revenue procedures 2016-55 to 2022-38",
        licence="LicenseRef-US-public-domain",
        url="https://www.irs.gov/irb",
    )


@cache
def own_source() -> Source:
    """Return the source of what the pack itself states: forms of citations, laws of logic, policies."""
    return Source(name="srm law pack", licence="Apache-2.0")


def package_version(distribution: str) -> str:
    """Return the installed version of ``distribution``, or raise a `MissingExtra` that says how to install it."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        raise MissingExtra(f"the law pack needs {distribution}: pip install 'srm-sdk[law]'") from None
