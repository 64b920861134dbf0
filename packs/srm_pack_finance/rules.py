"""Rules and conventions that evidence lines state in words: check digits, day counts, letters as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from srm_core.composing import Fact
from srm_core.records import Triple

from .sources import FORMULAS

RULES = {
    "luhn": (
        "Luhn check",
        "Luhn check: from the right, double every second digit starting with the last, minus 9 if above 9; add all; "
        "the check digit lifts the sum to a multiple of 10",
    ),
    "luhn_valid": (
        "Luhn test",
        "Luhn test: keep the last digit, double every second digit from the right, minus 9 if above 9; a valid number "
        "sums to a multiple of 10",
    ),
    "isin": (
        "ISIN check",
        "ISIN check: write letters as numbers, then apply Luhn: double every second digit from the last, minus 9 if "
        "above 9; lift the sum to a multiple of 10",
    ),
    "iban": (
        "IBAN check",
        "IBAN check: account, then country letters as numbers, then 00; the check digits are 98 minus the remainder "
        "modulo 97",
    ),
    "act_360": ("ACT/360", "ACT/360: actual days / 360"),
    "act_365f": ("ACT/365F", "ACT/365F: actual days / 365"),
    "thirty_360": (
        "30/360",
        "30/360: (360 * years + 30 * months + days) / 360; a first day 31 counts as 30; a second day 31 counts as 30 "
        "if the first is 30 or 31",
    ),
    "thirty_e_360": ("30E/360", "30E/360: (360 * years + 30 * months + days) / 360; every day 31 counts as 30"),
    "accrued": ("accrued interest", "Accrued interest = face * coupon / 100 * year fraction"),
    "minor": ("minor units", "An amount in minor units = amount * 10^(decimal places)"),
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@cache
def rule(name: str) -> Fact:
    """Return the line that states a rule."""
    triple = _literal(f"rule:{name}", "srm:definition", RULES[name][1])
    return Fact(f"{RULES[name][1]}.", (triple,), shared=True)


@cache
def letter(character: str) -> Fact:
    """Return "Letter U counts 30."."""
    triple = _literal(f"letter:{character}", "srm:countsAs", str(int(character, 36)))
    return Fact(f"Letter {character} counts {int(character, 36)}.", (triple,), shared=True)


def rule_triples() -> Iterator[Triple]:
    """Yield every rule with its name, and what letters count."""
    for name, (label, _) in RULES.items():
        yield _literal(f"rule:{name}", "rdfs:label", label)
        yield from rule(name).triples
    for character in LETTERS:
        yield from letter(character).triples


def _literal(subject: str, predicate: str, text: str) -> Triple:
    return Triple(subject=subject, predicate=predicate, object=text, datatype="xsd:string", source=FORMULAS)
