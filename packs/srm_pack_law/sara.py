"""SARA (Holzenberger, Blair-Stanek and Van Durme 2020): tax in dollars, and entailment from sections of the Code.

A number counts within 10 % of the gold, as LegalBench grades its task ``sara_numeric``; entailment by its label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from srm_core.errors import ConfigError
from srm_core.records import ChoiceKey, EvalItem, FormulaKey, Problem

LABELS = ("Entailment", "Contradiction")
TOLERANCE = 0.1
_CASE = re.compile(r"% Text\s*\n(?P<text>.*?)% Question\s*\n(?P<question>.*?)(?:\n\s*%|\n\s*\n|\Z)", re.DOTALL)
_DOLLARS = re.compile(r"(?P<asked>.*\?)\s*\$(?P<gold>\d+)\s*", re.DOTALL)
_LABEL = re.compile(rf"(?P<asked>.*)\s(?P<gold>{'|'.join(LABELS)})\.?\s*", re.DOTALL)


def sara(folder: Path) -> Iterator[EvalItem]:
    """Yield the suites "sara-numeric" and "sara-entailment" from the cases in ``folder``, by file name.

    Raises:
        ConfigError: a file is not a case as published.
    """
    for file in sorted(folder.glob("*.pl")):
        problem = read_case(file)
        suite = problem.kind.replace("_", "-")
        yield EvalItem(suite=suite, problem=problem, parents=(problem.id,))


def read_case(file: Path) -> Problem:
    """Return the case in ``file``. Raises `ConfigError` if text, question or gold is missing."""
    try:
        found = _CASE.search(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} is no case of SARA: {error}") from None
    if found is None:
        raise ConfigError(f"{file} is no case of SARA: it has no text and question")
    text, question = _bare(found["text"]), _bare(found["question"])
    dollars, label = _DOLLARS.fullmatch(question), _LABEL.fullmatch(question)
    anchor = f"sara:{file.stem}"
    if dollars is not None:
        gold = float(dollars["gold"])
        key = FormulaKey(
            formula="sara", inputs={}, unit="dollars", low=gold * (1 - TOLERANCE), high=gold * (1 + TOLERANCE)
        )
        asked = f"{text} {dollars['asked']} Answer in dollars."
        return Problem(
            kind="sara_numeric", question=asked, answer=f"{gold:.0f} dollars", anchor=anchor, key=key, split="test"
        )
    if label is None:
        raise ConfigError(f"{file} is no case of SARA: its question ends in no gold")
    asked = f"{text} Claim: {label['asked'].strip()} Answer Entailment or Contradiction."
    choice = ChoiceKey(index=LABELS.index(label["gold"]))
    return Problem(
        kind="sara_entailment", question=asked, answer=label["gold"], anchor=anchor, key=choice, split="test"
    )


def _bare(text: str) -> str:
    return " ".join(line.lstrip("% ").strip() for line in text.strip().splitlines() if line.strip())
