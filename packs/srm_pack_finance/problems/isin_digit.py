"""The check digit of an ISIN."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import rng_for
from srm_core.records import FormulaKey, Kind, Problem
from srm_pack_finance.identifiers import digits_of, isin_digit
from srm_pack_finance.posing import numbered
from srm_pack_finance.rules import letter, rule

from .luhn_digit import lifted, spelled

KIND = Kind(
    name="isin_digit",
    title="the check digit of an ISIN",
    book="formula",
    anchor="the first eleven characters",
    shared="the rule and what letters count",
    second_grader="Luhn's sum by a table of doubled digits, over the completed identifier",
)
COUNTRIES = ("US", "DE", "FR", "GB", "CH", "JP", "NL", "SE", "CA", "AU", "IE", "LU")
QUESTIONS = (
    "Which check digit completes the ISIN {payload}_?",
    "The last digit of the ISIN {payload}_ is missing. Which is it?",
    "Find the check digit of an ISIN that begins with {payload}.",
    "A trade ticket shows {payload}? as ISIN. What is the check digit?",
)
TOLD = 100_000


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems without end in sight; the numbers are invented."""
    seen = set()
    for n in range(TOLD):
        rng = rng_for(seed, KIND.name, str(n))
        payload = rng.choice(COUNTRIES) + "".join(str(rng.randint(0, 9)) for _ in range(9))
        if payload in seen:
            continue
        seen.add(payload)
        digit = isin_digit(payload)
        letters = [letter(character) for character in dict.fromkeys(payload[:2])]
        places = " ".join(f"{{{place}}}" for place in range(1, len(letters) + 1))
        digits = digits_of(payload)
        yield numbered(
            kind=KIND.name,
            rng=rng,
            question=rng.choice(QUESTIONS).format(payload=payload),
            answer=str(digit),
            accept=(f"{payload}{digit}",),
            anchor=f"isin:{payload}",
            needed=(rule("isin"), *letters),
            distractors=[letter(rng.choice("BKMPQTVXZ"))],
            key=FormulaKey(formula="isin", inputs={"payload": payload}, low=digit, high=digit),
            working=f"{', '.join(f'{one.text[7]} is {one.text.split()[-1][:-1]}' for one in letters)} {places}. "
            f"{spelled(digits)}\nAnswer: {lifted(digits)}",
        )
