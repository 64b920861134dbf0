"""All problems of the pack, kind by kind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.records import Problem
from srm_pack_finance.calculators.table import FAMILIES, calculator_problems
from srm_pack_finance.currencies import load_currencies
from srm_pack_finance.prices import read_prices
from srm_pack_finance.scope import scope_of
from srm_pack_finance.sessions import load_exchanges
from srm_pack_finance.settings import settings_of
from srm_pack_finance.statements.companies import companies

from . import (
    accounting_identity,
    accrued_interest,
    currency_code,
    day_count,
    iban_digits,
    isin_digit,
    line_item_group,
    luhn_digit,
    luhn_valid,
    minor_units,
    percent_change,
    price_series,
    settlement_date,
    statement_ratio,
)

_log = logging.getLogger(__name__)
Make = Callable[[PackConfig], Iterator[Problem]]


def _seeded(generate: Callable[[int], Iterator[Problem]]) -> Make:
    return lambda config: generate(config.seed)


_STATEMENTS = (statement_ratio, percent_change, accounting_identity)
_DRAWN = (day_count, accrued_interest, luhn_digit, luhn_valid, isin_digit, iban_digits, line_item_group)
MAKERS: Mapping[str, Make] = {
    **{
        module.KIND.name: lambda config, module=module: module.generate(  # type: ignore[misc]
            companies(scope_of(config).companies), config.seed
        )
        for module in _STATEMENTS
    },
    **{name: lambda config, name=name: calculator_problems(name, config) for name in FAMILIES},  # type: ignore[misc]
    **{module.KIND.name: _seeded(module.generate) for module in _DRAWN},
    "settlement_date": lambda config: settlement_date.generate(
        load_exchanges(scope_of(config).exchanges), config.seed
    ),
    "currency_code": lambda config: currency_code.generate(load_currencies(), config.seed),
    "minor_units": lambda config: minor_units.generate(load_currencies(), config.seed),
    "price_series": lambda config: price_series.generate(
        read_prices(settings_of(config.own).prices), config.seed
    ),
}  # fmt: skip


def problems(config: PackConfig) -> Iterator[Problem]:
    """Yield at most ``config.per_kind`` problems of each wanted kind.

    Raises:
        ConfigError: ``config.kinds`` names the kind about price series, and ``own.prices`` is not set.
    """
    for name, make in MAKERS.items():
        if config.kinds and name not in config.kinds:
            continue
        if name == "price_series" and not settings_of(config.own).prices:
            if name in config.kinds:
                raise ConfigError("problems of kind 'price_series' need a series: set own.prices to a CSV file")
            _log.info("kind price_series left out: own.prices names no file with the columns date and close")
            continue
        yield from islice(make(config), config.per_kind)
