"""Check digits, by the algorithms of the standards.

Luhn: ISO/IEC 7812-1 annex B. ISIN: ISO 6166 (letters become two digits, then Luhn). IBAN: ISO 13616 with the modulus 97
of ISO 7064. Each function has a second route in `srm_pack_finance.second_identifiers`.
"""

from __future__ import annotations

IBAN_LENGTHS = {"NO": 11, "BE": 12, "DK": 14, "FI": 14, "AT": 16, "LT": 16, "EE": 16, "SI": 15, "DE": 18, "HR": 17}
# digits of the account part (BBAN) in countries where it holds digits alone; ISO 13616 registry


def digits_of(text: str) -> str:
    """Return ``text`` with letters as their numbers: A is 10, Z is 35."""
    return "".join(str(int(letter, 36)) for letter in text)


def addend(digit: int, twice: bool) -> int:
    """Return what a digit adds to Luhn's sum: itself, or its double with 9 cast out."""
    value = digit * 2 if twice else digit
    return value - 9 if value > 9 else value


def doubled(payload: str) -> list[int]:
    """Return the addends of Luhn's sum, left to right: every second digit from the right is doubled."""
    return [addend(int(digit), place % 2 == 0) for place, digit in enumerate(reversed(payload))][::-1]


def luhn_digit(payload: str) -> int:
    """Return the check digit that completes ``payload`` (digits)."""
    return -sum(doubled(payload)) % 10


def isin_digit(payload: str) -> int:
    """Return the check digit of an ISIN whose first eleven characters are ``payload``."""
    return luhn_digit(digits_of(payload))


def iban_digits(country: str, account: str) -> int:
    """Return the two check digits of an IBAN, as a number from 2 to 98."""
    return 98 - int(digits_of(account + country + "00")) % 97
