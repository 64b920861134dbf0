"""Reads amounts as finance writes them: "$1.2 million", "1,200 thousand", "(3.4)", "25 bp", "US$ 40k".

The text is put into the plain form "number unit", in the scale that the key asks for, and the core's reader of
quantities judges that. Answer and scale both count (TAT-QA, Zhu et al. 2021, ACL): an amount in another stated scale is
the same amount, an amount whose scale is missing is another one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from srm_core.formulas.reading import Units, verify_quantity
from srm_core.formulas.unit_words import fold
from srm_core.records import FormulaKey, Trace, Verdict

LONGEST = 2000  # characters of an answer that are read at all
SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SCALE_WORDS = {"k": 3, "thousands": 3, "thousand": 3, "m": 6, "mn": 6, "mm": 6, "million": 6, "millions": 6,
                "mio": 6, "b": 9, "bn": 9, "billion": 9, "billions": 9, "tn": 12, "trillion": 12,
                "trillions": 12}  # fmt: skip
_CURRENCIES = {
    "us$": ("USD",), "$": ("USD", "CAD", "AUD", "SGD"), "€": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY"),
    "dollar": ("USD", "CAD", "AUD", "SGD"), "buck": ("USD",), "cent": (), "euro": ("EUR",), "pound": ("GBP",),
    "sterling": ("GBP",), "yen": ("JPY",), "yuan": ("CNY",), "franc": ("CHF",), "rupee": ("INR",), "krona": ("SEK",),
    "u.s. dollar": ("USD",), "us dollar": ("USD",),
    **{code.lower(): (code,) for code in ("USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "CNY", "INR", "SEK",
                                            "SGD", "NGN")},
}  # fmt: skip
_MONEY = re.compile(
    r"us\$|[$€£¥]|(?<![a-z])(?:u\.?s\.? dollar|dollar|buck|cent|euro|pound|sterling|yen|yuan|franc|rupee|krona)s?"
    r"(?![a-z])|(?<![a-z])(?:usd|eur|gbp|jpy|chf|cad|aud|cny|inr|sek|sgd|ngn)(?![a-z])"
)
_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,24})(?:\.\d{1,12})?(?![\w.]*\d)|(?<![\w.])[-+]?\.\d{1,12}"
)
_SCALE = re.compile(r"(?<=[\d ])(" + "|".join(sorted(_SCALE_WORDS, key=len, reverse=True)) + r")(?![a-z])")
_POINTS = re.compile(r"(?<=[\d ])(?:basis points?|bps?|bpts?)(?![a-z])")
_NEGATIVE = re.compile(r"(?<![\w.%])[-+]?\(\s*[-+]?\s*([\d.,]+)\s*(%?)\s*\)")
_REFUSED = re.compile(r"\b(?:or|either|between|maybe|perhaps|not|no)\b|\?|[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
UNITS = Units({"%", "bp", "years", "days", "months", "points", "x"})
_ALIKE = {"year": "years", "yr": "years", "yrs": "years", "day": "days", "month": "months"}


@dataclass(frozen=True)
class Wanted:
    """What the unit of a key says: a power of ten, a currency, and the unit that is left."""

    power: int
    currency: str
    unit: str


def wanted(unit: str) -> Wanted:
    """Return the parts of a unit such as "million USD", "%", "years" or ""."""
    power, currency, rest = 0, "", []
    for word in unit.split():
        if word in SCALES:
            power = SCALES[word]
        elif _CURRENCIES.get(word.lower()) == (word,):
            currency = word
        else:
            rest.append(word)
    return Wanted(power, currency, " ".join(rest))


def verify_amount(key: FormulaKey, trace: Trace) -> Verdict:
    """Say whether the answer is one amount inside the key's band, in the key's scale or another that it states."""
    if not trace.answer or len(trace.answer) > LONGEST:
        return Verdict(correct=False, reason="no answer" if not trace.answer else "too long for one amount")
    target = wanted(key.unit)
    plain = plain_form(trace.answer, target)
    if isinstance(plain, Verdict):
        return plain
    bare = key.model_copy(update={"unit": target.unit})
    return verify_quantity(bare, trace.model_copy(update={"answer": plain}), UNITS)


def plain_form(answer: str, target: Wanted) -> str | Verdict:
    """Return "number unit" in the target's scale, or the verdict where the words alone decide against the answer."""
    text = re.sub(r"\s+", " ", fold(answer).replace("**", "").replace("\\", "")).strip(" .")
    text = re.sub(r"(?<![a-z])per cent(?![a-z])|(?<=\d)\s?%\s?points?", "%", text)
    if not target.unit:
        text = re.sub(r"(?<=\d) ?(?:x|times)$", "", text)
    if _REFUSED.search(text):
        return _wrong("no single definite value")
    text, foreign = _without_money(text, target.currency)
    if foreign:
        return _wrong(f"{foreign!r} instead of {target.currency or 'a plain number'!r}")
    scales = _SCALE.findall(text)
    if len(scales) > 1 or (scales and (target.unit or not target.power + bool(target.currency))):
        return _wrong("a scale that does not belong there")
    text = re.sub(r" +", " ", _SCALE.sub(" ", text)).strip()
    text = _NEGATIVE.sub(r"-\1\2", text)
    text = re.sub(r"(?<=[-+]) (?=[\d.])", "", text)
    power = (_SCALE_WORDS[scales[0]] if scales else 0) - target.power
    points = len(_POINTS.findall(text))
    if target.unit in ("%", "bp"):
        text, power = _as_rate(text, target.unit, power)
    elif points:
        return _wrong("basis points do not belong there")
    text = " ".join(_ALIKE.get(word, word) for word in text.split())
    return _moved(text, power)


def _wrong(reason: str) -> Verdict:
    return Verdict(correct=False, reason=reason)


def _without_money(text: str, currency: str) -> tuple[str, str]:
    """Return ``text`` without the names of the currency, and the first name of another one."""
    for name in _MONEY.findall(text):
        word = name if name in _CURRENCIES else name.rstrip("s").replace(".", "")
        known = _CURRENCIES.get(word, ())
        if currency not in known:
            return text, str(name)
    return _MONEY.sub(" ", text), ""


def _as_rate(text: str, unit: str, power: int) -> tuple[str, int]:
    """Return ``text`` with basis points and percent in the one unit that is asked for."""
    if unit == "%" and _POINTS.search(text):
        return _POINTS.sub("%", text), power - 2
    if unit == "bp" and "%" in text:
        return re.sub(r" ?%", " bp", text), power + 2
    return _POINTS.sub("bp", text), power


def _moved(text: str, power: int) -> str | Verdict:
    """Return ``text`` with its one number times ten to the ``power``."""
    found = list(_NUMBER.finditer(text))
    if not power:
        return text
    if len(found) != 1:
        return _wrong("not one number")
    number = found[0]
    try:
        value = Decimal(number.group().replace(",", "")).scaleb(power)
    except InvalidOperation:
        return _wrong("not a number")
    return f"{text[: number.start()]}{value:f}{text[number.end() :]}"
