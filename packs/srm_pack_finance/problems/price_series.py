"""Returns and drawdowns of the user's own price series."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from srm_core.calculator import call, format_number
from srm_core.composing import Fact, rng_for, spread
from srm_core.records import FormulaKey, Kind, Problem
from srm_pack_finance.posing import numbered
from srm_pack_finance.prices import Series, close_triple

KIND = Kind(
    name="price_series",
    title="returns, drawdowns and averages of your own price series (needs own.prices)",
    book="open",
    anchor="the month of the last price",
    shared="nothing",
    second_grader="numpy on the closes of the evidence, with a number reader of its own",
)
TOLERANCE = 0.005
LENGTHS = (3, 4)
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "return": (
        "What is the return in % of {name} from {first} to {last}?",
        "By how many % did the close of {name} change from {first} to {last}?",
        "{name}: return in %, {first} to {last}?",
        "Compute the holding return in % of {name} between {first} and {last}.",
    ),
    "drop": (
        "How far in % is the close of {name} on {last} below the highest of the closes shown from {first} on?",
        "What is the drawdown in % of {name} on {last}, measured from the highest close since {first}?",
        "{name}: drawdown in % on {last} from the peak since {first}?",
        "Compute the drawdown in % of {name} on {last} since the highest close from {first} on.",
    ),
    "mean": (
        "What is the mean close of {name} over the days shown from {first} to {last}?",
        "Average the closes of {name} from {first} to {last}.",
        "{name}: mean of the closes shown, {first} to {last}?",
        "Compute the average close of {name}, {first} to {last}.",
    ),
}
GOLD: Mapping[str, Callable[[list[float]], float]] = {
    "return": lambda closes: (closes[-1] / closes[0] - 1) * 100,
    "drop": lambda closes: (1 - closes[-1] / max(closes)) * 100,
    "mean": lambda closes: sum(closes) / len(closes),
}


def generate(series: Series, seed: int) -> Iterator[Problem]:
    """Yield problems about three or four neighbouring closes, as far as the answer is not next to zero.

    Windows stay inside a month, so that what decides a test answer is in no other split.
    """
    items = [
        (what, place, length)
        for what in QUESTIONS
        for length in LENGTHS
        for place in range(len(series.days) - length + 1)
        if _month(series, place) == _month(series, place + length - 1)
    ]
    for what, place, length in spread(items, seed=seed, name=str, anchor=lambda item: _month(series, item[1])):
        closes = [float(format_number(close)) for close in series.closes[place : place + length]]
        gold = GOLD[what](closes)
        if abs(gold) >= 0.2:
            yield _problem(series, what, place, closes, gold, seed)


def _month(series: Series, place: int) -> str:
    return f"{series.name} {series.days[place]:%Y-%m}"


def _problem(series: Series, what: str, place: int, closes: list[float], gold: float, seed: int) -> Problem:
    rng = rng_for(seed, KIND.name, what, str(place), str(len(closes)))
    days = series.days[place : place + len(closes)]
    facts = [_close(series, place + n) for n in range(len(closes))]
    numbers = [format_number(close) for close in closes]
    expression = {
        "return": f"100*({numbers[-1]}-{numbers[0]})/{numbers[0]}",
        "drop": f"100*(max({','.join(numbers)})-{numbers[-1]})/max({','.join(numbers)})",
        "mean": f"({'+'.join(numbers)})/{len(numbers)}",
    }[what]
    used = [0, len(facts) - 1] if what == "return" else list(range(len(facts)))
    unit = "" if what == "mean" else " %"
    steps = "; ".join(f"{days[n]} {numbers[n]} {{{place_of}}}" for place_of, n in enumerate(used))
    return numbered(
        kind=KIND.name,
        rng=rng,
        question=rng.choice(QUESTIONS[what]).format(name=series.name, first=days[0], last=days[-1]),
        answer=f"{format_number(gold)}{unit}",
        anchor=_month(series, place),
        needed=[facts[n] for n in used],
        distractors=[fact for n, fact in enumerate(facts) if n not in used],
        key=FormulaKey(
            formula=f"series_{what}",
            inputs={str(n): close for n, close in enumerate(closes)},
            unit=unit.strip(),
            low=gold - abs(gold) * TOLERANCE,
            high=gold + abs(gold) * TOLERANCE,
        ),
        working=f"{steps}.\nAnswer: {call(expression)}{unit}",
    )


def _close(series: Series, place: int) -> Fact:
    triple = close_triple(series, place)
    return Fact(f"{series.name} closed at {triple.object} on {series.days[place]}.", (triple,))
