"""Currencies by iso4217's own rows, found by the words of the question."""

from __future__ import annotations

import re
from functools import cache

from .currencies import country_name, raw_table


@cache
def _by_words() -> tuple[tuple[str, str], ...]:
    """Return (words, code) of countries and names, the longest first."""
    found = []
    for code, row in raw_table().items():
        if not code:
            continue
        found.append((str(row["CcyNm"]), code))
        found += [(country_name(country), code) for country in row["CtryNm"]]
    return tuple(sorted(found, key=lambda pair: (-len(pair[0]), pair)))


def currency_answer(question: str) -> str:
    """Return the code, number or decimal places that the question asks for; empty if nothing is named."""
    numbers = re.findall(r"\b\d{3}\b", question)
    rows = raw_table()
    if numbers:
        return next((code for code, row in rows.items() if code and f"{row['CcyNbr'] or 0:03d}" == numbers[0]), "")
    code = next((code for words, code in _by_words() if re.search(rf"(?<!\w){re.escape(words)}(?!\w)", question)), "")
    if not code:
        return ""
    asked = question.replace("ISO 4217", "")
    if "decimal" in asked:
        return str(rows[code]["CcyMnrUnts"])
    return f"{rows[code]['CcyNbr']:03d}" if re.search(r"numeric|number", asked) else code
