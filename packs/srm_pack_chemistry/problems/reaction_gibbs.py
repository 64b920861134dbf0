"""The Gibbs energy of a reaction from Gibbs energies of formation."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.records import Kind, Problem

from .energies import energy_problems

KIND = Kind(
    name="reaction_gibbs",
    title="the standard Gibbs energy of a reaction from Gibbs energies of formation",
    book="open",
    anchor="the compound that reacts",
    shared="Gibbs energies of formation of water, carbon oxides, methane and the elements",
    second_grader="recomputation with decimals from the key's inputs, with a number reader of its own",
)
QUESTIONS = (
    "{name}: {equation}. What is the reaction Gibbs energy in kJ?",
    "Find the Gibbs energy change in kJ of {equation}.",
    "From Gibbs energies of formation, what is dG in kJ of {equation}?",
    "Calculate the standard reaction Gibbs energy (kJ) of {equation}.",
)
AMOUNTS = (1, 0.2, 0.5, 1.5, 2, 2.5, 3, 4, 5, 8)  # mol: the table knows the Gibbs energies of few compounds


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a reaction of a compound in one phase and an amount."""
    yield from energy_problems(KIND.name, "Gf", QUESTIONS, seed, AMOUNTS)
