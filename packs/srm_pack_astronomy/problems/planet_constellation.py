"""In which constellation a planet is on a date, from lines of an ephemeris."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from srm_core.calculator import call
from srm_core.composing import by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_astronomy.constellations import NAMES
from srm_pack_astronomy.sky import PLANET_DAYS, PLANETS, Position, spoken

from .sky_facts import is_in

KIND = Kind(
    name="planet_constellation",
    title="the constellation of a planet on a date, or some days after a date",
    book="open",
    anchor="the planet in one month",
    shared="the names of the constellations",
    core=True,
    second_grader="astropy's built-in ephemeris and the IAU boundaries",
)
QUESTIONS = (
    "In which constellation is {body} {when}?",
    "Where is {body} {when}? Name the constellation.",
    "{When}, which constellation does {body} stand in?",
    "Name the constellation that holds {body} {when}.",
)
DISTRACTORS = 4


def generate(positions: Sequence[Position], seed: int) -> Iterator[Problem]:
    """Yield one problem a position, or two: by its date, and by days after the first of its month."""
    planets = [position for position in positions if position.body != "Sun"]
    pools = {
        split: {(each.body, each.day): each for each in pool} for split, pool in by_split(planets, anchor_of).items()
    }
    items = [(each, later) for each in planets for later in (False, True) if not later or each.day.day > 1]
    for position, later in spread(
        items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: anchor_of(i[0])
    ):
        rng = rng_for(seed, KIND.name, position.curie, str(later))
        near = _near(position, pools[split_of(anchor_of(position))])
        first = position.day.replace(day=1)
        days = position.day.day - 1
        when = f"{days} days after {spoken(first)}" if later else f"on {spoken(position.day)}"
        problem = compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"body": position.body, "when": when, "When": when[:1].upper() + when[1:]},
            answer=NAMES[position.constellation],
            accept=(position.constellation,),
            anchor=anchor_of(position),
            needed=[is_in(position)],
            distractors=[is_in(each) for each in rng.sample(near, min(DISTRACTORS, len(near)))],
            query="SELECT ?answer WHERE { $place srm:constellation/rdfs:label ?answer }",
            bindings={"place": position.curie},
        )
        step = f"The day is {call(f'1+{days}')}. "  # first, because it says which line to look for
        yield problem.revised(solution=step + problem.solution) if later else problem


def anchor_of(position: Position) -> str:
    """Return the anchor: a planet in a month."""
    return f"{position.body} {position.day.year}-{position.day.month}"


def _near(position: Position, pool: dict[tuple[str, date], Position]) -> list[Position]:
    """Return the same planet on the month's other days, the neighbouring months, and other planets on the same day."""
    month = position.day.replace(day=1)
    days = [month.replace(day=day) for day in PLANET_DAYS]
    days += [month.replace(month=other) for other in (month.month - 1, month.month + 1) if 1 <= other <= 12]
    found = [pool.get((position.body, day)) for day in days]
    found += [pool.get((body, position.day)) for body in PLANETS if body != position.body]
    return [each for each in found if each is not None and each is not position]
