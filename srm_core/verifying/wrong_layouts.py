"""Near misses of any kind: the gold beside another answer, in the wrong field, denied, taken back, or cut off."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.records import Problem

from .cases import Case
from .truth import is_decision, option_of

REFUSALS = (
    "I do not know",
    "Cannot be determined",
    "I cannot answer that.",
    "Insufficient information",
    "n/a",
    "unknown",
    "There is no answer to this question.",
)


def wrong_layouts(problem: Problem, other: str) -> Iterator[Case]:
    """Yield completions around the gold and ``other``, which is certainly another answer."""
    gold = problem.answer
    yield from (Case("two answers", text, "two answers that differ") for text in _two(gold, other))
    yield from (Case("wrong field", text, "the answer line says something else") for text in _fields(gold, other))
    yield from (Case("refusal", f"Answer: {text}", "it gives no answer") for text in REFUSALS)
    yield Case("refusal", f"Answer: I am not sure, perhaps {gold}", "it does not commit itself")
    yield Case("refusal", f"Answer: {gold}? It cannot be determined.", "it takes the answer back")
    for text in (f"not {gold}", f"anything but {gold}", f"{gold} is wrong", f"neither {gold} nor another"):
        yield Case("negation", f"Answer: {text}", "it denies the gold")
    for text in (f"By the facts it is {gold}", f"By the facts it is {gold}\nAnsw", f"It is {gold}\nAnswer:"):
        yield Case("truncation", text, "it ends before an answer is given")
    if option_of(problem) is None and not is_decision(problem) and len(gold) > 7 and problem.key.type != "formula":
        yield Case("truncation", f"Answer: {gold[: len(gold) // 2].rstrip()}", "half of the gold")


def _two(gold: str, other: str) -> Iterator[str]:
    yield f"Answer: {gold} or {other}"
    yield f"Answer: {other} or {gold}"
    yield f"Answer: {gold}, {other}"
    yield f"Answer: {other} / {gold}"
    yield f"Answer: either {gold} or {other}"
    yield f"Answer: {gold} (or {other})"
    yield f"Answer: {gold}\nAnswer: {other}"


def _fields(gold: str, other: str) -> Iterator[str]:
    yield f"The answer is {gold}.\nAnswer: {other}"
    yield f"Result: {gold}\nAnswer: {other}\nCheck: {gold}"
    yield f"It is {gold}.\nAnswer: see above"
    yield f"Answer: {other} [{gold}]"
