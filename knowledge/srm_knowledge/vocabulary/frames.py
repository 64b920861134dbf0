"""The words that may stand around names and relations in a question, and what they say of its form."""

from __future__ import annotations

import re
from collections.abc import Mapping

_COMMON = """
a about all an and answer are as at be belong belonging belongs by called can consider could determine do does each
find following for from fully get give given has have having identify if in indicate is it its itself just know known
let list listed listing look may me mention might must name named namely names of on or please point possess possesses
possessing provide question recorded regarding say see select shall should show specify starting state stated
take tell term terms that the their them there these they thing things this those to us was we were what what's when
where which whose with would write you your
"""
_LEFT_OUT = (
    "not isn't aren't doesn't don't except excluding without leaving out other than apart aside but minus omitting"
)
_OWN: Mapping[str, str] = {
    "count": "how many number count counted counting counts total altogether",
    "negation": f"{_LEFT_OUT} among",
    "exception": f"{_LEFT_OUT} among one ones exception odd options option",
    "comparison": "more most greater greatest larger largest higher highest bigger biggest number count compare "
    "compared comparing between one",
}
_ANALOGY = """
analogy and as belong belongs complete corresponds finish following if in is just likewise please related relates same
so stand stands term that the then thing this to way what which
"""
_NUMBERS = "two three four five six seven eight nine ten eleven twelve dozen hundred thousand"
NUMBER_WORDS = frozenset(_NUMBERS.split())
ASKS = re.compile(
    r"\b(?:what|what's|which|whose|how many)\b|(?:^|[.,:;?!] )(?:please )?(?:name|list|find|give|state|identify|tell|"
    r"count|determine|complete|finish|say|specify|provide|write|show|indicate|mention|select)\b"
)
COUNTED = re.compile(r"\bhow many\b|\bnumber of\b|\bcount(?:ed|ing|s)?\b|\btotal\b")
GREATER = r"(?:more|most|greater|greatest|larger|largest|higher|highest|bigger|biggest)"
BETWEEN = r"(?:(?:which|what|how many|the|these|as) ){0,2}"
NEGATIONS = re.compile(r"\bnot\b|n't\b|\bnever\b|\bneither\b|\bnor\b|\bnone\b|\bno\b|\bnothing\b|\black(?:s|ing)?\b")
SINGLE_OUT = re.compile(r"\bodd one out\b|\bthe exception\b")
TWICE = re.compile(r"(?:\bnot|n't) (?:the |an? )?(?:odd|exception|except)\b")
EXCLUDES = re.compile(
    r"\bnot\b|n't\b|\bexcept(?: for)?\b|\bexcluding\b|\bwithout\b|\bleaving out\b|\bother than\b|\bapart from\b|"
    r"\baside from\b|\bbut\b|\bminus\b|\bomitting\b"
)
AFTER_IT = re.compile(r"\bwhat\b|\bwhich\b|[:=] ?\?")  # what is asked for comes after the last term


def frame_of(shape: str) -> frozenset[str]:
    """Return the words that a question of this shape may use around what it names."""
    return frozenset((_ANALOGY if shape == "analogy" else f"{_COMMON} {_OWN.get(shape, '')}").split())
