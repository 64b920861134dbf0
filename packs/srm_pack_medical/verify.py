"""Grades answers by kind: codes, yes or no, names, options. What is not exactly one clear answer is wrong."""

from __future__ import annotations

import re
import unicodedata

from srm_core.prompts import LETTERS
from srm_core.records import Problem, Trace, Verdict
from srm_core.traces import without_citations

from .problems.kinds import CALCULATORS, MEDCALC, OWN

CODES = frozenset({"code_hierarchy", "lay_term_code", "code_first", "common_ancestor"})
DECISIONS = frozenset({"coded_together", "pubmedqa"})
CHOICES = frozenset({"not_under"})
NAMES = frozenset(kind.name for kind in OWN) - CODES - DECISIONS - CHOICES

_NODE = r"[a-z][0-9a][0-9a-z]\.?[0-9a-z]{0,4}"
_LEAD = r"(?:the |a |an )?(?:icd-?10(?:-?cm)?:? |icd10cm:)?(?:code|block|category|chapter|group)?:? ?"
_CODE = re.compile(
    rf"{_LEAD}(?P<code>(?:{_NODE}) ?(?:-|–) ?(?:{_NODE})|{_NODE}|chapter[- ]?\d\d?|\d\d?)"
    r"(?: ?(?:[:,(\[]|-|–| )\s*(?P<label>.*?)[)\]]?)?",
    re.IGNORECASE,
)
_DECISION = re.compile(r"(yes|no|maybe)(?:[,.;:]? (?:they|these|the two|the codes|both)\b(.*))?")
_OPTION = re.compile(r"(?:option |choice )?\(?([a-j])\)?(?:[.:)]\s*(.*))?", re.IGNORECASE)
_ARTICLES = re.compile(r"\b(?:the|a|an)\b")


def verify(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the verdict on ``trace.answer``, or None for kinds of other packs and plugins."""
    if problem.kind in CALCULATORS or problem.kind == MEDCALC:
        from .calculators.verify import verify_calculator

        return verify_calculator(problem, trace)
    graders = ((CODES, _code), (DECISIONS, _decision), (CHOICES, _choice), (NAMES, _name))
    for kinds, grader in graders:
        if problem.kind in kinds:
            reason = grader(problem, without_citations(trace.answer or "").strip().strip("*`\"'").strip())
            return Verdict(correct=not reason, reason=reason)
    return None


def plain_code(text: str) -> str:
    """Return a code as compared: upper case, without dot, blanks or long dash; chapters as "CHAPTER4"."""
    bare = text.upper().replace("–", "-").replace(".", "").replace(" ", "")
    return re.sub(r"^(?:CHAPTER-?)?(\d\d?)$", r"CHAPTER\1", bare)


def plain_name(text: str) -> str:
    """Return a name as compared: folded case, without articles, punctuation or accents' differences of encoding."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_ARTICLES.sub(" ", re.sub(r"[^\w\s]|_", " ", folded)).split())


def _code(problem: Problem, answer: str) -> str:
    if plain_name(answer) in {plain_name(label) for label in problem.accept}:
        return ""
    match = _CODE.fullmatch(answer.rstrip(". "))
    if match is None:
        return "not one code"
    if plain_code(match["code"]) != plain_code(problem.answer):
        return "another code"
    label = plain_name(match["label"] or "")
    return "" if not label or label in {plain_name(other) for other in problem.accept} else "the code with other words"


def _decision(problem: Problem, answer: str) -> str:
    match = _DECISION.fullmatch(answer.casefold().rstrip(". !"))
    if match is None:
        return "not yes or no"
    if match[1] != problem.answer:
        return "the other decision"
    said = match[2]
    if said is None:
        return ""
    agrees = bool(re.fullmatch(r" (?:may|can)(?P<no> ?not|not)? be(?: both)? coded(?: together)?", said))
    denies = bool(re.search(r"not\b", said))
    return "" if agrees and denies == (match[1] == "no") else "a decision with other words"


def _choice(problem: Problem, answer: str) -> str:
    if answer.casefold().rstrip(". ") == problem.answer.casefold():  # "A" may be a letter here: articles count
        return ""
    match = _OPTION.fullmatch(answer.rstrip(". "))
    index = LETTERS.find(match[1].upper()) if match else -1
    if match is None or not 0 <= index < len(problem.choices):
        return "not one option"
    if match[2] and plain_name(match[2]) != plain_name(problem.choices[index]):
        return "a letter with the words of another option"
    return "" if problem.choices[index] == problem.answer else "another option"


def _name(problem: Problem, answer: str) -> str:
    said, names = plain_name(answer), (problem.answer, *problem.accept)
    if not said:
        return "no name"
    if _signs(answer) - {sign for name in names for sign in _signs(name)}:
        return "a sign that no name has"  # it may deny what follows
    return "" if said in {plain_name(name) for name in names} else "another name"


def _signs(text: str) -> set[str]:
    return {character for character in text if unicodedata.category(character) in ("Sm", "So", "Sk", "Sc")}
