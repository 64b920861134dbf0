"""The leak certificate: what the test items share with what was trained on, at four levels.

Facts: a training problem of an open or closed-book kind that uses a fact which decides a test answer. Text: runs of 8
words and of 64 characters (HuatuoGPT-o1 removes by 64 characters, open-r1 by 8 words) that stand in a test question
and in a training question, but are no template: a run that belongs to problems of many anchors is wording, not content.
Meaning: near-identical training questions with the same answer, by cosine similarity, where an embedder is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..records import EvalItem, Problem, digest

WORDS, CHARACTERS = 8, 64
TEMPLATE_ANCHORS = 3  # a run of text shared by more anchors than this is wording
NEAR = 0.98  # cosine similarity
EXAMPLES = 5
Embed = Callable[[Sequence[str]], Any]  # (n, d) unit vectors

_SPACE = re.compile(r"\s+")


def certificate(
    problems: Sequence[Problem], items: Sequence[EvalItem], *, formulas: set[str], embed: Embed | None = None
) -> dict[str, Any]:
    """Return set sizes, hashes, and number and first examples of leaks at each level; ``clean`` is the conclusion."""
    train = [problem for problem in problems if problem.split == "train"]
    test = [problem for problem in problems if problem.split == "test"] + [item.problem for item in items]
    levels = {
        "fact": _facts(train, test, formulas),
        "exact": _exact(train, test),
        f"{WORDS} words": _runs(train, test, _word_runs),
        f"{CHARACTERS} characters": _runs(train, test, _character_runs),
    }
    if embed is not None:
        levels["meaning"] = _near(train, test, embed)
    return {
        "train": len(train),
        "test": len(test),
        "train_hash": digest(sorted(problem.id for problem in train)),
        "test_hash": digest(sorted(problem.id for problem in test)),
        "levels": {name: {"leaks": len(found), "examples": found[:EXAMPLES]} for name, found in levels.items()},
        "not_checked": [] if embed is not None else ["meaning"],
        "clean": not any(levels.values()),
    }


def _facts(train: Sequence[Problem], test: Sequence[Problem], formulas: set[str]) -> list[str]:
    used = {fact for problem in train if problem.kind not in formulas for fact in problem.facts}
    unseen = {fact for problem in train if problem.kind in formulas for fact in problem.facts}
    found = []
    for problem in test:
        facts = used if problem.kind not in formulas else unseen if "unseen" in problem.tags.values() else set()
        if facts.intersection(problem.facts):
            found.append(problem.id)
    return found


def _exact(train: Sequence[Problem], test: Sequence[Problem]) -> list[str]:
    seen = {_folded(_content(problem)) for problem in train}
    return [problem.id for problem in test if _folded(_content(problem)) in seen]


def _runs(train: Sequence[Problem], test: Sequence[Problem], runs: Callable[[str], set[str]]) -> list[str]:
    anchors: dict[str, set[str]] = {}
    trained: set[str] = set()
    for problem in [*train, *test]:
        for run in runs(_folded(problem.question)):
            anchors.setdefault(run, set()).add(problem.anchor)
    for problem in train:
        trained |= runs(_folded(problem.question))
    found = []
    for problem in test:
        shared = runs(_folded(problem.question)) & trained
        if any(len(anchors[run]) <= TEMPLATE_ANCHORS for run in shared):
            found.append(problem.id)
    return found


def _near(train: Sequence[Problem], test: Sequence[Problem], embed: Embed) -> list[str]:
    """Return test problems with a near-identical training question whose answer is the same."""
    found = []
    for kind in sorted({problem.kind for problem in test}):
        asked = [problem for problem in test if problem.kind == kind]
        known = [problem for problem in train if problem.kind == kind]
        if not known:
            continue
        similarity = embed([p.question for p in asked]) @ embed([p.question for p in known]).T
        for row, problem in enumerate(asked):
            near = [known[int(i)] for i in (similarity[row] >= NEAR).nonzero()[0]]
            found += [problem.id] if any(other.answer == problem.answer for other in near) else []
    return found


def _content(problem: Problem) -> str:
    return " ".join([problem.question, *problem.choices, *(item.text for item in problem.evidence)])


def _folded(text: str) -> str:
    return _SPACE.sub(" ", text.casefold()).strip()


def _word_runs(text: str) -> set[str]:
    words = text.split(" ")
    return {" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)}


def _character_runs(text: str) -> set[str]:
    return {text[i : i + CHARACTERS] for i in range(len(text) - CHARACTERS + 1)}


def total_leaks(leak: dict[str, Any], levels: Iterable[str]) -> int:
    """Return how many leaks a certificate holds at the given levels."""
    return sum(leak["levels"][level]["leaks"] for level in levels if level in leak.get("levels", {}))
