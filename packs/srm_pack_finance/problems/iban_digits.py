"""The two check digits of an IBAN whose account part holds digits alone."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.calculator import call, computed
from srm_core.composing import rng_for
from srm_core.records import FormulaKey, Kind, Problem
from srm_pack_finance.identifiers import IBAN_LENGTHS, digits_of, iban_digits
from srm_pack_finance.posing import numbered
from srm_pack_finance.rules import letter, rule

KIND = Kind(
    name="iban_digits",
    title="the two check digits of an IBAN",
    book="formula",
    anchor="the country and the account",
    shared="the rule and what letters count",
    second_grader="the remainder modulo 97 of the completed IBAN, digit by digit",
)
QUESTIONS = (
    "Which two check digits belong in the IBAN {country}__{account}?",
    "Find the two check digits of an IBAN: country {country}, account {account}.",
    "A transfer form shows {country}__{account}. Which check digits are missing?",
    "Compute the IBAN check digits for {country} and account {account}.",
)
SHORT = ("NO", "BE", "DK", "FI")  # their accounts need three or four steps
CHUNK = 4  # digits taken in one step, so that no number has more than six
TOLD = 100_000


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems without end in sight; the accounts are invented."""
    seen = set()
    for n in range(TOLD):
        rng = rng_for(seed, KIND.name, str(n))
        country = rng.choice(SHORT)
        account = "".join(str(rng.randint(0, 9)) for _ in range(IBAN_LENGTHS[country]))
        if account in seen or account.startswith("00"):
            continue
        seen.add(account)
        value = iban_digits(country, account)
        letters = [letter(character) for character in dict.fromkeys(country)]
        places = " ".join(f"{{{place}}}" for place in range(1, len(letters) + 1))
        number = digits_of(account + country) + "00"
        steps, rest = _divided(number)
        counts = ", ".join(f"{one.text[7]} is {one.text.split()[-1][:-1]}" for one in letters)
        yield numbered(
            kind=KIND.name,
            rng=rng,
            question=rng.choice(QUESTIONS).format(country=country, account=account),
            answer=f"{value:02d}",
            accept=(f"{country}{value:02d}{account}",),
            anchor=f"iban:{country}:{account}",
            needed=(rule("iban"), *letters),
            distractors=[letter(rng.choice("CGHJPQTUVXZ"))],
            key=FormulaKey(formula="iban", inputs={"country": country, "account": account}, low=value, high=value),
            working=f"{counts} {places}; number {number} {{0}}.\nRemainders: {steps}.\n98-{rest} is "
            f"{call(f'98-{rest}')}.\n"
            f"Answer: {value:02d}",
        )


def _divided(number: str) -> tuple[str, str]:
    """Return the calls that divide ``number`` by 97 from left to right, and the last remainder."""
    at, rest, steps = 6, number[:6], []
    while True:
        steps.append(call(f"{int(rest)}-97*floor({int(rest)}/97)"))
        left = computed(f"{int(rest)}-97*floor({int(rest)}/97)")
        if at >= len(number):
            return "; ".join(steps), left
        rest = left + number[at : at + CHUNK]
        at += CHUNK
