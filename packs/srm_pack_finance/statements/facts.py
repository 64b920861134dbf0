"""Statement lines as triples and as sentences, written as filings write numbers."""

from __future__ import annotations

from functools import lru_cache

from srm_core.calculator import format_number
from srm_core.composing import Fact
from srm_core.records import Triple
from srm_pack_finance.sources import STATEMENTS

from .companies import YEARS, Company
from .lines import LINES

STRING = "xsd:string"


def label(company: Company) -> Triple:
    """Return: the company is called by its name."""
    return Triple(
        subject=company.curie, predicate="rdfs:label", object=company.name, datatype=STRING, source=STATEMENTS
    )


def statement_curie(company: Company, year: int) -> str:
    """Return the CURIE of a year's statement."""
    return f"statement:{company.slug}.{year}"


def reports(company: Company, year: int) -> Triple:
    """Return: the company has a statement of the year."""
    return Triple(
        subject=company.curie, predicate="srm:reports", object=statement_curie(company, year), source=STATEMENTS
    )


@lru_cache(maxsize=200_000)
def line_triple(company: Company, year: int, name: str) -> Triple:
    """Return: what the statement shows on a line, scale and currency included."""
    return Triple(
        subject=statement_curie(company, year),
        predicate=f"srm:line-{name}",
        object=f"{filed(company.value(year, name))} {unit_of(company)}",
        datatype=STRING,
        source=STATEMENTS,
    )


def line_fact(company: Company, year: int, name: str) -> Fact:
    """Return "Harlow Mills 2024: current assets 452.4 million USD."."""
    triple = line_triple(company, year, name)
    return Fact(sentence(company.name, year, name, triple.object), (triple,))


def sentence(company: str, year: int | str, name: str, amount: str) -> str:
    """Return the sentence of a statement line."""
    return f"{company} {year}: {LINES[name]} {amount}."


def unit_of(company: Company) -> str:
    """Return the scale and currency of the company's statements."""
    return f"{company.scale} {company.currency}"


def filed(value: float) -> str:
    """Return a value with separators of thousands, negatives in parentheses."""
    text = f"{abs(value):,.1f}".removesuffix(".0")
    return f"({text})" if value < 0 else text


def plain(value: float) -> str:
    """Return a value as the calculator reads it."""
    return format_number(value)


def triples_of(company: Company) -> list[Triple]:
    """Return every fact about a company."""
    found = [label(company), *(reports(company, year) for year in YEARS)]
    return found + [line_triple(company, year, name) for year in YEARS for name in LINES]
