"""Find personal and health data by patterns: the identifiers that HIPAA's Safe Harbor rule names.

After 45 CFR 164.514(b)(2)(i). What patterns cannot do is said in `NOT_BY_PATTERNS`: names and places in running text
need a reader. A name is found only behind a form of address or a label ("Mrs. Jones", "Patient: Ann Lee").
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator

from .personal_patterns import PATTERNS, Pattern
from .spans import Span, without_overlaps

# identifier of the rule -> the kinds here that cover it
SAFE_HARBOR: dict[str, tuple[str, ...]] = {
    "A names": ("name",),
    "B places smaller than a state": ("address", "zip"),
    "C dates but the year, ages over 89": ("date", "age"),
    "D telephone numbers": ("phone",),
    "E fax numbers": ("fax",),
    "F email addresses": ("email",),
    "G social security numbers": ("ssn",),
    "H medical record numbers": ("record",),
    "I health plan numbers": ("plan",),
    "J account numbers": ("account", "iban", "card"),
    "K certificate and licence numbers": ("licence",),
    "L vehicles": ("vehicle",),
    "M devices": ("device",),
    "N web addresses": ("url",),
    "O IP addresses": ("ip",),
    "P biometric identifiers": ("biometric",),
    "Q photographs": (),  # pictures are never read
    "R any other unique identifier": ("identifier",),
}
NOT_BY_PATTERNS = "names without a label or form of address, towns without a postal code, photographs, descriptions"
HEALTH: frozenset[str] = frozenset(kind for kinds in SAFE_HARBOR.values() for kind in kinds)
# For texts that are about no patient: dates, web addresses, ages and names of authors are wanted there.
PERSONAL: frozenset[str] = HEALTH - {"date", "age", "url", "name", "address", "zip", "identifier", "device"}


def find_personal(text: str, kinds: Collection[str] = HEALTH) -> list[Span]:
    """Return where ``text`` holds data of these kinds, without overlaps.

    Raises:
        ValueError: a kind that there is no pattern for.
    """
    if unknown := sorted(set(kinds) - HEALTH):
        raise ValueError(f"no pattern for {', '.join(unknown)}; there are: {', '.join(sorted(HEALTH))}")
    found = (span for pattern in PATTERNS if pattern.kind in kinds for span in _matches(pattern, text))
    return without_overlaps(found)


def _matches(pattern: Pattern, text: str) -> Iterator[Span]:
    for match in pattern.regex.finditer(text):
        holds = CHECKS.get(pattern.check)
        if holds is None or holds(match.group("it")):
            yield Span(match.start("it"), match.end("it"), pattern.kind)


def luhn(number: str) -> bool:
    """Tell whether the check digit of a card number or IMEI holds (ISO/IEC 7812-1, annex B)."""
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(digits) >= 12 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def iban_holds(number: str) -> bool:
    """Tell whether the check digits of an IBAN hold (ISO 13616, modulo 97)."""
    plain = re.sub(r"\s", "", number).upper()
    return len(plain) >= 15 and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", [*range(1, 9), 1, 2, 3, 4, 5, 7, 9, *range(2, 10)], strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin_holds(number: str) -> bool:
    """Tell whether the ninth sign of a vehicle's number is its check digit (49 CFR 565.15, modulo 11)."""
    values = [_VIN_VALUES.get(sign, int(sign) if sign.isdigit() else 0) for sign in number.upper()]
    rest = sum(value * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True)) % 11
    return number[8].upper() == ("X" if rest == 10 else str(rest))


def nhs_holds(number: str) -> bool:
    """Tell whether the last digit of an NHS number is its check digit (modulo 11)."""
    digits = [int(digit) for digit in number if digit.isdigit()]
    rest = 11 - sum(digit * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True)) % 11
    return len(digits) == 10 and digits[9] == (0 if rest == 11 else rest)


def is_ip(text: str) -> bool:
    """Tell whether ``text`` is an IP address of version 4 or 6."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


CHECKS: dict[str, Callable[[str], bool]] = {
    "luhn": luhn,
    "iban": iban_holds,
    "vin": vin_holds,
    "nhs": nhs_holds,
    "ip": is_ip,
}
