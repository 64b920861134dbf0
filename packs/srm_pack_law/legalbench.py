"""LegalBench (Guha et al. 2023): tasks with one short label, graded by the label as the benchmark does.

The repository holds the rows that the benchmark shows as examples; they are asked here without one another.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from srm_core.errors import ConfigError
from srm_core.records import ChoiceKey, EvalItem, Problem

TASKS = (
    "abercrombie", "hearsay", "overruling", "personal_jurisdiction", "proa", "ucc_v_common_law", "diversity_1",
    "diversity_2", "diversity_3", "diversity_4", "diversity_5", "diversity_6", "telemarketing_sales_rule",
    "international_citizenship_questions", "nys_judicial_ethics", "function_of_decision_section",
)  # fmt: skip
ROWS = 50  # of a task
_FIELD = re.compile(r"\{\{(\w+)\}\}")
_PROMPT = re.compile(r"^(?:A|Label|Answer|Governed by):\s*$", re.MULTILINE)


def legalbench(folder: Path) -> Iterator[EvalItem]:
    """Yield one suite a task, "legalbench-hearsay" and so on, of those that lie in ``folder``.

    Raises:
        ConfigError: a task is not as published.
    """
    for task in TASKS:
        if (folder / task / "train.tsv").is_file():
            for problem in read_task(folder / task):
                yield EvalItem(suite=f"legalbench-{task}", problem=problem, parents=(problem.id,))


def read_task(folder: Path) -> list[Problem]:
    """Return the rows of a task as problems: what the task says of itself, the row in its own words, the labels.

    Raises:
        ConfigError: the prompt or the table is not as published.
    """
    try:
        blocks = (folder / "base_prompt.txt").read_text(encoding="utf-8").strip().split("\n\n")
        with (folder / "train.tsv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        labels = sorted({row["answer"].strip() for row in rows})
        intro = blocks[0] if "{{" not in blocks[0] and not _is_example(blocks[0]) else ""
        return [_problem(folder.name, intro, blocks[-1], row, labels) for row in rows[:ROWS]]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ConfigError(f"{folder} is no task of LegalBench: {error}") from None


def _is_example(block: str) -> bool:
    return block.startswith(("Q:", "Question:", "Sentence:", "Clause:", "Text:"))


def _problem(task: str, intro: str, block: str, row: Mapping[str, str], labels: list[str]) -> Problem:
    asked = _PROMPT.sub("", _FIELD.sub(lambda field: row[field[1]].strip(), block)).strip()
    said = re.sub(r"^(?:Q|Question|Sentence|Clause|Text|Contract): ", "", asked)
    gold = row["answer"].strip()
    return Problem(
        kind="legalbench",
        question=f"{intro} {said} Answer with one of: {', '.join(labels)}.".strip(),
        answer=gold,
        anchor=f"legalbench:{task}/{row['index']}",
        key=ChoiceKey(index=labels.index(gold)),
        split="test",
    )
