"""Days between two dates by a day-count convention, worked step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from srm_core.calculator import call, computed
from srm_core.composing import Fact, rng_for
from srm_core.records import FormulaKey, Kind, Problem
from srm_pack_finance.day_counts import COUNTS, before_month, drawn_dates, year_length
from srm_pack_finance.posing import numbered
from srm_pack_finance.rules import RULES, rule

KIND = Kind(
    name="day_count",
    title="days between two dates by 30/360, 30E/360 or actual days",
    book="formula",
    anchor="the convention and both dates",
    shared="the rules, and how many days lie before a month",
    second_grader="QuantLib's day counters, with a number reader of its own",
)
QUESTIONS = (
    "How many days does {name} count from {start} to {end}?",
    "Count the days from {start} to {end} by {name}.",
    "An interest period runs from {start} to {end}. How many days is that under {name}?",
    "By {name}, how long in days is the period {start} to {end}?",
)
TOLD = 100_000  # draws; a build takes the first ones


@dataclass(frozen=True)
class Counted:
    """A worked day count: facts it needs, the steps with the places of facts as ``{0}``, and the days as computed."""

    needed: tuple[Fact, ...]
    steps: str
    days: str


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems without end in sight; no two have the convention and dates in common."""
    seen = set()
    for n in range(TOLD):
        rng = rng_for(seed, KIND.name, str(n))
        name = tuple(COUNTS)[n % len(COUNTS)]
        start, end = drawn_dates(rng)
        if (name, start, end) in seen:
            continue
        seen.add((name, start, end))
        work = counted(name, start, end)
        days = COUNTS[name](start, end)
        asked = rng.choice(QUESTIONS).format(name=RULES[name][0], start=start, end=end)
        others = [each for each in COUNTS if each != name]
        yield numbered(
            kind=KIND.name,
            rng=rng,
            question=asked,
            answer=f"{days} days",
            accept=(str(days),),
            anchor=f"{name} {start} {end}",
            needed=work.needed,
            distractors=[rule(rng.choice(others))],
            key=FormulaKey(
                formula=name, inputs={"start": str(start), "end": str(end)}, unit="days", low=days, high=days
            ),
            working=f"{work.steps}\nAnswer: {work.days} days",
        )


def counted(name: str, start: date, end: date) -> Counted:
    """Return the worked count of the days from ``start`` to ``end``."""
    return _actual(name, start, end) if name.startswith("act") else _thirty(name, start, end)


def _thirty(name: str, start: date, end: date) -> Counted:
    first = min(start.day, 30)
    cut = end.day == 31 and (name == "thirty_e_360" or first == 30)
    second = 30 if cut else end.day
    expression = (f"360*({end.year}-{start.year})+30*({end.month}-{start.month})+{second}-{first}")  # fmt: skip
    steps = f"{RULES[name][0]} {{0}}: days {first} and {second}."
    return Counted((rule(name),), steps, call(expression))


def _actual(name: str, start: date, end: date) -> Counted:
    facts = [rule(name), before_month(start.year, start.month), before_month(end.year, end.month)]
    before = [fact.text.split(" ", 1)[0] for fact in facts[1:]]
    first, second = f"{before[0]}+{start.day}", f"{before[1]}+{end.day}"
    steps = f"{RULES[name][0]} {{0}}. Start is day {call(first)} {{1}}; end is day {call(second)} {{2}}"
    span = f"{computed(second)}-{computed(first)}"
    if end.year > start.year:
        facts.append(year_length(start.year))
        length = facts[-1].text.split(" ")[2]
        steps += f"; {start.year} has {length} days {{3}}"
        span = f"{length}+{span}"
    return Counted(tuple(facts), f"{steps}.", call(span))
