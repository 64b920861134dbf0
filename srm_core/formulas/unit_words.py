"""Units as people write them: symbols, spelled names, "per" for a slash, superscripts."""

from __future__ import annotations

import re
import unicodedata

_WORDS = {
    "milligram": "mg", "gram": "g", "microgram": "μg", "mcg": "μg", "ug": "μg", "kilogram": "kg", "kilo": "kg",
    "nanogram": "ng", "picogram": "pg", "millimole": "mmol", "micromole": "μmol", "umol": "μmol", "mcmol": "μmol",
    "nanomole": "nmol", "picomole": "pmol", "mole": "mol", "milliequivalent": "meq", "milliosmole": "mosm",
    "liter": "l",
    "litre": "l", "deciliter": "dl", "decilitre": "dl", "milliliter": "ml", "millilitre": "ml", "cc": "ml",
    "microliter": "μl", "ul": "μl", "minute": "min", "hour": "h", "hr": "h", "second": "s", "sec": "s",
    "millisecond": "ms", "msec": "ms", "pound": "lb", "lbs": "lb", "ounce": "oz", "inch": "in", "inche": "in",
    "centimeter": "cm", "centimetre": "cm", "meter": "m", "metre": "m", "kilopascal": "kpa", "kilocalorie": "kcal",
    "kilojoule": "kj", "joule": "j", "kelvin": "k", "pascal": "pa",
    "atmosphere": "atm", "volt": "v", "newton": "n", "watt": "w", "hertz": "hz", "kilometer": "km", "kilometre": "km",
    "percent": "%", "celsius": "°c", "fahrenheit": "°f", "point": "points", "pt": "points",
    "pts": "points",
    "cell": "cells", "beat": "beats", "bpm": "beats/min", "breath": "breaths", "pack-year": "pack-years",
    "dyne": "dyn", "dynes": "dyn", "sq": "square", "squared": "2",
}  # fmt: skip
_PHRASES = (
    (r"\bmillimet(?:er|re)s? of mercury\b|\bmm hg\b", "mmhg"),
    (r"\bper cent\b", "%"),
    (r"\bdegrees?\b ?", "°"),
    (r"\bsquare met(?:er|re)s?\b|\bmet(?:er|re)s? squared\b|\bm\^2|\bm\*\*2", "m2"),
    (r"\s+per\s+", "/"),
    (r"°celsius", "°c"),
    (r"°fahrenheit", "°f"),
)
_SPELLED = re.compile(r"[a-zμ]+(?:-[a-z]+)?")


def fold(text: str) -> str:
    """Return ``text`` in one form of letters, digits and signs, so that it can be compared."""
    text = re.sub(r"(?<=10)[⁻⁺]?[⁰¹²³⁴-⁹]+", lambda match: "^" + unicodedata.normalize("NFKC", match.group()), text)
    text = re.sub(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}\b)", ",", text)  # thin spaces between thousands
    return re.sub(r"[\u2212\u2010-\u2015]", "-", unicodedata.normalize("NFKC", text).casefold())


def unit_form(text: str) -> str:
    """Return a unit in the one form in which two spellings of it are equal (``mg per deciliter`` -> ``mg/dl``)."""
    text = fold(text).strip(" .,;:()[]*$")
    for pattern, symbol in _PHRASES:
        text = re.sub(pattern, symbol, text)
    text = _SPELLED.sub(lambda match: _symbol(match.group()), text)
    text = re.sub(r"[\s^·*]", "", text).replace("x10", "10")
    return "°c" if text == "c" else "°f" if text == "f" else text


def _symbol(word: str) -> str:
    if word in _WORDS:
        return _WORDS[word]
    return _WORDS.get(word[:-1], word) if word.endswith("s") and len(word) > 3 else word
