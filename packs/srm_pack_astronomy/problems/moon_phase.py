"""The phase of the Moon on a date, from its elongation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.calculator import call, format_number
from srm_core.composing import by_split, compose, places, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_astronomy.sky import Moon, spoken

from .sky_facts import PHASES, elongation, phase

KIND = Kind(
    name="moon_phase",
    title="the phase of the Moon on a date, from its elongation and the limits of the phases",
    book="open",
    anchor="the date",
    shared="the limits of the phases",
    core=True,
    second_grader="the longitudes of Moon and Sun, from astropy's built-in ephemeris",
)
QUESTIONS = (
    "What is the phase of the Moon on {day}?",
    "On {day}, is the Moon a waxing or waning crescent, or waxing or waning gibbous?",
    "Name the Moon's phase on {day}.",
    "Someone looks at the Moon on {day}. Which phase is it in?",
)


def generate(moons: Sequence[Moon], seed: int) -> Iterator[Problem]:
    """Yield one problem a date, another date and another phase beside it."""
    pools = by_split(moons, lambda moon: moon.curie)
    for moon in spread(moons, seed=seed, name=lambda m: m.curie, anchor=lambda m: m.curie):
        rng = rng_for(seed, KIND.name, moon.curie)
        name = phase_at(moon.elongation)
        others = [other for other in rng.sample(pools[split_of(moon.curie)], 3) if other is not moon][:1]
        wrong = rng.sample([each for each in PHASES if each != name], 2)
        posed = compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"day": spoken(moon.day)},
            answer=name,
            anchor=moon.curie,
            needed=[elongation(moon), phase(name)],
            distractors=[*(elongation(other) for other in others), *(phase(each) for each in wrong)],
            query="""SELECT ?answer WHERE { $moon srm:elongation ?e . ?phase srm:from ?low ; srm:to ?high ;
  rdfs:label ?answer . FILTER(?e >= ?low && ?e < ?high) }""",
            bindings={"moon": moon.curie},
        )
        place = places(posed)
        shown, rule = elongation(moon).text, phase(name).text
        begins = call(f"90 * floor({format_number(moon.elongation)} / 90)")
        steps = f"{shown[:-1]} [{place[shown]}]; from {begins}: {rule[:-1]} [{place[rule]}]"
        yield posed.revised(solution=f"{steps}.\nAnswer: {name}")


def phase_at(degrees: float) -> str:
    """Return the phase at an elongation."""
    return next(name for name, low in PHASES.items() if low <= degrees < low + 90)
