"""The oxidation state of the one element of a salt that the rules do not fix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srm_core.calculator import format_number
from srm_core.composing import Fact, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_chemistry import facts
from srm_pack_chemistry.composition import atoms
from srm_pack_chemistry.ions import Salt, salts
from srm_pack_chemistry.numeric import numeric, signed

KIND = Kind(
    name="oxidation_state",
    title="the oxidation state of an element in a salt",
    book="open",
    anchor="the salt",
    shared="the states that the rules give to oxygen, hydrogen, halides and simple ions",
    second_grader="the charges of the salt's ions, recounted with a reader of its own",
)
QUESTIONS = (
    "What is the oxidation state of {symbol} in {formula}?",
    "Find the oxidation number of {symbol} in {formula}.",
    "In {formula}, which oxidation state does {symbol} have?",
    "{formula}: oxidation state of {symbol}?",
)
RULES = {"O": -2, "H": 1, "F": -1, "Cl": -1, "Br": -1, "I": -1, "S": -2, "Se": -2, "N": -3, "P": -3}
_MIXED = frozenset({"CH3COO", "HCOO", "C2O4", "S2O3", "SCN"})  # carbon or sulfur atoms of different states


@dataclass(frozen=True)
class Asked:
    """An element of a salt, with the states of the others."""

    salt: Salt
    symbol: str
    known: tuple[tuple[str, int], ...]

    @property
    def state(self) -> int:
        """Return the oxidation state that makes the sum zero."""
        counts = atoms(self.salt.formula)
        return -sum(counts[symbol] * state for symbol, state in self.known) // counts[self.symbol]


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem an element of a salt whose state has to be worked out."""
    items = [one for made in salts() if made.anion.formula not in _MIXED for one in _asked(made)]
    for one in spread(items, seed=seed, name=lambda i: f"{i.salt.formula} {i.symbol}", anchor=lambda i: i.salt.curie):
        yield _pose(one, seed)


def _asked(made: Salt) -> Iterator[Asked]:
    """Yield the central element of an oxyanion, or the metal of a simple salt."""
    if made.cation.poly or made.cation.formula in atoms(made.anion.formula):
        return
    if made.anion.poly:
        central = [symbol for symbol in atoms(made.anion.formula) if symbol not in ("O", "H")]
        inner = tuple((symbol, RULES[symbol]) for symbol in atoms(made.anion.formula) if symbol in ("O", "H"))
        if len(central) == 1:
            yield Asked(made, central[0], ((made.cation.formula, made.cation.charge), *inner))
    if not made.anion.poly or made.anion.formula == "OH":
        rules = tuple((symbol, RULES[symbol]) for symbol in atoms(made.anion.formula) if symbol in RULES)
        yield Asked(made, made.cation.formula, rules)


def _pose(one: Asked, seed: int) -> Problem:
    rng = rng_for(seed, KIND.name, one.salt.formula, one.symbol)
    counts = atoms(one.salt.formula)
    terms = "".join(f"-{counts[symbol]}*{signed(state)}" for symbol, state in one.known)
    spare = [symbol for symbol in ("O", "H", "F", "Cl") if symbol not in counts]
    return numeric(
        kind=KIND.name,
        rng=rng,
        question=rng.choice(QUESTIONS).format(symbol=one.symbol, formula=one.salt.formula),
        anchor=one.salt.curie,
        needed=[(_fact(symbol, state), f"{counts[symbol]} {symbol} of {state:+d}") for symbol, state in one.known],
        distractors=[_fact(symbol, RULES[symbol]) for symbol in rng.sample(spare, 1)],
        formula=KIND.name,
        inputs={"formula": one.salt.formula, "cation": one.salt.cation.written, "anion": one.salt.anion.written,
                "element": one.symbol},
        gold=one.state,
        unit="",
        tolerance=0,
        expression=f"(0{terms})/{counts[one.symbol]}",
        accept=(f"{one.state:+d}",) if one.state else (),
        tags={"state": format_number(one.state)},
    )  # fmt: skip


def _fact(symbol: str, state: int) -> Fact:
    return Fact(f"{symbol} has oxidation state {state:+d}.", (facts.oxidation_rule(symbol, state),), shared=True)
