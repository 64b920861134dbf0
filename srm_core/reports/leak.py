"""The leak certificate: what the test items share with what was trained on, at four levels.

Facts: a training problem of an open or closed-book kind that uses a fact which decides a test answer; a formula said
to be unseen all of whose lines were trained on. Text: runs of 8 words and of 64 characters (HuatuoGPT-o1 removes by
64 characters, open-r1 by 8 words) that stand in a test question and in a training question, but are no template: a
run that belongs to problems of many anchors is wording, not content. Where formulas are shared on purpose, wording is
too: there a run counts only if the formula's inputs are the same. Meaning: training questions of the same answer,
numbers and codes that say nearly the same, by cosine similarity, where an embedder can be had.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..errors import ModelError
from ..records import EvalItem, FormulaKey, Problem, digest

WORDS, CHARACTERS = 8, 64
TEMPLATE_ANCHORS = 3  # a run of text shared by more anchors than this is wording
NEAR = 0.9  # cosine similarity; other problems of the medical pack with equal particulars stay below 0.85
EMBEDDED = 1000  # training questions compared by meaning at most
EXAMPLES = 5
Run = tuple[str, str]  # (inputs it counts with, text)
Embed = Callable[[Sequence[str]], Any]  # unit vectors (n, d); raises `ModelError` if it cannot be had

_NUMBERED = re.compile(r"[A-Za-z]*\d[\w.,]*\w|[A-Za-z]*\d")  # E77.8, 1,200, B12, 5
_WORD = re.compile(r"\S+")
_SPACE = re.compile(r"\s+")


def certificate(
    problems: Sequence[Problem], items: Sequence[EvalItem], *, formulas: set[str], embed: Embed | None = None
) -> dict[str, Any]:
    """Return set sizes, hashes, and number and first examples of leaks at each level; ``clean`` is the conclusion.

    ``embed`` is called only if a training problem has kind, answer, numbers and codes of a test problem. A level that
    could not be checked is named in ``not_checked``.
    """
    train = [problem for problem in problems if problem.split == "train"]
    test = [problem for problem in problems if problem.split == "test"] + [item.problem for item in items]
    levels: dict[str, list[str]] = {
        "fact": _facts(train, test, formulas),
        "exact": _exact(train, test),
        f"{WORDS} words": _runs(train, test, _word_runs, formulas),
        f"{CHARACTERS} characters": _runs(train, test, _character_runs, formulas),
    }
    compared = _alike(train, test)
    unchecked = []
    try:
        if embed is None:
            raise ModelError("no embedder")
        levels["meaning"] = _near(compared, test, embed)
    except ModelError as error:
        unchecked = [f"meaning ({error})"]
    return {
        "train": len(train),
        "test": len(test),
        "train_hash": digest(sorted(problem.id for problem in train)),
        "test_hash": digest(sorted(problem.id for problem in test)),
        "levels": {name: {"leaks": len(found), "examples": found[:EXAMPLES]} for name, found in levels.items()},
        "compared_by_meaning": 0 if unchecked else len(compared),
        "not_checked": unchecked,
        "clean": not any(levels.values()),
    }


def _facts(train: Sequence[Problem], test: Sequence[Problem], formulas: set[str]) -> list[str]:
    used = {fact for problem in train if problem.kind not in formulas for fact in problem.facts}
    stated = {fact for problem in train if problem.kind in formulas for fact in problem.facts}
    found = []
    for problem in test:
        if problem.kind not in formulas:
            leaks = not used.isdisjoint(problem.facts)
        else:  # an unseen formula may stand beside a conversion that was trained, not beside nothing else
            leaks = "unseen" in problem.tags.values() and stated.issuperset(problem.facts)
        if leaks:
            found.append(problem.id)
    return found


def _exact(train: Sequence[Problem], test: Sequence[Problem]) -> list[str]:
    seen = {_folded(_content(problem)) for problem in train}
    return [problem.id for problem in test if _folded(_content(problem)) in seen]


def _runs(
    train: Sequence[Problem], test: Sequence[Problem], runs: Callable[[str], set[str]], formulas: set[str]
) -> list[str]:
    """Return test problems with a telling run; that of a formula tells only together with the same inputs."""

    def marked(problem: Problem) -> set[Run]:
        mark = _inputs(problem) if problem.kind in formulas else ""
        return {(mark, run) for run in runs(_folded(problem.question))}

    asked = {problem.id: marked(problem) for problem in test}
    anchors: dict[Run, set[str]] = {run: set() for shared in asked.values() for run in shared}
    trained: set[Run] = set()
    for problem in test:
        for run in asked[problem.id]:
            anchors[run].add(problem.anchor)
    for problem in train:
        own = marked(problem)
        for run in (own | {("", text) for _, text in own}) & anchors.keys():
            anchors[run].add(problem.anchor)
            trained.add(run)
    telling = {run for run in trained if len(anchors[run]) <= TEMPLATE_ANCHORS}
    return [number for number, shared in asked.items() if not telling.isdisjoint(shared)]


def _alike(train: Sequence[Problem], test: Sequence[Problem]) -> list[Problem]:
    """Return the training problems that have `_particulars` of a test problem, at most `EMBEDDED`, spread over ids."""
    wanted = {_particulars(problem) for problem in test}
    found = sorted((problem for problem in train if _particulars(problem) in wanted), key=lambda p: digest(p.id))
    return found[:EMBEDDED]


def _particulars(problem: Problem) -> tuple[str, ...]:
    """Return what a paraphrase keeps: kind, answer, inputs, and numbers and codes, which vectors hardly tell apart."""
    return (problem.kind, problem.answer, _inputs(problem), *_numbers(problem))


def _inputs(problem: Problem) -> str:
    inputs = problem.key.inputs if isinstance(problem.key, FormulaKey) else _numbers(problem)
    return digest(inputs)


def _numbers(problem: Problem) -> list[str]:
    return sorted(_NUMBERED.findall(problem.question))


def _near(train: Sequence[Problem], test: Sequence[Problem], embed: Embed) -> list[str]:
    """Return test problems with a near-identical question among ``train``, all of `_particulars` the same."""
    there = {_particulars(problem) for problem in train}
    asked = [problem for problem in test if _particulars(problem) in there]
    if not asked:
        return []
    texts = sorted({problem.question for problem in [*asked, *train]})
    place = {text: number for number, text in enumerate(texts)}
    vectors = embed(texts)
    found = []
    for problem in asked:
        same = [place[p.question] for p in train if _particulars(p) == _particulars(problem)]
        if (vectors[same] @ vectors[place[problem.question]]).max() >= NEAR:
            found.append(problem.id)
    return found


def _content(problem: Problem) -> str:
    return " ".join([problem.question, *problem.choices, *(item.text for item in problem.evidence)])


def _folded(text: str) -> str:
    return _SPACE.sub(" ", text.casefold()).strip()


def _word_runs(text: str) -> set[str]:
    words = text.split(" ")
    return {" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)}


def _character_runs(text: str) -> set[str]:
    """Return the shortest runs of whole words with at least `CHARACTERS`, and every run inside a longer word.

    A run cut inside a word would take a template and the first letters of what fills it for content.
    """
    words = list(_WORD.finditer(text))
    ends = [word.end() for word in words]
    found = set()
    for word in words:
        last = bisect_left(ends, word.start() + CHARACTERS)
        if last < len(ends):
            found.add(text[word.start() : ends[last]])
        found |= {word.group()[i : i + CHARACTERS] for i in range(len(word.group()) - CHARACTERS + 1)}
    return found


def total_leaks(leak: dict[str, Any], levels: Iterable[str]) -> int:
    """Return how many leaks a certificate holds at the given levels."""
    return sum(leak["levels"][level]["leaks"] for level in levels if level in leak.get("levels", {}))
