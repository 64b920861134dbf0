"""Is a planet in the evening or in the morning sky? Its longitude less the Sun's decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.calculator import call, format_number
from srm_core.composing import by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_astronomy.agreement import BOUNDARY, apart
from srm_pack_astronomy.sky import Position, spoken

from .sky_facts import longitude, skies

KIND = Kind(
    name="evening_or_morning",
    title="whether a planet is in the evening or the morning sky, from ecliptic longitudes",
    book="open",
    anchor="the date",
    shared="the rule",
    second_grader="the longitudes of planet and Sun, from astropy's built-in ephemeris",
)
QUESTIONS = (
    "On {day}, is {body} in the evening or in the morning sky?",
    "{body} on {day}: evening or morning sky?",
    "Should one look for {body} in the evening or in the morning on {day}?",
    "In which sky, evening or morning, does {body} stand on {day}?",
)


def generate(positions: Sequence[Position], seed: int) -> Iterator[Problem]:
    """Yield one problem a planet and date, except near conjunction and opposition."""
    suns = {position.day: position for position in positions if position.body == "Sun"}
    planets = [
        position
        for position in positions
        if position.body != "Sun" and position.day in suns and _clear(position, suns[position.day])
    ]
    pools = by_split(planets, anchor_of)
    on_day: dict[str, list[Position]] = {}
    for each in planets:
        on_day.setdefault(anchor_of(each), []).append(each)
    for position in spread(planets, seed=seed, name=lambda p: p.curie, anchor=anchor_of):
        rng = rng_for(seed, KIND.name, position.curie)
        sun = suns[position.day]
        beside = [each for each in on_day[anchor_of(position)] if each is not position][:1]
        another = rng.choice(pools[split_of(anchor_of(position))])
        remark, east = _worked(position.longitude, sun.longitude)
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"day": spoken(position.day), "body": position.body},
            answer="evening" if east < 180 else "morning",
            anchor=anchor_of(position),
            needed=[longitude(position), longitude(sun), skies()],
            distractors=[longitude(each) for each in (*beside, another) if each is not position],
            query="""SELECT ?answer WHERE { $planet srm:eclipticLongitude ?p . $sun srm:eclipticLongitude ?s .
  BIND(IF(?p < ?s, ?p - ?s + 360, ?p - ?s) AS ?east) BIND(IF(?east < 180, "evening", "morning") AS ?answer) }""",
            bindings={"planet": position.curie, "sun": sun.curie},
            remark=remark,
        )


def anchor_of(position: Position) -> str:
    """Return the anchor: the date, so that one date's Sun is in one split."""
    return position.day.isoformat()


def _clear(planet: Position, sun: Position) -> bool:
    return BOUNDARY < apart(planet.longitude, sun.longitude) < 180 - BOUNDARY


def _worked(planet: float, sun: float) -> tuple[str, float]:
    """Return the subtraction in words, 360 added where it is negative, and the elongation to the east."""
    east = planet - sun
    if east >= 0:
        return call(f"{format_number(planet)}-{format_number(sun)}"), east
    return call(f"{format_number(planet)}-{format_number(sun)}+360"), east + 360
