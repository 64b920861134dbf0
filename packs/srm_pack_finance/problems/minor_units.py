"""Amounts in minor units, as payment systems send them: the number of decimal places decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from srm_core.calculator import call, format_number
from srm_core.composing import by_split, rng_for, spread
from srm_core.records import FormulaKey, Kind, Problem, split_of
from srm_pack_finance.currencies import Currency, has_places
from srm_pack_finance.posing import numbered
from srm_pack_finance.rules import rule

KIND = Kind(
    name="minor_units",
    title="an amount in minor units (cents, fils) and back",
    book="open",
    anchor="the currency",
    shared="the rule",
    second_grader="decimal arithmetic with the exponent that iso4217 states",
)
TO_MINOR = (
    "Write {amount} {code} in minor units.",
    "A payment interface takes minor units. Which number stands for {amount} {code}?",
    "How many minor units are {amount} {code}?",
    "Convert {amount} {code} to minor units.",
)
TO_MAJOR = (
    "A payment record holds {amount} minor units of {code}. Which amount is that?",
    "{amount} minor units of {code} are which amount?",
    "Convert {amount} minor units of {code} to the usual amount.",
    "How much {code} are {amount} minor units?",
)
A_CURRENCY = 12  # problems


def generate(currencies: Mapping[str, Currency], seed: int) -> Iterator[Problem]:
    """Yield twelve problems a currency, half of them in each direction; no amount has more than six digits."""
    items = [(currency, n) for currency in currencies.values() for n in range(A_CURRENCY)]
    pools = by_split(currencies.values(), lambda currency: currency.curie)
    seen = set()
    for currency, n in spread(items, seed=seed, name=str, anchor=lambda item: item[0].curie):
        rng = rng_for(seed, KIND.name, currency.code, str(n))
        minor = rng.randint(10**currency.places + 1, 999_999)
        if (currency.code, minor, n % 2) in seen:
            continue
        seen.add((currency.code, minor, n % 2))
        major = format_number(minor / 10**currency.places)
        back = bool(n % 2)
        pool = [other for other in pools[split_of(currency.curie)] if other != currency]
        gold = float(major) if back else minor
        expression = f"{minor}/10^{currency.places}" if back else f"{major}*10^{currency.places}"
        told = str(minor) if back else major
        unit = f" {currency.code}" if back else ""
        yield numbered(
            kind=KIND.name,
            rng=rng,
            question=rng.choice(TO_MAJOR if back else TO_MINOR).format(amount=told, code=currency.code),
            answer=f"{major}{unit}" if back else str(minor),
            accept=(f"{minor:,}",) if not back else (),
            anchor=currency.curie,
            needed=(has_places(currency), rule("minor")),
            distractors=[has_places(other) for other in rng.sample(pool, min(2, len(pool)))],
            key=FormulaKey(
                formula="from_minor" if back else "to_minor",
                inputs={"amount": float(told), "currency": currency.code},
                unit=unit.strip(),
                low=gold,
                high=gold,
            ),
            working=f"{has_places(currency).text.removesuffix('.')} {{0}}; "
            f"{rule('minor').text.removesuffix('.')} {{1}}.\nAnswer: {call(expression)}{unit}",
        )
