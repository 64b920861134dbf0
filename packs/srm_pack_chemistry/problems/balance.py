"""Balancing an equation. Any correct positive whole multiple is right."""

from __future__ import annotations

from collections.abc import Iterator
from math import lcm

from srm_core.calculator import call, computed
from srm_core.composing import Fact, compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_chemistry import facts
from srm_pack_chemistry.composition import atoms
from srm_pack_chemistry.equations.reactions import Reaction, reactions

KIND = Kind(
    name="balance",
    title="balance an equation; any correct whole multiple is right",
    book="open",
    anchor="the reaction",
    shared="which atoms a substance holds, where it takes part in many reactions",
    core=True,
    second_grader="the null space of the element and charge matrix over fractions, with a reader of its own",
)
QUESTIONS = (
    "Balance: {equation}",
    "Balance the equation {equation}.",
    "Find whole coefficients for {equation}.",
    "Write the balanced equation of {equation}.",
)
LARGEST = 30  # coefficient


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a reaction whose coefficients are not all one."""
    asked = [one for one in reactions() if 1 < max(one.counts) <= LARGEST]
    for one in spread(asked, seed=seed, name=lambda r: r.curie, anchor=lambda r: r.curie):
        made = compose(
            kind=KIND.name,
            rng=rng_for(seed, KIND.name, one.curie),
            questions=QUESTIONS,
            names={"equation": one.skeleton},
            answer=one.balanced,
            anchor=one.curie,
            needed=[_atoms(text) for text in one.left],
            distractors=[_atoms(text) for text in one.right],
            query="SELECT ?answer WHERE { $reaction srm:balanced ?answer }",
            bindings={"reaction": one.curie},
        )
        decisive = (facts.reaction_balanced(one).id,)
        steps = f"{made.solution.partition(chr(10))[0]}\n{_counted(one)}\nAnswer: {one.balanced}"
        yield made.revised(facts=decisive, parents=decisive, solution=steps)


def _atoms(text: str) -> Fact:
    counts = ", ".join(f"{symbol} {count}" for symbol, count in atoms(text).items())
    return Fact(f"{text}: {counts}.", (facts.composition_of(text, counts),), shared=True)


def _counted(one: Reaction) -> str:
    """Return how the equation is worked: the atoms of what is split, and the coefficients that follow."""
    match one.family:
        case "combustion":
            return _burned(one)
        case "synthesis":
            return _joined(one)
    return _paired(one)


def _joined(one: Reaction) -> str:
    """Return what one unit of the product takes of both elements, and that as often as makes it whole."""
    (product,), made = one.right, atoms(one.right[0])
    taken = {}
    for element in one.left:
        ((symbol, held),) = atoms(element).items()
        taken[element] = f"{made[symbol]} / {held}"
    lines = f"1 {product}: " + ", ".join(f"{element} {call(share)}" for element, share in taken.items())
    times = one.count(product)
    if times == 1:
        return f"{lines}."
    whole = ", ".join(f"{element} {call(f'{times} * {computed(share)}')}" for element, share in taken.items())
    return f"{lines}.\nTimes {times}: {product} {times}, {whole}."


def _burned(one: Reaction) -> str:
    """Return what one molecule of fuel takes and gives, and that as often as makes it whole."""
    fuel, times = one.left[0], one.counts[0]
    held = atoms(fuel)
    carbon, hydrogen, oxygen = held["C"], held["H"], held.get("O", 0)
    water = computed(f"{hydrogen} / 2")
    sulfur = f" + 2 * {held['S']}" if "S" in held else ""
    taken = f"(2 * {carbon} + {water}{sulfur} - {oxygen}) / 2"
    given = {"CO2": (f"{carbon}", f"{carbon}"), "H2O": (water, call(f"{hydrogen} / 2"))}
    if "N" in held:
        given["N2"] = (computed(f"{held['N']} / 2"), call(f"{held['N']} / 2"))
    if "S" in held:
        given["SO2"] = (f"{held['S']}", f"{held['S']}")
    given["O2"] = (computed(taken), call(taken))
    lines = f"1 {fuel}: " + ", ".join(f"{text} {said}" for text, (_, said) in given.items())
    if times == 1:
        return f"{lines}."
    whole = ", ".join(f"{text} {call(f'{times} * {value}')}" for text, (value, _) in given.items())
    return f"{lines}.\nTimes {times}: {fuel} {times}, {whole}."


def _paired(one: Reaction) -> str:
    """Return the charge that both reactants must bring, and the coefficients that follow, as the equation goes."""
    (first, second), (few, many) = one.left, one.charges
    total = lcm(few, many)
    products = " + ".join(f"{one.count(text)} {text}" for text in one.right)
    shares = f"{call(f'{total}/{few}')} {first} + {call(f'{total}/{many}')} {second}"
    return f"{first} brings {few}, {second} {many}, total {total}: {shares} -> {products}"
