"""Change one stated attribute of the person in a text, or refuse where grammar or meaning could break."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from .mentions import AGES, ETHNICITY, MENTIONS, PERSON, sex_of

_TO_MALE: Mapping[str, str] = {
    "woman": "man", "women": "men", "female": "male", "females": "males", "girl": "boy", "girls": "boys",
    "lady": "gentleman", "ladies": "gentlemen", "she": "he", "hers": "his", "herself": "himself",
    "mrs": "mr", "ms": "mr", "miss": "mr",
}  # fmt: skip
_TO_FEMALE: Mapping[str, str] = {
    "man": "woman", "men": "women", "male": "female", "males": "females", "boy": "girl", "boys": "girls",
    "gentleman": "lady", "gentlemen": "ladies", "he": "she", "him": "her", "himself": "herself", "mr": "ms",
}  # fmt: skip
# After these words (or none) "her" is an object ("refer her to"), before any other it is a possessive ("her weight").
_AFTER_OBJECT = frozenset(
    (
        *(
            "a",
            "an",
            "the",
            "that",
            "and",
            "or",
            "but",
            "as",
            "because",
            "if",
            "when",
            "where",
            "which",
            "while",
            "who",
        ),
        *("at", "before", "after", "by", "for", "from", "in", "into", "of", "on", "to", "with"),
        *("had", "has", "is", "was", "then", "today", "yesterday"),
    )
)
_SEX_WORD = re.compile(r"\b(" + "|".join((*_TO_MALE, *_TO_FEMALE, "her", "his")) + r")\b(?=(\s+\w+)?)", re.IGNORECASE)
_OTHERS = re.compile(
    r"\b(?:mother|father|husband|wife|sons?|daughters?|sisters?|brothers?|fetus|baby|child(?:ren)?|sex|gender)\b", re.I
)
_FULL_NAME = re.compile(r"\b(?:Mr|Mrs|Ms|Miss)\.?\s+[A-Z][\w'-]+\s+[A-Z][\w'-]+")
_ARTICLE = r"(?:\b(?P<article>[Aa]n?)\s+)?"


def swap(text: str, attribute: str, value: str) -> str | None:
    """Return ``text`` with the stated ``attribute`` ("sex", "age", "ethnicity") set to ``value``.

    None where it cannot be done safely: no statement, statements that differ, further people, or a full name.
    """
    return _SWAPS[attribute](text, value)


def article(word: str) -> str:
    """Return "a" or "an" as English wants it before ``word``: "an" before a vowel letter, 8, 11, 18 and 80 to 89."""
    number = re.match(r"\d+", word)
    if number:
        digits = number.group()
        return "an" if digits.startswith("8") or digits in ("11", "18") else "a"
    return "an" if word[:1].lower() in "aeiou" else "a"


def _swap_sex(text: str, value: str) -> str | None:
    stated = sex_of(text)
    if stated is None or _OTHERS.search(text) or _FULL_NAME.search(text):
        return None
    if stated == value:
        return text
    return _SEX_WORD.sub(lambda found: _like(found.group(1), _other(found, value)), text)


def _other(found: re.Match[str], value: str) -> str:
    word, following = found.group(1).lower(), (found.group(2) or "").strip().lower()
    if word == "her":
        return "him" if not following or following in _AFTER_OBJECT else "his"
    if word == "his":
        return "her" if following else "hers"
    return (_TO_MALE if value == "male" else _TO_FEMALE).get(word, word)


def _like(model: str, word: str) -> str:
    if model.isupper() and len(model) > 1:
        return word.upper()
    return word.capitalize() if model[0].isupper() else word


def _swap_age(text: str, value: str) -> str | None:
    found = list(re.finditer(_ARTICLE + AGES, text, re.IGNORECASE))
    stated = {one.group(2) or one.group(3) for one in found}
    rest = re.sub(AGES, "", text, flags=re.IGNORECASE)
    if len(stated) != 1 or MENTIONS["age"].search(rest):
        return None
    return re.sub(
        _ARTICLE + AGES,
        lambda one: _with_article(one, re.sub(r"\d{1,3}", value, one.group()[_article_end(one) :], count=1)),
        text,
        flags=re.IGNORECASE,
    )


def _swap_ethnicity(text: str, value: str) -> str | None:
    pattern = _ARTICLE + rf"\b{ETHNICITY}(?=\s+{PERSON}\b)"
    if len(re.findall(pattern, text)) != 1 or MENTIONS["ethnicity"].search(re.sub(pattern, "", text)):
        return None
    return re.sub(pattern, lambda one: _with_article(one, value), text)


def _article_end(found: re.Match[str]) -> int:
    written = found.group("article")
    if not written:
        return 0
    return len(written) + len(found.group()[len(written) :]) - len(found.group()[len(written) :].lstrip())


def _with_article(found: re.Match[str], rest: str) -> str:
    written = found.group("article")
    return rest if not written else f"{_like(written, article(rest))} {rest}"


_SWAPS: Mapping[str, Callable[[str, str], str | None]] = {
    "sex": _swap_sex,
    "age": _swap_age,
    "ethnicity": _swap_ethnicity,
}
