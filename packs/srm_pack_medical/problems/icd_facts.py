"""How facts of ICD-10-CM read in a prompt, and to which anchor they belong."""

from __future__ import annotations

from srm_core.composing import Fact
from srm_pack_medical import facts
from srm_pack_medical.icd import Code, Icd

GROUPS = ("block", "chapter")


def category(name: str) -> str:
    """Return the CURIE of the category a code belongs to: the anchor of every fact about the code."""
    return facts.icd(name[:3])


def under(icd: Icd, name: str) -> Fact:
    """Return "E11.6 is under E11." or "E11 is in block E08-E13."."""
    code = icd.codes[name]
    text = (
        f"{name} is in {code.parent}." if icd.codes[code.parent].level in GROUPS else f"{name} is under {code.parent}."
    )
    return Fact(text, (facts.code_broader(code),), shared=code.level in GROUPS)


def means(code: Code) -> Fact:
    """Return "Type 2 diabetes mellitus has code E11."."""
    return Fact(f"{code.label} has code {code.name}.", (facts.code_label(code),))


def classed(code: Code, term: str) -> Fact:
    """Return "Sundowning is classed as Delirium due to ..."."""
    return Fact(f"{term} is classed as {code.label}.", (facts.inclusion_term(code.name, term), facts.code_label(code)))


def never_with(code: str, other: str) -> Fact:
    """Return "E11 is never coded with O24.4."."""
    return Fact(f"{code} is never coded with {other}.", (facts.excludes1(code, other),))


def may_with(code: str, other: str) -> Fact:
    """Return "F05 may be coded with F10.231."."""
    return Fact(f"{code} may be coded with {other}.", (facts.excludes2(code, other),))


def after(code: str, other: str) -> Fact:
    """Return "G05 goes after B20."."""
    return Fact(f"{code} is coded after {other}.", (facts.code_first(code, other),))
