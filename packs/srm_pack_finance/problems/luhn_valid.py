"""Whether a number passes Luhn's check."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.calculator import call
from srm_core.composing import rng_for
from srm_core.records import ChoiceKey, Kind, Problem
from srm_pack_finance.identifiers import addend, luhn_digit
from srm_pack_finance.posing import numbered
from srm_pack_finance.rules import rule

from .luhn_digit import spelled

KIND = Kind(
    name="luhn_valid",
    title="does a number pass Luhn's check",
    book="formula",
    anchor="the number",
    shared="the rule",
    second_grader="Luhn's sum by a table of doubled digits",
)
QUESTIONS = (
    "Is the card number {number} valid by its check digit?",
    "Does {number} pass the Luhn test?",
    "A form holds the number {number}. What does the Luhn test say?",
    "Check {number} with the Luhn test.",
)
OPTIONS = ("valid", "invalid")
TOLD = 100_000


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems without end in sight; every other number has a wrong check digit."""
    seen = set()
    for n in range(TOLD):
        rng = rng_for(seed, KIND.name, str(n))
        payload = str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(rng.randint(7, 9)))
        index = n % 2
        digit = (luhn_digit(payload) + (rng.randint(1, 9) if index else 0)) % 10
        number = f"{payload}{digit}"
        if number in seen:
            continue
        seen.add(number)
        total = sum(addend(int(one), place % 2 == 1) for place, one in enumerate(reversed(number)))
        rest = f"{total}-10*floor({total}/10)"
        yield numbered(
            kind=KIND.name,
            rng=rng,
            question=rng.choice(QUESTIONS).format(number=number),
            answer=OPTIONS[index],
            choices=OPTIONS,
            anchor=f"luhn:{number}",
            needed=(rule("luhn_valid"),),
            key=ChoiceKey(index=index),
            working=f"{spelled(number, twice_first=False)} Remainder: {call(rest)}.\nAnswer: {OPTIONS[index]}",
        )
