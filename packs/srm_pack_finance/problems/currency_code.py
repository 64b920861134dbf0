"""From a country or a currency to its code or number, and back, in the published ISO 4217 table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from srm_core.composing import Fact, by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_finance.currencies import Currency, country_curie, has_code, has_number, has_places, uses

KIND = Kind(
    name="currency_code",
    title="the currency code, number or decimal places of a country or currency",
    book="open",
    anchor="the currency",
    shared="nothing",
    core=True,
    second_grader="the rows of iso4217, by country and code",
)
COUNTRY_CODE, COUNTRY_NUMBER, COUNTRY_PLACES = "country to code", "country to number", "country to places"
NAME_CODE, NAME_NUMBER, NUMBER_CODE = "name to code", "name to number", "number to code"
QUESTIONS: Mapping[str, Sequence[str]] = {
    COUNTRY_CODE: ("Which currency code is used in {country}?", "Give the ISO 4217 code of the currency of {country}.",
                   "A payment goes to {country}. Which currency code does it carry?", "{country}: currency code?"),
    COUNTRY_NUMBER: ("Which ISO 4217 number has the currency of {country}?", "Give the numeric currency code of "
                                                                             "{country}.",
                     "{country}: numeric currency code?", "A terminal in {country} needs the currency's number. "
                                                          "Which?"),
    COUNTRY_PLACES: ("How many decimal places has the currency of {country}?", "{country}: decimal places of its "
                                                                               "currency?",
                     "To how many decimal places are amounts written in {country}?",
                     "Amounts in the currency of {country} have how many decimals?"),
    NAME_CODE: ("What is the code of {name}?", "Give the ISO 4217 code of {name}.", "{name}: which code?",
                "An invoice is in {name}. Which code belongs on it?"),
    NAME_NUMBER: ("Which ISO 4217 number has {name}?", "Give the numeric code of {name}.", "{name}: numeric code?",
                  "A terminal needs the number of {name}. Which is it?"),
    NUMBER_CODE: ("Which currency code has number {number}?", "A card record says currency {number}. Which code is "
                                                              "that?",
                  "Give the code of the currency with ISO 4217 number {number}.", "Number {number}: which currency "
                                                                                  "code?"),
}  # fmt: skip
_PATHS = {
    COUNTRY_CODE: "$country srm:usesCurrency/skos:notation ?answer",
    COUNTRY_NUMBER: "$country srm:usesCurrency/srm:number ?answer",
    COUNTRY_PLACES: "$country srm:usesCurrency/srm:decimalPlaces ?answer",
    NAME_CODE: "$currency skos:notation ?answer",
    NAME_NUMBER: "$currency srm:number ?answer",
    NUMBER_CODE: "?currency srm:number {number} ; skos:notation ?answer",
}
DISTRACTORS = 2  # other currencies of the split


@dataclass(frozen=True)
class Asked:
    """One question: what is asked about which currency, through which country."""

    what: str
    currency: Currency
    country: str = ""

    @property
    def name(self) -> str:
        """Return what sets the question apart."""
        return f"{self.what} {self.currency.code} {self.country}"


def generate(currencies: Mapping[str, Currency], seed: int) -> Iterator[Problem]:
    """Yield every question once: three a country with one currency, three a currency."""
    items = [
        Asked(what, currency, country)
        for currency in currencies.values()
        for country in currency.countries
        for what in (COUNTRY_CODE, COUNTRY_NUMBER, COUNTRY_PLACES)
    ]
    items += [
        Asked(what, currency) for currency in currencies.values() for what in (NAME_CODE, NAME_NUMBER, NUMBER_CODE)
    ]
    pools = by_split(currencies.values(), lambda currency: currency.curie)
    for asked in spread(items, seed=seed, name=lambda each: each.name, anchor=lambda each: each.currency.curie):
        rng = rng_for(seed, KIND.name, asked.name)
        pool = [other for other in pools[split_of(asked.currency.curie)] if other != asked.currency]
        others = rng.sample(pool, min(DISTRACTORS, len(pool)))
        needed = _needed(asked, asked.currency, asked.country)
        distractors = [fact for other in others for fact in _needed(asked, other, _country(other))]
        bindings = {"country": country_curie(asked.country)} if asked.country else {"currency": asked.currency.curie}
        if asked.what == NUMBER_CODE:
            bindings = {}
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS[asked.what],
            names={"country": asked.country, "name": asked.currency.name, "number": asked.currency.number},
            answer=_answer(asked),
            anchor=asked.currency.curie,
            needed=needed,
            distractors=distractors,
            query="SELECT ?answer WHERE { "
            + _PATHS[asked.what].replace("{number}", literal(asked.currency.number))
            + " }",
            bindings=bindings,
        )


def _answer(asked: Asked) -> str:
    if asked.what.endswith("code"):
        return asked.currency.code
    return asked.currency.number if asked.what.endswith("number") else str(asked.currency.places)


def _country(currency: Currency) -> str:
    return currency.countries[0] if currency.countries else ""


def _needed(asked: Asked, currency: Currency, country: str) -> list[Fact]:
    """Return the facts that lead to the answer, in the order of the solution."""
    first = [uses(country, currency)] if country and asked.country else []
    if asked.what == NUMBER_CODE:
        return [has_number(currency)]
    last = {"number": has_number, "places": has_places}.get(asked.what.rsplit(" ", 1)[1])
    return [*first, has_code(currency), *([last(currency)] if last else [])]
