"""How each shape of question is worded if the mapping does not say, and which places a wording has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .mapping import Asked, Relation

SEPARATOR = "; "  # between the members of a set, in questions, gold and answers

# shape -> (places that a wording may have, places without which it asks nothing)
PLACES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "path": (frozenset({"chain"}), frozenset({"start"})),
    "set": (frozenset({"chain"}), frozenset({"start"})),
    "count": (frozenset({"chain"}), frozenset({"start"})),
    "negation": (frozenset({"many", "others"}), frozenset({"start", "other"})),
    "comparison": (frozenset({"one", "many"}), frozenset({"first", "second"})),
    "exception": (frozenset({"one", "many"}), frozenset({"start"})),
    "analogy": (frozenset(), frozenset({"first", "second", "third"})),
}
# Places of relations; and which of them is asked of which term, by shape. Comparisons and analogies are told otherwise.
RELATIONS = frozenset({"chain", "one", "many", "others"})
TIES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "path": (("chain", "start"),),
    "set": (("chain", "start"),),
    "count": (("chain", "start"),),
    "negation": (("many", "start"), ("others", "other")),
    "exception": (("many", "start"), ("one", "start")),
}
LISTED = "Separate the answers by semicolons."
_WORDINGS: Mapping[str, tuple[str, ...]] = {
    "path": (
        "What is the {chain} of {start}?",
        "Name the {chain} of {start}.",
        "Starting from {start}: what is the {chain}?",
        "Find the {chain} of {start}.",
        "For {start}, which is the {chain}?",
    ),
    "set": (
        f"Which are the {{chain}} of {{start}}? {LISTED}",
        f"List the {{chain}} of {{start}}. {LISTED}",
        f"Name all {{chain}} of {{start}}. {LISTED}",
        f"What are the {{chain}} of {{start}}? {LISTED}",
        f"Consider {{start}}: which {{chain}} does it have? {LISTED}",
    ),
    "count": (
        "How many {chain} of {start} are there?",
        "Count the {chain} of {start}.",
        "What is the number of {chain} of {start}?",
        "For {start}, how many {chain} are there?",
        "Give the number of {chain} of {start}.",
    ),
    "negation": (
        f"Which {{many}} of {{start}} are not among the {{others}} of {{other}}? {LISTED}",
        f"List the {{many}} of {{start}}, except the {{others}} of {{other}}. {LISTED}",
        f"Leaving out the {{others}} of {{other}}, which are the {{many}} of {{start}}? {LISTED}",
        f"Of the {{many}} of {{start}}, name those that are not among the {{others}} of {{other}}. {LISTED}",
    ),
    "exception": (
        "Which of these is not one of the {many} of {start}?",
        "All but one are {many} of {start}. Which one is not?",
        "Find the exception: it is not among the {many} of {start}.",
        "Identify the one that is not among the {many} of {start}.",
    ),
    "analogy": (
        "{first} is to {second} as {third} is to what?",
        "As {second} belongs to {first}, what belongs to {third}?",
        "Complete the analogy: {first} : {second} = {third} : ?",
        "{first} stands to {second} as {third} stands to what?",
    ),
}
_BY_COUNT = (
    "Which has more {many}: {first} or {second}?",
    "{first} or {second}: which has the greater number of {many}?",
    "Of {first} and {second}, name the one with more {many}.",
    "Compare {first} and {second}: which has more {many}?",
)
_BY_VALUE = (
    "Which has the greater {one}: {first} or {second}?",
    "{first} or {second}: of which is the {one} greater?",
    "Of {first} and {second}, name the one with the greater {one}.",
    "Compare {first} and {second}: which has the greater {one}?",
)


def wordings(asked: Asked, *, by_value: bool = False) -> tuple[str, ...]:
    """Return the phrasings of a kind: those of the mapping, else the shape's own."""
    if asked.ask:
        return asked.ask
    if asked.shape == "comparison":
        return _BY_VALUE if by_value else _BY_COUNT
    return _WORDINGS[asked.shape]


def chain(steps: Sequence[Relation], *, plural: bool = False) -> str:
    """Return the steps as a phrase, the last first: "broader term of the part", or all in the plural."""
    if plural:
        return " of the ".join(step.many for step in reversed(steps))
    return " of the ".join(step.one for step in reversed(steps))
