"""An independent grader of the ICD-10-CM kinds: simple_icd_10_cm's own functions, none of our graph, gold or verifier.

Only the codes that the question is about are taken from the problem.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from srm_core.records import GraphKey, Problem, Trace, Verdict
from srm_core.traces import without_citations

from .icd import icd_package
from .problems.kinds import CALCULATORS, MEDCALC

_TOKEN = re.compile(
    r"chapter-?\s?(\d+)|([A-Z][0-9A][0-9A-Z](?:\.?[0-9A-Z]{1,4})?(?:\s?-\s?[A-Z][0-9A][0-9A-Z])?)\b", re.IGNORECASE
)
_NOTE = re.compile(r"([A-Z][0-9A][0-9A-Z][0-9A-Z.]*)(?:-?\s*-\s*([A-Z][0-9A][0-9A-Z][0-9A-Z.]*))?")


def second_opinion(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the second grader's verdict, or None for kinds that have none."""
    if problem.kind in CALCULATORS or problem.kind == MEDCALC:
        from .calculators.verify import second_opinion as calculator_opinion

        return calculator_opinion(problem, trace)
    grader = _GRADERS.get(problem.kind)
    if grader is None or trace.answer is None or not isinstance(problem.key, GraphKey):
        return None
    codes = {name: _node(curie) for name, curie in problem.key.bindings.items()}
    correct = grader(icd_package(), codes, problem, without_citations(trace.answer))
    return Verdict(correct=correct, reason="" if correct else "simple_icd_10_cm disagrees")


def _node(curie: str) -> str:
    return curie.split(":", 1)[1].removeprefix("chapter-")


def _said(answer: str) -> str:
    found = {(chapter or code).upper().replace(" ", "") for chapter, code in _TOKEN.findall(answer)}
    return found.pop() if len(found) == 1 else ""


def _same(one: str, other: str) -> bool:
    return one.replace(".", "") == other.replace(".", "")


def _above(icd: Any, code: str) -> list[str]:
    return [up for up in icd.get_ancestors(code) if up != code]


def _hierarchy(icd: Any, codes: dict[str, str], _: Problem, answer: str) -> bool:
    return _same(_said(answer), icd.get_parent(icd.get_parent(codes["code"])))


def _term(icd: Any, _: dict[str, str], problem: Problem, answer: str) -> bool:
    said = _said(answer)
    terms = icd.get_inclusion_term(said) if icd.is_valid_item(said) else []
    return any(term.strip() in problem.question for term in terms)


def _together(icd: Any, codes: dict[str, str], _: Problem, answer: str) -> bool:
    barred = _bars(icd, codes["one"], codes["other"]) or _bars(icd, codes["other"], codes["one"])
    return answer.strip().lower().startswith("no" if barred else "yes")


def _bars(icd: Any, one: str, other: str) -> bool:
    carriers = [one, *_above(icd, one)]
    targets = [other, *_above(icd, other)]
    return any(_names(note, target) for c in carriers for note in icd.get_excludes1(c) for target in targets)


def _names(note: str, target: str) -> bool:
    """Say whether a note names ``target``, itself or in a span; notes about single characters name none."""
    if re.search(r" with (?:\.|.*character)", note):
        return False
    low, _, high = target.partition("-")
    spans = [(first.rstrip("."), last.rstrip(".")) for first, last in _NOTE.findall(note)]
    for first, last in spans:
        if not last:
            if target == first:
                return True
        elif first <= low and (high or low)[: len(last)] <= last:
            return True
    return False


def _first(icd: Any, codes: dict[str, str], _: Problem, answer: str) -> bool:
    said = _said(answer)
    notes = [n for up in [codes["code"], *_above(icd, codes["code"])] for n in icd.get_code_first(up).split("\n")]
    offered = [code for name, code in codes.items() if name != "code" and _same(code, said)]
    return bool(offered) and any(_names(note, offered[0]) for note in notes)


def _common(icd: Any, codes: dict[str, str], _: Problem, answer: str) -> bool:
    other = set(_above(icd, codes["two"]))
    nearest = next((up for up in _above(icd, codes["one"]) if up in other), "")
    return _same(_said(answer), nearest)


def _exception(icd: Any, codes: dict[str, str], problem: Problem, answer: str) -> bool:
    inside = {icd.get_description(child) for child in icd.get_children(codes["block"])}
    letter = re.fullmatch(r"\(?([A-D])\)?\.?", answer.strip())
    said = problem.choices["ABCD".index(letter[1])] if letter else re.sub(r"^[A-D]\. ", "", answer.strip().rstrip("."))
    return said in problem.choices and said not in inside


def _describes(icd: Any, codes: dict[str, str], _: Problem, answer: str) -> bool:
    meanings = [icd.get_description(codes["code"]), *icd.get_inclusion_term(codes["code"])]
    return _bare(answer) in {_bare(meaning) for meaning in meanings}


def _bare(text: str) -> str:
    return text.strip().rstrip(".").lower()


_GRADERS: dict[str, Callable[[Any, dict[str, str], Problem, str], bool]] = {
    "code_hierarchy": _hierarchy,
    "lay_term_code": _term,
    "coded_together": _together,
    "code_first": _first,
    "common_ancestor": _common,
    "not_under": _exception,
    "code_description_closed": _describes,
}
