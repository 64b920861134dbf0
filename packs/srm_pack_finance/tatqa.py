"""The published TAT-QA set (Zhu et al. 2021, CC BY 4.0) as evaluation items: table rows and paragraphs as evidence.

Gold answers and scales are the benchmark's own. Contexts that a small model cannot read whole are left out and
counted; nothing is cut inside a context, because that could take the answer away.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from srm_core.errors import ConfigError
from srm_core.records import Document, EvalItem, Evidence, FormulaKey, Problem, Source

from .problems.kinds import TATQA
from .tatqa_rules import GOLD, SCALE, gold_amount, gold_text

SUITE = "tatqa"
SOURCE = Source(name="TAT-QA", licence="CC-BY-4.0", url="https://github.com/NExTplusplus/TAT-QA")
LONGEST = 6000  # characters of a table and its paragraphs
ASK_SCALE = "State the scale (thousand, million, billion or percent) if there is one; put ';' between several answers."
TOO_LONG = f"the table and its paragraphs have more than {LONGEST} characters"
NO_GOLD = "the published answer is empty"


@dataclass(frozen=True)
class TatqaItems:
    """What the file gave: items, and how many questions were left out, by reason."""

    items: tuple[EvalItem, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)


def read_tatqa(file: Path) -> TatqaItems:
    """Return the questions of ``file`` as items of the suite ``tatqa``.

    Raises:
        ConfigError: the file is not what TAT-QA publishes.
    """
    items: list[EvalItem] = []
    skipped: Counter[str] = Counter()
    try:
        contexts = json.loads(file.read_text(encoding="utf-8"))
        for context in contexts:
            evidence = tuple(_evidence(context))
            long = sum(len(item.text) for item in evidence) > LONGEST
            for row in context["questions"]:
                problem = None if long else _problem(context, row, evidence)
                if problem is None:
                    skipped[TOO_LONG if long else NO_GOLD] += 1
                else:
                    items.append(EvalItem(suite=SUITE, problem=problem, parents=(problem.id,)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{file} is not TAT-QA's published file: {error}") from None
    return TatqaItems(tuple(items), dict(skipped))


def _evidence(context: Mapping[str, Any]) -> Iterator[Evidence]:
    """Yield the table row by row, cells parted by bars, then the paragraphs in their order."""
    uid = str(context["table"]["uid"])
    for number, row in enumerate(context["table"]["table"]):
        cells = [" ".join(str(cell).split()) for cell in row]
        if any(cells):
            yield _said(" | ".join(cells), f"{uid} row {number}")
    for paragraph in sorted(context["paragraphs"], key=lambda each: each["order"]):
        if paragraph["text"].strip():
            yield _said(" ".join(paragraph["text"].split()), str(paragraph["uid"]))


def _said(text: str, title: str) -> Evidence:
    return Evidence(text=text, cites=(Document(text=text, title=title, source=SOURCE).id,))


def _problem(context: Mapping[str, Any], row: Mapping[str, Any], evidence: tuple[Evidence, ...]) -> Problem | None:
    published = row["answer"] if isinstance(row["answer"], list) else [row["answer"]]
    answers = [str(answer).strip() for answer in published if str(answer).strip()]
    if not answers:
        return None
    scale = str(row["scale"])
    amount = gold_amount(answers[0], scale) if len(answers) == 1 else None
    low, high = (float(amount), float(amount)) if amount is not None else (1.0, 0.0)  # words: no number is right
    inputs: dict[str, float | str] = {SCALE: scale, **{f"{GOLD}{n}": answer for n, answer in enumerate(answers)}}
    unit = "%" if scale == "percent" else scale
    return Problem(
        kind=TATQA,
        question=f"{row['question'].strip()} {ASK_SCALE}",
        answer=gold_text(answers, scale),
        anchor=f"tatqa:{context['table']['uid']}:{row['uid']}",
        evidence=evidence,
        key=FormulaKey(formula=f"tatqa:{row['answer_type']}", inputs=inputs, unit=unit, low=low, high=high),
        tags={"type": str(row["answer_type"]), "from": str(row["answer_from"]), "scale": scale or "none"},
        split="test",
    )
