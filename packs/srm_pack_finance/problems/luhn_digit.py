"""The check digit of a card number or another number that carries Luhn's."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.calculator import call
from srm_core.composing import rng_for
from srm_core.records import FormulaKey, Kind, Problem
from srm_pack_finance.identifiers import addend, doubled, luhn_digit
from srm_pack_finance.posing import numbered
from srm_pack_finance.rules import rule

KIND = Kind(
    name="luhn_digit",
    title="the check digit that Luhn's sum asks for",
    book="formula",
    anchor="the number without its check digit",
    shared="the rule",
    core=True,
    second_grader="Luhn's sum by a table of doubled digits, over the completed number",
)
QUESTIONS = (
    "Which Luhn check digit completes the card number {payload}_?",
    "The last digit of {payload}_ is a Luhn check digit. Which is it?",
    "Find the Luhn check digit of {payload}.",
    "A payment form needs the Luhn check digit behind {payload}. What is it?",
)
DIGITS = (8, 11)
TOLD = 100_000


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems without end in sight, each number once."""
    seen = set()
    for n in range(TOLD):
        rng = rng_for(seed, KIND.name, str(n))
        payload = str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(rng.randint(*DIGITS) - 1))
        if payload in seen:
            continue
        seen.add(payload)
        digit = luhn_digit(payload)
        yield numbered(
            kind=KIND.name,
            rng=rng,
            question=rng.choice(QUESTIONS).format(payload=payload),
            answer=str(digit),
            accept=(f"{payload}{digit}",),
            anchor=f"luhn:{payload}",
            needed=(rule("luhn"),),
            distractors=[rule("iban")] if rng.random() < 0.5 else [],
            key=FormulaKey(formula="luhn", inputs={"payload": payload}, low=digit, high=digit),
            working=f"{spelled(payload)}\nAnswer: {lifted(payload)}",
        )


def spelled(digits: str, *, twice_first: bool = True) -> str:
    """Return the working of Luhn's sum, from the right as the rule goes; ``{0}`` is the rule's place.

    The last digit is doubled, or the one before it, and then every second one.
    """
    backwards = digits[::-1]
    addends = [addend(int(digit), (place % 2 == 0) == twice_first) for place, digit in enumerate(backwards)]
    steps = ", ".join(
        f"{digit} {'twice' if (place % 2 == 0) == twice_first else 'once'} {value}"
        for place, (digit, value) in enumerate(zip(backwards, addends, strict=True))
    )
    read = f"Digits {' '.join(digits)}; from the right {' '.join(backwards)} {{0}}."
    return f"{read}\n{steps}.\nSum: {call('+'.join(map(str, addends)))}."


def lifted(digits: str) -> str:
    """Return the call that lifts Luhn's sum to a multiple of ten."""
    total = sum(doubled(digits))
    return call(f"10*floor(({total}+9)/10)-{total}")
