"""Problems from a table of formulas: turns between seen and unseen formulas, distinct questions, evidence, solution."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from srm_core.calculator import format_number
from srm_core.config import PackConfig
from srm_core.errors import PluginError
from srm_core.records import Evidence, FormulaKey, Problem, Source, Triple, digest

from .drawing import draw
from .formula import VARIANTS, Formula, Inputs, Value, band, formula_text, sentence
from .near_misses import near_misses
from .working import solution

HELD_OUT_EVERY = 20  # every twentieth problem is about a held-out formula
CORE_UP_TO = 400  # problems of a kind; above, every formula of a table is used
WORDINGS = (
    "Calculate the {title}{unit}. Given: {facts}.",
    "What is the {title}{unit} for {facts}?",
    "Given {facts}, what is the {title}{unit}?",
    "{Facts}. Work out the {title}{unit}.",
    "Find the {title}{unit} from these values: {facts}.",
)
_TRIES = 60
Ask = Callable[[Formula, Inputs, Random], str]


@dataclass(frozen=True)
class Table:
    """The formulas of one kind, with what a pack adds to them."""

    kind: str
    formulas: Sequence[Formula]
    value: Value
    define: Callable[[Formula, int], Triple]  # the fact that states a formula, in one of `VARIANTS` wordings
    ask: Ask | None = None  # default: `ask` in one of `WORDINGS`


def define(formula: Formula, variant: int, source: Source) -> Triple:
    """Return the fact that states ``formula`` in wording ``variant``; evidence lines cite its id."""
    return _literal(formula, "srm:definition", formula_text(formula, variant), source)


def formula_triples(formulas: Iterable[Formula], source: Source) -> Iterator[Triple]:
    """Yield the label and the definitions of every formula, for the graph."""
    for formula in formulas:
        yield _literal(formula, "rdfs:label", formula.title, source)
        for variant in range(VARIANTS):
            yield define(formula, variant, source)


def _literal(formula: Formula, predicate: str, text: str, source: Source) -> Triple:
    subject = f"srm:formula/{formula.name}"
    return Triple(subject=subject, predicate=predicate, object=text, datatype="xsd:string", source=source)


def formula_problems(table: Table, config: PackConfig) -> Iterator[Problem]:
    """Yield ``config.per_kind`` distinct problems of ``table.kind``.

    Up to 400 a kind, only formulas marked ``core`` are used. Order and draws depend on ``config.seed`` and the kind
    alone. The anchor is the formula with its inputs; a formula that is ``held_out`` appears in the test split alone.

    Raises:
        PluginError: the table cannot give so many distinct questions.
    """
    pool = [formula for formula in table.formulas if formula.core or config.per_kind > CORE_UP_TO]
    lines = {formula.name: tuple(table.define(formula, n) for n in range(VARIANTS)) for formula in pool}
    near = near_misses(pool)
    yield from distinct(
        pool,
        config.per_kind,
        Random(digest([config.seed, table.kind])),
        lambda formula, rng: _problem(table, formula, lines, near[formula.name], rng),
    )


def distinct(
    pool: Sequence[Formula], wanted: int, rng: Random, make: Callable[[Formula, Random], Problem]
) -> Iterator[Problem]:
    """Yield ``wanted`` problems, no question twice, the formulas taking turns; each twentieth is about an unseen one.

    Raises:
        PluginError: 60 draws in a row gave a formula's questions again.
    """
    asked: set[str] = set()
    for formula in _turns(pool, wanted, rng):
        for _ in range(_TRIES):
            problem = make(formula, rng)
            if problem.question not in asked:
                break
        else:
            raise PluginError(f"no further distinct question about {formula.name}; ask for fewer than {len(asked)}")
        asked.add(problem.question)
        yield problem


def _turns(pool: Sequence[Formula], wanted: int, rng: Random) -> Iterator[Formula]:
    seen = _rounds([formula for formula in pool if not formula.held_out], rng)
    held_out = [formula for formula in pool if formula.held_out]
    unseen = _rounds(held_out, rng)
    for n in range(wanted):
        yield next(unseen if held_out and n % HELD_OUT_EVERY == HELD_OUT_EVERY // 2 else seen)


def _rounds(formulas: list[Formula], rng: Random) -> Iterator[Formula]:
    while formulas:
        rng.shuffle(formulas)
        yield from formulas


def ask(formula: Formula, inputs: Inputs, rng: Random, wordings: Sequence[str] = WORDINGS) -> str:
    """Return a question about ``inputs`` in one of ``wordings``, the inputs in random order."""
    said = [source for source in formula.inputs if source.name in inputs]
    rng.shuffle(said)
    facts = ", ".join(f"{source.label} {shown(inputs[source.name])} {source.unit}".rstrip() for source in said)
    unit = f" in {formula.unit}" if formula.unit else ""
    return rng.choice(wordings).format(title=formula.title, unit=unit, facts=facts, Facts=sentence(facts))


def shown(value: float | str) -> str:
    """Return an input as a question writes it."""
    return value if isinstance(value, str) else format_number(value)


def _problem(
    table: Table, formula: Formula, lines: Mapping[str, tuple[Triple, ...]], near: Sequence[Formula], rng: Random
) -> Problem:
    inputs = draw(formula, rng, table.value)
    gold = table.value(formula, inputs)
    low, high = band(formula, gold)
    evidence, place = evidence_lines([formula], near, lines, rng)
    return Problem(
        kind=table.kind,
        question=(table.ask or ask)(formula, inputs, rng),
        answer=with_unit(format_number(gold), formula),
        accept=short_form(formula, gold),
        anchor=digest([formula.name, inputs]),
        facts=evidence[place[0] - 1].cites,
        evidence=evidence,
        key=FormulaKey(formula=formula.name, inputs=inputs, unit=formula.unit, low=low, high=high),
        solution=solution(formula, inputs, place[0], evidence[place[0] - 1].text),
        tags={"formula": "unseen" if formula.held_out else "seen", "name": formula.name},
        split="test" if formula.held_out else "",
    )


def evidence_lines(
    needed: Sequence[Formula], near: Sequence[Formula], lines: Mapping[str, tuple[Triple, ...]], rng: Random
) -> tuple[tuple[Evidence, ...], tuple[int, ...]]:
    """Return shuffled lines of ``needed`` and, half of the time, one or two of ``near``; and the 1-based places."""
    distractors = rng.sample(near, min(len(near), rng.randint(1, 2))) if rng.random() < 0.5 else []
    order = [*needed, *distractors]
    rng.shuffle(order)
    shown_lines = [lines[one.name][int(rng.random() < 0.3)] for one in order]
    evidence = tuple(Evidence(text=line.object, cites=(line.id,)) for line in shown_lines)
    return evidence, tuple(order.index(one) + 1 for one in needed)


def with_unit(number: str, formula: Formula) -> str:
    """Return ``number`` with the formula's unit behind it, if it has one."""
    return f"{number} {formula.unit}".rstrip()


def short_form(formula: Formula, gold: float) -> tuple[str, ...]:
    """Return the gold with the formula's decimals, if that lies in its band: a further form of the answer."""
    short = f"{gold:.{formula.decimals}f}"
    low, high = band(formula, gold)
    return (with_unit(short, formula),) if low <= float(short) <= high else ()
