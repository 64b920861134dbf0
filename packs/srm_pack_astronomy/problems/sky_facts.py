"""How facts about planets and the Moon on a date read in a prompt, and the phases between the quarters."""

from __future__ import annotations

from srm_core.composing import Fact
from srm_pack_astronomy import facts
from srm_pack_astronomy.constellations import NAMES
from srm_pack_astronomy.sky import Moon, Position, spoken

PHASES = {"waxing crescent": 0, "waxing gibbous": 90, "waning gibbous": 180, "waning crescent": 270}
SKIES = "sky"
SKIES_TEXT = "A planet less than 180 degrees east of the Sun is in the evening sky, more than 180 in the morning sky."


def is_in(position: Position) -> Fact:
    """Return "On 1 March 2027 Mars is in Leo."."""
    text = f"On {spoken(position.day)} {subject(position.body)} is in {NAMES[position.constellation]}."
    return Fact(text, (facts.position_constellation(position),))


def longitude(position: Position) -> Fact:
    """Return "On 1 March 2027 Venus has longitude 312.4."."""
    text = f"On {spoken(position.day)} {subject(position.body)} has longitude {position.longitude}."
    return Fact(text, (facts.position_longitude(position),))


def elongation(moon: Moon) -> Fact:
    """Return "On 6 March 2027 the Moon is 143.2 degrees east of the Sun."."""
    text = f"On {spoken(moon.day)} the Moon is {moon.elongation} degrees east of the Sun."
    return Fact(text, (facts.moon_elongation(moon),))


def phase(name: str) -> Fact:
    """Return "From 0 to 90 degrees the Moon is a waxing crescent."."""
    low = PHASES[name]
    return Fact(f"From {low} to {low + 90} degrees the Moon is a {name}.", facts.phase(name, low), shared=True)


def skies() -> Fact:
    """Return the rule of evening and morning."""
    return Fact(SKIES_TEXT, (facts.rule(SKIES, SKIES_TEXT),), shared=True)


def subject(body: str) -> str:
    """Return the body as the subject of a sentence."""
    return f"the {body}" if body in ("Sun", "Moon") else body
