"""ISO 4217: currencies with code, number, minor units and the countries that use them, from the published table."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

from srm_core.composing import Fact
from srm_core.errors import MissingExtra
from srm_core.records import Triple

from .sources import currency_source

_SMALL = frozenset({"of", "and", "the", "da", "de"})
_FUNDS = re.compile(r"zz|no currency|test|gold|silver|palladium|platinum|bond markets|next day|funds?|\bmvdr\b", re.I)


@dataclass(frozen=True)
class Currency:
    """One currency of the table. ``countries`` use it and no other."""

    code: str
    name: str
    number: str  # three digits
    places: int
    countries: tuple[str, ...]

    @property
    def curie(self) -> str:
        """Return the CURIE of the currency."""
        return f"currency:{self.code}"


@cache
def load_currencies() -> dict[str, Currency]:
    """Return the currencies by code; funds, metals and codes for tests are left out.

    Raises:
        MissingExtra: iso4217 is not installed.
    """
    table = raw_table()
    users: dict[str, list[str]] = {}  # by the name as written here: two Congos are one name, so neither is asked about
    for code, row in table.items():
        for country in row["CtryNm"]:
            users.setdefault(country_name(country), []).append(code)
    names = Counter(row["CcyNm"] for row in table.values())  # two currencies of one name are told apart by no question
    found = {}
    for code, row in sorted((code, row) for code, row in table.items() if code):
        if not str(row["CcyMnrUnts"]).isdigit() or _FUNDS.search(row["CcyNm"]) or names[row["CcyNm"]] > 1:
            continue
        alone = sorted(name for name in map(country_name, row["CtryNm"]) if len(users[name]) == 1)
        places = int(row["CcyMnrUnts"])
        found[code] = Currency(code, row["CcyNm"], f"{row['CcyNbr']:03d}", places, tuple(alone))
    return found


def raw_table() -> dict[str, dict[str, Any]]:
    """Return the rows of the published table as iso4217 reads them."""
    try:
        import iso4217
    except ImportError:
        raise MissingExtra("the finance pack needs iso4217: pip install 'srm-sdk[finance]'") from None
    return {code: dict(row) for code, row in iso4217.raw_table.items()}


def country_name(published: str) -> str:
    """Return a country as written in a sentence: "BAHAMAS (THE)" becomes "Bahamas"."""
    bare = re.sub(r"\s*[\(\[][^)\]]*[\)\]]", "", published).strip()
    words = [word if word in _SMALL else _capital(word) for word in bare.lower().split()]
    return " ".join(words)


def _capital(word: str) -> str:
    return "-".join(part if part in _SMALL else part[:1].upper() + part[1:] for part in word.split("-"))


def _fact(currency: Currency, predicate: str, value: str, datatype: str = "xsd:string") -> Triple:
    return Triple(
        subject=currency.curie, predicate=predicate, object=value, datatype=datatype, source=currency_source()
    )


@cache
def named(currency: Currency) -> Triple:
    """Return: the currency's name."""
    return _fact(currency, "rdfs:label", currency.name)


@cache
def country_curie(country: str) -> str:
    """Return the CURIE of a country."""
    return "country:" + re.sub(r"\W+", "-", country.lower()).strip("-")


def country_label(country: str) -> Triple:
    """Return: the country's name."""
    return Triple(subject=country_curie(country), predicate="rdfs:label", object=country, datatype="xsd:string",
                  source=currency_source())  # fmt: skip


@cache
def uses(country: str, currency: Currency) -> Fact:
    """Return "Kuwait uses Kuwaiti Dinar."."""
    triple = Triple(subject=country_curie(country), predicate="srm:usesCurrency", object=currency.curie,
                    source=currency_source())  # fmt: skip
    return Fact(f"{country} uses {currency.name}.", (triple, named(currency)))


@cache
def has_code(currency: Currency) -> Fact:
    """Return "Kuwaiti Dinar has code KWD."."""
    return Fact(f"{currency.name} has code {currency.code}.", (_fact(currency, "skos:notation", currency.code),))


@cache
def has_number(currency: Currency) -> Fact:
    """Return "KWD has number 414."."""
    return Fact(f"{currency.code} has number {currency.number}.", (_fact(currency, "srm:number", currency.number),))


@cache
def has_places(currency: Currency) -> Fact:
    """Return "KWD has 3 decimal places."."""
    triple = _fact(currency, "srm:decimalPlaces", str(currency.places), "xsd:integer")
    return Fact(f"{currency.code} has {currency.places} decimal places.", (triple,))


def currency_triples() -> list[Triple]:
    """Return every fact about the currencies."""
    found: list[Triple] = []
    for currency in load_currencies().values():
        for fact in (has_code(currency), has_number(currency), has_places(currency)):
            found += fact.triples
        found.append(named(currency))
        for country in currency.countries:
            found += [country_label(country), uses(country, currency).triples[0]]
    return found
