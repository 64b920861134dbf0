"""Reactions of a compound whose energies of formation are known, for both kinds about reaction energies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from srm_core.calculator import format_number
from srm_core.composing import Fact, rng_for, spread
from srm_core.records import Problem
from srm_pack_chemistry import facts
from srm_pack_chemistry.composition import atoms
from srm_pack_chemistry.compounds import spoken
from srm_pack_chemistry.equations.matrix import written
from srm_pack_chemistry.equations.null_space import coefficients
from srm_pack_chemistry.numeric import numeric, signed
from srm_pack_chemistry.thermo import Species, compound_species, fixed_species

LARGEST = 40  # coefficient
SMALLEST = 5.0  # kJ/mol: below, a relative band means little
TOLERANCE = 0.003
# Other reactants and the products, as written; the compound comes first. A name tells one way from another.
WAYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "burns to liquid water": (("O2(g)",), ("CO2(g)", "H2O(l)")),
    "burns to steam": (("O2(g)",), ("CO2(g)", "H2O(g)")),
    "burns to carbon monoxide": (("O2(g)",), ("CO(g)", "H2O(g)")),
    "reacts with steam": (("H2O(g)",), ("CO(g)", "H2(g)")),
    "is hydrogenated to methane": (("H2(g)",), ("CH4(g)", "H2O(g)")),
}
TITLES = {"Hf": "enthalpy", "Gf": "Gibbs energy"}


@dataclass(frozen=True)
class Run:
    """One reaction of one compound."""

    compound: Species
    way: str
    left: tuple[Species, ...]
    right: tuple[Species, ...]
    counts: tuple[int, ...]

    @property
    def equation(self) -> str:
        """Return the balanced equation with phases."""
        pairs = [(n, one.written) for n, one in zip(self.counts, (*self.left, *self.right), strict=True)]
        return written(pairs[: len(self.left)], pairs[len(self.left) :])


def energy_problems(
    kind: str, property_: str, questions: tuple[str, ...], seed: int, amounts: tuple[float, ...] = (1,)
) -> Iterator[Problem]:
    """Yield one problem a reaction and amount; ``property_`` is "Hf" or "Gf", an amount is in moles of the compound."""
    runs = [run for run in _runs() if all(_known(one, property_) for one in (*run.left, *run.right))]
    items = [(run, amount) for run in runs for amount in amounts]
    for run, amount in spread(
        items,
        seed=seed,
        name=lambda i: f"{i[0].equation} {i[0].compound.curie} {i[1]}",
        anchor=lambda i: i[0].compound.owner,
    ):
        if abs(_energy(run, property_)) >= SMALLEST:
            rng = rng_for(seed, kind, run.compound.curie, run.way, str(amount))
            yield _pose(run, kind, property_, questions, amount, rng)


def _runs() -> Iterator[Run]:
    fixed = fixed_species()
    for compound in compound_species():
        made_of = set(atoms(compound.formula))
        if not {"C", "H"} <= made_of <= {"C", "H", "O", "N"}:
            continue
        nitrogen = ("N2(g)",) if "N" in made_of else ()
        for way, (others, products) in WAYS.items():
            left = (compound, *(fixed[text] for text in others))
            right = tuple(fixed[text] for text in (*products, *nitrogen))
            counts = coefficients(tuple(one.formula for one in left), tuple(one.formula for one in right))
            if counts is not None and max(counts) <= LARGEST:
                yield Run(compound, way, left, right, counts)


def _known(one: Species, property_: str) -> bool:
    return (one.enthalpy if property_ == "Hf" else one.gibbs) is not None


def _energy(run: Run, property_: str) -> float:
    side = len(run.left)
    values = [n * one.energy(property_) for n, one in zip(run.counts, (*run.left, *run.right), strict=True)]
    return sum(values[side:]) - sum(values[:side])


def _pose(run: Run, kind: str, property_: str, questions: tuple[str, ...], amount: float, rng: Random) -> Problem:
    side = len(run.left)
    every = list(zip(run.counts, (*run.left, *run.right), strict=True))
    expression = f"({_sum(every[side:], property_)}) - ({_sum(every[:side], property_)})"
    asked = rng.choice(questions).format(equation=run.equation, name=spoken(run.compound.name))
    if amount != 1:
        asked += f" Take {format_number(amount)} mol of {run.compound.name}."
        expression = (
            f"{format_number(amount)} * (({expression}) / {run.counts[0]})"
            if run.counts[0] > 1
            else f"{format_number(amount)} * ({expression})"
        )
    near = [one for one in fixed_species().values() if one not in (*run.left, *run.right) and _known(one, property_)]
    return numeric(
        kind=kind,
        rng=rng,
        question=asked,
        anchor=run.compound.owner,
        needed=_terms(every[side:], property_, "") + _terms(every[:side], property_, "minus "),
        distractors=[_fact(one, property_) for one in rng.sample(near, rng.randint(0, 1))],
        formula=kind,
        inputs={f"{'left' if n < side else 'right'} {one.written}": count for n, (count, one) in enumerate(every)}
        | {f"{property_} {one.written}": one.energy(property_) for _, one in every}
        | ({"moles": amount, "per": run.counts[0]} if amount != 1 else {}),
        gold=_energy(run, property_) * (amount / run.counts[0] if amount != 1 else 1),
        unit="kJ",
        tolerance=TOLERANCE,
        expression=expression,
    )


def _terms(species: list[tuple[int, Species]], property_: str, sign: str) -> list[tuple[Fact, str]]:
    """Return the facts with what the solution says of them, products first as in the expression, elements included."""
    counted = [(n, _fact(one, property_)) for n, one in species]
    return [(fact, f"{sign}{n} * {fact.text.removesuffix(' kJ/mol.')}") for n, fact in counted]


def _sum(terms: list[tuple[int, Species]], property_: str) -> str:
    return " + ".join(f"{n} * {signed(one.energy(property_))}" for n, one in terms)


def _fact(one: Species, property_: str) -> Fact:
    name = f", {one.name}," if one.name else ""
    value = format_number(one.energy(property_))
    return Fact(
        f"{property_} of {one.written}{name} is {value} kJ/mol.",
        (facts.formation(one, property_),),
        shared=not one.name,
    )
