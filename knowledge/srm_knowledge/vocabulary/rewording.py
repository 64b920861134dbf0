"""Whether a reworded question asks what the template asked: names, relations and numbers kept, nothing given away.

Both questions are masked first: every term and every phrase of a relation becomes a sign, so what is looked at is the
frame around them. The frame may use the words of `frames` and those of the template alone, and each relation must be
tied to its own term in one of a few ways, so that no direction is turned round. What is not surely the same is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from .frames import (
    ASKS,
    BETWEEN,
    COUNTED,
    EXCLUDES,
    GREATER,
    NEGATIONS,
    SINGLE_OUT,
    TWICE,
    frame_of,
)
from .masking import SIGNS, Masked, Template, count, spoken
from .wordings import TIES

LONGER = 60  # characters that a rewording may have beyond twice the template's


def refusal(template: Template, text: str) -> str:
    """Return why ``text`` may not stand for the template's question, in a few words; "" if it may."""
    return next(_refusals(template, text), "")


def _refusals(template: Template, text: str) -> Iterator[str]:
    if "\n" in text.strip() or not text.strip() or len(text) > 2 * len(template.question) + LONGER:
        yield "it is no single line of about the same length"
        return
    before, after = (Masked(template, question) for question in (template.question, text))
    if after.text == before.text:
        yield "nothing changed"
    if any(after.signs[sign] != often for sign, often in before.signs.items() if sign in before.terms):
        yield "a name is missing or repeated"
    if any(after.signs[sign] < often for sign, often in before.signs.items() if sign not in before.terms):
        yield "the words of a relation are missing"
    if after.numbers() != before.numbers():
        yield "a number is lost or added"
    if any(count(after.frame, spoken(each)) > count(before.frame, spoken(each)) for each in template.answers):
        yield "it names an answer"
    if _named(after.frame, template.known) - _named(before.frame, template.known):
        yield "it names another term"
    if after.words() - before.words() - frame_of(template.shape):
        yield "it has words of its own"
    yield from _form(template.shape, before, after)


def can_be_checked(template: Template) -> bool:
    """Say whether a rewording can be checked: the template names its relation, or is an analogy."""
    return template.shape == "analogy" or bool(Masked(template, template.question).relations)


def _form(shape: str, before: Masked, after: Masked) -> Iterator[str]:
    """Yield why the form of the question is another one."""
    if not ASKS.search(after.text):
        yield "it asks for nothing"
    if shape == "count" and not COUNTED.search(after.frame):
        yield "it does not ask for a count"
    if shape not in ("count", "comparison") and COUNTED.search(after.frame) and not COUNTED.search(before.frame):
        yield "it asks for a count"
    yield from _leaving_out(shape, before, after)
    if shape == "analogy":
        if after.order() != before.order() or after.asks_after() is not before.asks_after():
            yield "the names stand in another order"
    elif shape == "comparison":
        if not any(_compared(after.text, after.sign(place)) for place in before.relations):
            yield "what is greater is not said plainly"
    else:
        ties = [(relation, term) for relation, term in TIES[shape] if relation in before.relations]
        if not all(_tied(after.text, after.sign(relation), after.sign(term)) for relation, term in ties):
            yield "a relation is not tied to its term"


def _leaving_out(shape: str, before: Masked, after: Masked) -> Iterator[str]:
    """Yield why another thing is left out than the template leaves out, or a thing where it leaves out none."""
    if shape == "exception":
        denials = len(NEGATIONS.findall(after.frame))
        single = denials == 1 or (denials == 0 and SINGLE_OUT.search(after.frame))
        if not single or TWICE.search(after.frame):
            yield "it does not ask for one exception"
    elif shape == "negation":
        if not _left_out(after):
            yield "what is left out is not said plainly"
    elif len(EXCLUDES.findall(after.frame)) != len(EXCLUDES.findall(before.frame)):
        yield "it leaves something out"


def _named(text: str, known: Collection[str]) -> set[str]:
    """Return the names among ``known`` that stand in ``text``, which is without the terms that were asked about.

    A name that is a word of every frame (a term called "list") tells nothing.
    """
    words = re.findall(r"[^\s,:;?!]+", text)
    longest = max((name.count(" ") + 1 for name in known), default=0)
    spans = {" ".join(words[at : at + n]).strip(".") for at in range(len(words)) for n in range(1, longest + 1)}
    return {span for span in spans if span in known and span not in frame_of("path")}


def _tied(text: str, relation: str, term: str) -> bool:
    """Say whether ``relation`` is asked of ``term``: "the R of T", "T's R", "which R does T have", "for T: the R"."""
    article = r"(?:the |an? )?"
    ways = (
        rf"{relation} (?:of|for|that belongs? to|belonging to) {article}{term}",
        rf"{term}(?:'s?) {relation}",
        rf"{relation} (?:does|do|has|have) {article}{term}",
        rf"{term} (?:has|have) {BETWEEN}{relation}",
        rf"(?:for|given|from|take|consider|about|regarding) {article}{term} ?[,:;.][^\ue000]*{relation}",
        rf"^{article}{term} ?[,:][^\ue000]*{relation}",
    )
    return any(re.search(way, text) for way in ways)


def _compared(text: str, relation: str) -> bool:
    """Say whether the greater is asked for: "more R", "the greatest number of R", "whose R is greater"."""
    ways = (
        rf"{GREATER}(?: (?:number|count) of)?(?: of)?(?: the)? {relation}",
        rf"{relation} (?:is|are) (?:the )?{GREATER}",
        rf"(?:is|are) the {relation} (?:the )?{GREATER}",
    )
    return any(re.search(way, text) for way in ways)


def _left_out(question: Masked) -> bool:
    """Say whether one thing is left out, and the first term named after that is the one whose members go."""
    found = [*EXCLUDES.finditer(question.text)]
    if len(found) != 1:
        return False
    after = (sign for sign in SIGNS.findall(question.text[found[0].end() :]) if sign in question.terms)
    return next(after, "") == question.sign("other")
