"""Check digits by a second route: tables and remainders digit by digit, nothing of `identifiers`."""

from __future__ import annotations

import string

_TURNED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # a digit doubled, with the digits of the result added up
_LETTERS = {letter: 10 + place for place, letter in enumerate(string.ascii_uppercase)}


def luhn_sum(number: str) -> int:
    """Return Luhn's sum of a whole number, its check digit included; a valid one is a multiple of ten."""
    total = 0
    for place in range(1, len(number) + 1):
        digit = ord(number[-place]) - 48
        total += _TURNED[digit] if place % 2 == 0 else digit
    return total


def isin_sum(isin: str) -> int:
    """Return Luhn's sum of an ISIN, letters spelled as numbers."""
    return luhn_sum("".join(str(_LETTERS.get(character, character)) for character in isin))


def iban_remainder(iban: str) -> int:
    """Return the remainder modulo 97 of an IBAN with its first four characters behind; a valid one leaves 1."""
    rest = 0
    for character in iban[4:] + iban[:4]:
        number = _LETTERS.get(character)
        rest = (rest * 100 + number) % 97 if number is not None else (rest * 10 + int(character)) % 97
    return rest
