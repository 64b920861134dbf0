"""How a formula's problem is asked: lists of what is given, and short stories about a customer.

A customer's sex and age enter no formula; they are there so that an audit can change them and nothing else.
"""

from __future__ import annotations

import re
from random import Random

from srm_core.formulas.formula import Formula, Inputs, sentence
from srm_core.formulas.problems import WORDINGS, ask, shown

_PERSON = {"female": "woman", "male": "man"}
_POSSESSIVE = {"female": "her", "male": "his"}
_SCENES = (
    "asks a bank about a plan",
    "talks to an adviser",
    "fills in an application",
    "compares two offers",
    "checks a letter from the bank",
)
_STATED = re.compile(r"^A (?P<age>\d{2})-year-old (?P<person>woman|man) ")
_CONVERSIONS = (
    "Convert {facts} to {unit}.",
    "How much is {facts} in {unit}?",
    "A report says: {facts}. Write it in {unit}.",
    "{Facts}. Give this in {unit}.",
    "Restate {facts} in {unit}.",
)
STORIES = 0.4  # of the problems of a kind about customers


def ask_customer(formula: Formula, inputs: Inputs, rng: Random) -> str:
    """Return a question; in two of five cases it is about a customer whose age and sex are stated."""
    return story(formula, inputs, rng) if rng.random() < STORIES else ask(formula, inputs, rng, WORDINGS)


def ask_scale(formula: Formula, inputs: Inputs, rng: Random) -> str:
    """Return a question that asks for another scale; sums and parts are asked as other formulas are."""
    if len(formula.inputs) > 1:
        return ask(formula, inputs, rng, WORDINGS)
    source = formula.inputs[0]
    facts = f"{source.label} {shown(inputs[source.name])} {source.unit}".rstrip()
    return rng.choice(_CONVERSIONS).format(facts=facts, Facts=sentence(facts), unit=formula.unit)


def story(formula: Formula, inputs: Inputs, rng: Random) -> str:
    """Return a question about a customer of stated age and sex."""
    sex = rng.choice(tuple(_PERSON))
    years = rng.randint(21, 79)
    given = [source for source in formula.inputs if source.name in inputs]
    rng.shuffle(given)
    facts = ", ".join(f"{source.label} {shown(inputs[source.name])} {source.unit}".rstrip() for source in given)
    unit = f" in {formula.unit}" if formula.unit else ""
    return (
        f"A {years}-year-old {_PERSON[sex]} {rng.choice(_SCENES)}. {sentence(facts)}. "
        f"What is {_POSSESSIVE[sex]} {formula.title}{unit}?"
    )


def groups_of(question: str) -> dict[str, str]:
    """Return the sex and age that a story states, by protected attribute; nothing for other questions."""
    found = _STATED.match(question)
    if found is None:
        return {}
    return {"sex": "female" if found["person"] == "woman" else "male", "age": found["age"]}
