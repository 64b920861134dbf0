"""The enthalpy of a reaction from enthalpies of formation (Hess 1840)."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.records import Kind, Problem

from .energies import energy_problems

KIND = Kind(
    name="reaction_enthalpy",
    title="the standard enthalpy of a reaction from enthalpies of formation",
    book="open",
    anchor="the compound that reacts",
    shared="enthalpies of formation of water, carbon oxides, methane and the elements",
    core=True,
    second_grader="recomputation with decimals from the key's inputs, with a number reader of its own",
)
QUESTIONS = (
    "{name}: {equation}. What is the reaction enthalpy in kJ?",
    "Find the enthalpy change in kJ of {equation}.",
    "From enthalpies of formation, what is dH in kJ of {equation}?",
    "Calculate the standard reaction enthalpy (kJ) of {equation}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a reaction of a compound in one phase."""
    yield from energy_problems(KIND.name, "Hf", QUESTIONS, seed)
