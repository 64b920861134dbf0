"""A question with signs in place of its terms and of the words of its relations: what is left is the frame."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .frames import AFTER_IT, NUMBER_WORDS
from .wordings import RELATIONS

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SIGN = "\ue000{}\ue001"  # of the private use area: in no question
SIGNS = re.compile("\ue000\\d+\ue001")


@dataclass(frozen=True)
class Template:
    """A question as its template words it. ``names`` are what stood in its places; ``answers`` what must not be told.

    ``known`` are the names of all terms of the vocabulary, as `spoken`.
    """

    question: str
    shape: str
    names: Mapping[str, str]
    answers: tuple[str, ...]
    known: Collection[str] = frozenset()


def spoken(text: str) -> str:
    """Return ``text`` in lower case, composed, with plain apostrophes and single blanks."""
    plain = unicodedata.normalize("NFC", text).replace("’", "'").casefold()
    return " ".join(plain.split())


class Masked:
    """A question with signs in place of what stood in the template's places."""

    def __init__(self, template: Template, question: str) -> None:
        values = {place: spoken(value) for place, value in template.names.items()}
        whole = spoken(template.question)
        there = [place for place, value in values.items() if count(whole, value)]
        self._values = values
        self._number = {value: n for n, value in enumerate(dict.fromkeys(values.values()))}
        self.relations = [place for place in there if place in RELATIONS]
        self.terms = {self.sign(place) for place in there if place not in RELATIONS}
        self.text = spoken(question)
        for value in sorted({values[place] for place in there}, key=len, reverse=True):
            self.text = _bounded(value).sub(_SIGN.format(self._number[value]), self.text)
        self.signs = Counter(SIGNS.findall(self.text))
        self.frame = SIGNS.sub(" ", self.text)

    def sign(self, place: str) -> str:
        """Return the sign of what stands in ``place``."""
        return _SIGN.format(self._number[self._values[place]])

    def order(self) -> list[str]:
        """Return the terms' signs in the order in which they come."""
        return [sign for sign in SIGNS.findall(self.text) if sign in self.terms]

    def words(self) -> set[str]:
        """Return the words of the frame, without what is left of a possessive."""
        return {*_WORD.findall(self.frame)} - {"s"}

    def asks_after(self) -> bool:
        """Say whether what is asked for comes after the last term."""
        return AFTER_IT.search(SIGNS.split(self.text)[-1]) is not None

    def numbers(self) -> Counter[str]:
        """Return the numbers of the frame, in digits or as words from two on."""
        return Counter([*_NUMBER.findall(self.frame), *(w for w in _WORD.findall(self.frame) if w in NUMBER_WORDS)])


def _bounded(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")


def count(text: str, value: str) -> int:
    """Return how often ``value`` stands in ``text`` as words of its own; both as `spoken`."""
    return len(_bounded(value).findall(text)) if value else 0
