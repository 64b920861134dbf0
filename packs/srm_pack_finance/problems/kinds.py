"""Which kinds the pack has, and how answers to them are read."""

from __future__ import annotations

from srm_core.records import Kind
from srm_pack_finance.calculators.table import FAMILIES

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

CALCULATED = tuple(kind for kind, _ in FAMILIES.values())
STATEMENTS = (statement_ratio.KIND, percent_change.KIND, accounting_identity.KIND)
DATED = (day_count.KIND, accrued_interest.KIND, settlement_date.KIND)
IDENTIFIERS = (luhn_digit.KIND, luhn_valid.KIND, isin_digit.KIND, iban_digits.KIND)
TABLES = (currency_code.KIND, minor_units.KIND, line_item_group.KIND)
OWN: tuple[Kind, ...] = (*STATEMENTS, *CALCULATED, *DATED, *IDENTIFIERS, *TABLES, price_series.KIND)
TATQA = "tatqa"  # questions of TAT-QA: a suite, graded by the benchmark's rules
AMOUNTS = frozenset(
    kind.name
    for kind in (*CALCULATED, *STATEMENTS, day_count.KIND, accrued_interest.KIND, minor_units.KIND, price_series.KIND)
)
DIGITS = frozenset({"luhn_digit", "isin_digit", "iban_digits"})


def all_kinds() -> tuple[Kind, ...]:
    """Return the pack's kinds: its own, and those that the knowledge plugin makes from a corpus."""
    try:
        from srm_knowledge.problems import KINDS as CORPUS_KINDS
    except ImportError:
        return OWN
    return (*OWN, *CORPUS_KINDS)
