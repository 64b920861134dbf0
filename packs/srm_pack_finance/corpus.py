"""The default corpus: one readable document a statement, an exchange's year, a group of line items, a formula."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.config import PackConfig
from srm_core.formulas.formula import formula_text
from srm_core.records import Document, Source, digest

from .calculators.table import FORMULAS
from .currencies import has_code, has_number, has_places, load_currencies, uses
from .line_items import ITEMS, STATEMENTS, shown_in, stands_in
from .rules import RULES, rule
from .scope import scope_of
from .sessions import CITIES, closed_on, load_exchanges
from .sources import FORMULAS as FORMULA_SOURCE
from .sources import LINE_ITEMS, currency_source, session_source
from .sources import STATEMENTS as STATEMENT_SOURCE
from .statements.companies import YEARS, companies
from .statements.facts import line_fact
from .statements.lines import LINES
from .statements.ratios import RATIOS


def documents(config: PackConfig) -> Iterator[Document]:
    """Yield at most ``config.max_documents`` documents, spread over the tables by the hash of their titles."""
    every = sorted(_all(config), key=lambda document: digest(document.title))
    yield from sorted(every[: config.max_documents], key=lambda document: document.path)


def _all(config: PackConfig) -> Iterator[Document]:
    scope = scope_of(config)
    for formula in (*FORMULAS.values(), *RATIOS):
        yield _document(formula.title, f"formula/{formula.name}", [f"{formula_text(formula)}.",
        f"Source: {formula.source}."],
                        FORMULA_SOURCE)  # fmt: skip
    for name, (label, _) in RULES.items():
        yield _document(label, f"rule/{name}", [rule(name).text], FORMULA_SOURCE)
    for group in STATEMENTS:
        lines = [shown_in(group).text, *(stands_in(item).text for item in ITEMS if item.group == group)]
        yield _document(group, f"lines/{group.replace(' ', '-')}", lines, LINE_ITEMS)
    for company in companies(scope.companies):
        for year in YEARS:
            lines = [line_fact(company, year, name).text for name in LINES]
            yield _document(f"{company.name} {year}", f"statement/{company.slug}.{year}", lines, STATEMENT_SOURCE)
    for currency in load_currencies().values():
        lines = [fact(currency).text for fact in (has_code, has_number, has_places)]
        lines += [uses(country, currency).text for country in currency.countries]
        yield _document(currency.name, f"currency/{currency.code}", lines, currency_source())
    for exchange in load_exchanges(scope.exchanges).values():
        for year in sorted({day.year for day in exchange.closed}):
            lines = [closed_on(exchange, day).text for day in sorted(exchange.closed) if day.year == year]
            title = f"{exchange.code} ({CITIES[exchange.code]}) closures of {year}"
            yield _document(title, f"closures/{exchange.code}.{year}", lines, session_source())


def _document(title: str, path: str, lines: list[str], source: Source) -> Document:
    ends, length = [], 0
    for line in lines[:-1]:
        length += len(line) + 1
        ends.append(length)
    return Document(text="\n".join(lines), title=title, path=path, source=source, breaks=tuple(ends))
