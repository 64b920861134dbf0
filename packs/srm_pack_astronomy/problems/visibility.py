"""Does an object set at a northern latitude? Its declination and one subtraction decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.calculator import call, format_number
from srm_core.composing import Fact, by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_astronomy import facts
from srm_pack_astronomy.catalogue import Thing

from .object_facts import declined

KIND = Kind(
    name="visibility",
    title="whether an object is circumpolar, never rises, or rises and sets at a northern latitude",
    book="open",
    anchor="the object",
    shared="the rule",
    core=True,
    second_grader="the altitudes of upper and lower culmination, by astropy's rotations",
)
QUESTIONS = (
    "At latitude {latitude} north, is {name} circumpolar, does it rise and set, or does it never rise?",
    "{name} seen from latitude {latitude} north: circumpolar, rises and sets, or never rises?",
    "An observer stands at {latitude} degrees north. Is {name} circumpolar, does it rise and set, or never rise?",
    "How does {name} move for latitude {latitude} north: circumpolar, rises and sets, or never rises?",
)
NAME = "visibility"
TEXT = (
    "An object above declination 90 - latitude is circumpolar, below latitude - 90 it never rises, else rises and sets."
)
ANSWERS = {"circumpolar": ("never sets",), "rises and sets": (), "never rises": ("always below the horizon",)}
MARGIN = 1.0  # degrees: refraction and the height of the observer are left out


def generate(things: Sequence[Thing], seed: int) -> Iterator[Problem]:
    """Yield one problem an object; latitudes are chosen so that the three answers take turns where they can."""
    pools = by_split(things, lambda thing: thing.curie)
    rule = Fact(TEXT, (facts.rule(NAME, TEXT),), shared=True)
    for thing in spread(things, seed=seed, name=lambda t: t.curie, anchor=lambda t: t.curie):
        rng = rng_for(seed, KIND.name, thing.curie)
        latitude = _latitude(thing, rng.choice((True, True, False)), rng.randint(20, 69))
        answer = outcome(thing.dec, latitude)
        other = rng.choice(pools[split_of(thing.curie)])
        if not answer or other is thing:
            continue
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"latitude": str(latitude), "name": thing.name},
            answer=answer,
            accept=ANSWERS[answer],
            anchor=thing.curie,
            needed=[declined(thing), rule],
            distractors=[declined(other)],
            query=f"""SELECT ?answer WHERE {{ $thing srm:declination ?d .
  BIND(IF(?d > 90 - {latitude}, "circumpolar",
    IF(?d < {latitude} - 90, "never rises", "rises and sets")) AS ?answer) }}""",
            bindings={"thing": thing.curie},
            remark=_remark(thing.dec, latitude),
        )


def outcome(declination: float, latitude: int) -> str:
    """Return the answer, "" within a degree of a limit."""
    limit = 90 - latitude
    if abs(abs(declination) - limit) < MARGIN:
        return ""
    return "circumpolar" if declination > limit else "never rises" if declination < -limit else "rises and sets"


def _latitude(thing: Thing, extreme: bool, drawn: int) -> int:
    """Return a latitude from 20 to 69 at which the object stays up or down, where there is one and it is wanted."""
    lowest = max(20, int(90 - abs(thing.dec)) + 2)
    return lowest + drawn % (70 - lowest) if extreme and lowest < 70 else drawn


def _remark(declination: float, latitude: int) -> str:
    """Return how far the declination is above one limit and then the other; a minus says that it is below."""
    shown = format_number(declination)
    upper = f"less {call(f'90-{latitude}')} is {call(f'{shown}-{90 - latitude}')}"
    if declination > 90 - latitude:
        return f"{shown} {upper}, above: circumpolar"
    lower = f"less {call(f'{latitude}-90')} is {call(f'{shown}+{90 - latitude}')}"
    side = "below: never rises" if declination < latitude - 90 else "above: rises and sets"
    return f"{shown} {upper}, not above; {lower}, {side}"
