"""The knowledge graph: formulas and rules, invented statements, line items, currencies, sessions, and own prices."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from srm_core.config import PackConfig
from srm_core.formulas.problems import formula_triples
from srm_core.records import Triple

from .calculators.table import FORMULAS
from .currencies import currency_triples
from .day_counts import calendar_triples
from .line_items import line_item_triples
from .prices import close_triple, read_prices
from .rules import rule_triples
from .scope import scope_of
from .sessions import load_exchanges, session_triples
from .settings import settings_of
from .sources import FORMULAS as SOURCE
from .statements.changes import CHANGES
from .statements.companies import companies
from .statements.facts import triples_of
from .statements.ratios import IDENTITIES, RATIOS

_log = logging.getLogger(__name__)


def triples(config: PackConfig) -> Iterator[Triple]:
    """Yield every fact in the scope of ``config``, each once, in an order fixed by the packages' versions."""
    scope = scope_of(config)
    yield from formula_triples((*FORMULAS.values(), *RATIOS, *IDENTITIES, *CHANGES), SOURCE)
    yield from rule_triples()
    yield from calendar_triples()
    yield from line_item_triples()
    for company in companies(scope.companies):
        yield from triples_of(company)
    yield from currency_triples()
    for exchange in load_exchanges(scope.exchanges).values():
        yield from session_triples(exchange)
    file = settings_of(config.own).prices
    if file:
        series = read_prices(file)
        yield from (close_triple(series, place) for place in range(len(series.days)))
    else:
        _log.info("price series left out: own.prices names no file with the columns date and close")
