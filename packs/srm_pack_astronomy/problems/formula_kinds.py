"""The kinds whose answer is a number from a formula in the prompt, one a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

from srm_core.config import PackConfig
from srm_core.formulas.formula import Formula, Inputs
from srm_core.formulas.problems import Table, formula_problems
from srm_core.formulas.problems import ask as plain_ask
from srm_core.formulas.problems import define as define_from
from srm_core.records import Kind, Problem, Triple
from srm_pack_astronomy.formulas.table import BY_KIND
from srm_pack_astronomy.formulas.values import value
from srm_pack_astronomy.observers import SHARE, some_report
from srm_pack_astronomy.sources import FORMULA_SOURCE

_ANCHOR = "the formula together with its inputs"
_SHARED = "the lines of formulas tagged seen; formulas tagged unseen appear in the test split alone"
_GRADER = "astropy's units, constants, coordinates and cosmologies, with a number reader of its own"
_TITLES: Mapping[str, tuple[str, bool]] = {
    "unit_conversion": ("units of length, angle, time and mass", True),
    "magnitude_distance": ("magnitudes, distances and motions of stars", True),
    "orbit_mechanics": ("orbits and gravity", True),
    "star_physics": ("radiation and sizes of stars", False),
    "exoplanet_formula": ("transits, temperatures and velocities of exoplanets", False),
    "cosmology_formula": ("redshift, expansion and ages of the universe", False),
    "telescope_formula": ("magnification, resolution and fields of telescopes", True),
    "sky_geometry": ("angles and altitudes on the sky", False),
}
FORMULA_KINDS: tuple[Kind, ...] = tuple(
    Kind(
        name=name,
        title=title,
        book="formula",
        anchor=_ANCHOR,
        shared=_SHARED,
        core=core,
        second_grader=_GRADER,
    )
    for name, (title, core) in _TITLES.items()
)


def define(formula: Formula, variant: int) -> Triple:
    """Return the fact that states ``formula`` in one of two wordings."""
    return define_from(formula, variant, FORMULA_SOURCE)


def ask(formula: Formula, inputs: Inputs, rng: Random) -> str:
    """Return a question, every fifth opened by who reports it from where."""
    question = plain_ask(formula, inputs, rng)
    return f"{some_report(rng)} {question}" if rng.random() < SHARE else question


def generate(kind: str, config: PackConfig) -> Iterator[Problem]:
    """Yield ``config.per_kind`` distinct problems of ``kind``."""
    return formula_problems(Table(kind, BY_KIND[kind], value, define, ask), config)
