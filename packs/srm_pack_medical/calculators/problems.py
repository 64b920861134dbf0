"""Problems of the three calculator kinds, with their evidence, key and worked solution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from srm_core.calculator import call, format_number
from srm_core.config import PackConfig
from srm_core.formulas.drawing import draw, sensible
from srm_core.formulas.formula import VARIANTS, Family, Formula, band, sentence
from srm_core.formulas.near_misses import near_misses
from srm_core.formulas.problems import CORE_UP_TO, define, distinct, evidence_lines, short_form, with_unit
from srm_core.formulas.working import solution
from srm_core.records import FormulaKey, Kind, Problem, Triple, digest

from .conversions import conversion_name
from .gold import value
from .phrasing import ask
from .table import FORMULAS, SOURCE
from .units import CONVERSIONS, conversion_template, convert, other_unit

_ANCHOR = "the formula together with its inputs"
_SHARED = "the lines of formulas tagged seen; formulas tagged unseen appear in the test split alone"
_GRADER = "recomputation of the formula from its inputs, with a number reader of its own"
KINDS: tuple[Kind, ...] = (
    Kind(name="lab_formula", title="Clinical formulas", book="formula", anchor=_ANCHOR, shared=_SHARED, core=True,
         second_grader=_GRADER),
    Kind(name="clinical_score", title="Clinical scores", book="formula", anchor=_ANCHOR, shared=_SHARED,
         second_grader=_GRADER),
    Kind(name="unit_conversion", title="Unit conversions", book="formula", anchor=_ANCHOR, shared=_SHARED, core=True,
         second_grader=_GRADER),
)  # fmt: skip
FAMILY_OF: Mapping[str, Family] = {
    "lab_formula": "arithmetic",
    "clinical_score": "score",
    "unit_conversion": "conversion",
}
_OTHER_UNIT = 1 / 6


@dataclass(frozen=True)
class _Shelf:
    """What every problem of one kind is made from."""

    kind: str
    lines: Mapping[str, tuple[Triple, ...]]
    near: Mapping[str, tuple[Formula, ...]]
    convert_core: bool


@dataclass(frozen=True)
class _Given:
    """Inputs of one problem, and the one that is written in another unit, if any."""

    inputs: dict[str, float | str]
    shown: dict[str, tuple[float, str]]
    conversion: Formula | None = None
    preface: str = ""  # template with the place of the conversion's line


def calculator_problems(
    config: PackConfig, *, core_only: bool | None = None, convert_core: bool = False
) -> Iterator[Problem]:
    """Yield ``config.per_kind`` distinct problems of each calculator kind in ``config.kinds`` (empty: all three).

    ``core_only`` keeps to the core formulas (None: when ``per_kind`` is at most 400). About one problem in six of a
    formula outside the core gives an input in another unit; ``convert_core`` extends that to the core.
    The order and every draw depend on ``config.seed`` alone.

    Raises:
        PluginError: a kind cannot yield so many distinct questions.
    """
    core = config.per_kind <= CORE_UP_TO if core_only is None else core_only
    lines = {name: tuple(define(formula, n, SOURCE) for n in range(VARIANTS)) for name, formula in FORMULAS.items()}
    for kind, family in FAMILY_OF.items():
        if config.kinds and kind not in config.kinds:
            continue
        pool = [formula for formula in FORMULAS.values() if formula.family == family and (formula.core or not core)]
        shelf = _Shelf(kind, lines, near_misses(pool), convert_core)
        rng = Random(digest([config.seed, kind]))
        yield from distinct(pool, config.per_kind, rng, partial(_problem, shelf))


def _problem(shelf: _Shelf, formula: Formula, rng: Random) -> Problem:
    given = _given(shelf, formula, rng)
    asked = ask(formula, given.inputs, rng, given.shown)
    gold = value(formula, given.inputs)
    low, high = band(formula, gold)
    needed = [formula, given.conversion] if given.conversion else [formula]
    evidence, places = evidence_lines(needed, shelf.near[formula.name], shelf.lines, rng)
    preface = given.preface.format(place=places[1]) if given.conversion else ""
    tags = {"formula": "unseen" if formula.held_out else "seen", "name": formula.name}
    return Problem(
        kind=shelf.kind,
        question=asked.question,
        answer=with_unit(format_number(gold), formula),
        accept=short_form(formula, gold),
        anchor=digest([formula.name, given.inputs]),
        facts=tuple(evidence[place - 1].cites[0] for place in places),
        evidence=evidence,
        key=FormulaKey(formula=formula.name, inputs=given.inputs, unit=formula.unit, low=low, high=high),
        solution=solution(formula, given.inputs, places[0], evidence[places[0] - 1].text, preface),
        groups=asked.groups,
        tags={**tags, "units": "mixed"} if given.shown else tags,
        split="test" if formula.held_out else "",
    )


def _given(shelf: _Shelf, formula: Formula, rng: Random) -> _Given:
    inputs = draw(formula, rng, value)
    if formula.family == "score":
        return _Given(_named(formula, inputs, rng), {})
    able = [source for source in formula.inputs if source.quantity and not CONVERSIONS[source.quantity].held_out]
    if not able or (formula.core and not shelf.convert_core) or rng.random() >= _OTHER_UNIT:
        return _Given(inputs, {})
    source = rng.choice(able)
    unit = other_unit(source.quantity, source.unit)
    written = float(f"{convert(source.quantity, float(inputs[source.name]), to=unit):.3g}")
    converted = {**inputs, source.name: convert(source.quantity, written, to=source.unit)}
    if not sensible(formula, converted, value):
        return _Given(inputs, {})
    template = conversion_template(CONVERSIONS[source.quantity], to=source.unit, slot=format_number(written))
    preface = f"{sentence(source.label)} = {call(template)} {source.unit} [{{place}}]."
    conversion = FORMULAS[conversion_name(source.quantity, source.unit)]
    return _Given(converted, {source.name: (written, unit)}, conversion, preface)


def _named(formula: Formula, inputs: dict[str, float | str], rng: Random) -> dict[str, float | str]:
    """Leave out about half of the absent findings, as notes do, but keep at least two things said."""
    absent = [source.name for source in formula.inputs if source.kind == "flag" and inputs[source.name] == "no"]
    unsaid = [name for name in absent if rng.random() < 0.5][: max(0, len(inputs) - 2)]
    return {name: given for name, given in inputs.items() if name not in unsaid}
