"""Near misses of words: an edited code, a negated or changed name, an isomer, the other decision."""

from __future__ import annotations

import re
from collections.abc import Iterator

from srm_core.records import Problem

from .cases import Case
from .truth import DECISIONS, is_code, is_decision, is_symbolic, plain_number

_OPPOSITES = (
    ("left", "right"), ("with", "without"), ("acute", "chronic"), ("upper", "lower"), ("benign", "malignant"),
    ("male", "female"), ("increased", "decreased"), ("anterior", "posterior"), ("medial", "lateral"),
    ("proximal", "distal"), ("internal", "external"), ("primary", "secondary"), ("congenital", "acquired"),
    ("major", "minor"), ("open", "closed"), ("short", "long"), ("early", "late"), ("northern", "southern"),
    ("eastern", "western"), ("first", "second"), ("minimum", "maximum"), ("alpha", "beta"), ("cis", "trans"),
    ("ortho", "meta"), ("normal", "abnormal"),
)  # fmt: skip
_PREFIXES = (("hyper", "hypo"), ("macro", "micro"), ("tachy", "brady"), ("poly", "oligo"), ("intra", "extra"))
_EMPTY = frozenset({"unspecified", "other", "with", "from", "type", "disease", "syndrome", "disorder"})
_STEREO = re.compile(r"(?<!@)@(?!@)|@@")
_SWAPPED = {"1": "4", "2": "3", "3": "8", "4": "5", "5": "6", "6": "5", "7": "1", "8": "3", "9": "6", "0": "7"}


def wrong_words(problem: Problem) -> Iterator[Case]:
    """Yield changed forms of a gold that is words; the caller leaves out what happens to be right all the same."""
    gold = problem.answer.strip()
    if is_decision(problem):
        yield from _decisions(gold)
    elif is_symbolic(gold):
        yield from _structures(gold)
    elif plain_number(gold) is None:
        if is_code(gold):
            yield from _codes(gold, problem.question)
        else:
            yield from _names(gold)
        yield from _isomers(gold)


def _decisions(gold: str) -> Iterator[Case]:
    for other in DECISIONS:
        if other != gold.casefold() and {other, gold.casefold()} not in ({"yes", "true"}, {"no", "false"}):
            yield Case("neighbour", f"Answer: {other}", "the other decision")
            yield Case("two answers", f"Answer: {gold} and {other}", "two decisions")
            yield Case("two answers", f"Answer: {other}/{gold}", "two decisions")
            yield Case("two answers", f"Answer: {other}, or {gold}", "two decisions")


def _codes(gold: str, question: str) -> Iterator[Case]:
    digits = [found.start() for found in re.finditer(r"\d", gold)]
    letters = [found.start() for found in re.finditer(r"[A-Za-z]", gold)]
    for place in dict.fromkeys((digits[-1], digits[0])):
        edited = gold[:place] + _SWAPPED[gold[place]] + gold[place + 1 :]
        yield Case("neighbouring code", f"Answer: {edited}", "one digit is another")
    if letters and len(letters) <= 3:
        place = letters[0]
        other = "Q" if gold[place].upper() != "Q" else "B"
        yield Case("neighbouring code", f"Answer: {gold[:place]}{other}{gold[place + 1 :]}", "one letter is another")
    yield Case("neighbouring code", f"Answer: {gold}5", "one digit too many")
    yield Case("truncation", f"Answer: {gold[:-1].rstrip('.-–/: ')}", "the last sign is missing")
    for word in dict.fromkeys(re.findall(r"\b[A-Z][A-Z0-9]*\d[\w.\-]*\b", question)):
        yield Case("quoted from the question", f"Answer: {word}", "a code of the question, not its answer")


def _names(gold: str) -> Iterator[Case]:
    words = gold.split()
    heavy = [n for n, word in enumerate(words) if len(word) > 3 and word.strip(",.;").casefold() not in _EMPTY]
    if len(heavy) > 1:
        for n in (heavy[0], heavy[-1]):
            yield Case("truncation", f"Answer: {' '.join(words[:n] + words[n + 1 :])}", "a word is missing")
    for one, other in (*_OPPOSITES, *(pair[::-1] for pair in _OPPOSITES)):
        changed = re.sub(rf"\b{one}\b", other, gold, count=1, flags=re.IGNORECASE)
        yield from [Case("opposite", f"Answer: {changed}", f"{other} instead of {one}")] * (changed != gold)
    for one, other in (*_PREFIXES, *(pair[::-1] for pair in _PREFIXES)):
        changed = re.sub(rf"\b{one}(?=[a-z])", other, gold, count=1, flags=re.IGNORECASE)
        yield from [Case("opposite", f"Answer: {changed}", f"{other}- instead of {one}-")] * (changed != gold)


def _isomers(gold: str) -> Iterator[Case]:
    digits = re.findall(r"\d", gold)
    if len(digits) == 1 and not is_code(gold):
        place = gold.index(digits[0])
        other = "1" if digits[0] != "1" else "2"
        yield Case("isomer", f"Answer: {gold[:place]}{other}{gold[place + 1 :]}", "another number in the name")
    for one, other in (("(R)", "(S)"), ("(S)", "(R)"), ("(E)", "(Z)"), ("(Z)", "(E)"), ("D-", "L-"), ("L-", "D-")):
        if gold.startswith(one):
            yield Case("isomer", f"Answer: {other}{gold.removeprefix(one)}", f"{other} instead of {one}")


def _structures(gold: str) -> Iterator[Case]:
    yield Case("isomer", f"Answer: C{gold}", "one carbon more")
    yield Case("isomer", f"Answer: {gold}C", "one carbon more")
    if _STEREO.search(gold):
        changed = _STEREO.sub(lambda found: "@" if found.group() == "@@" else "@@", gold, count=1)
        yield Case("isomer", f"Answer: {changed}", "one stereocentre is turned")
    for one, other in (("O", "N"), ("N", "O"), ("Cl", "Br"), ("F", "Cl")):
        if one in gold and f"[{one}" not in gold:
            yield Case("isomer", f"Answer: {gold.replace(one, other, 1)}", f"{other} instead of {one}")
