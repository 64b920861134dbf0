"""Published benchmarks as suites, read as their authors publish them. Nothing here is ever trained on."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.records import ChoiceKey, Document, EvalItem, Evidence, Problem, Source

from .settings import settings_of

_log = logging.getLogger(__name__)
DECISIONS = ("yes", "no", "maybe")
PUBMEDQA = Source(name="PubMedQA PQA-L", licence="MIT", url="https://github.com/pubmedqa/pubmedqa")


def evals(config: PackConfig) -> Iterator[EvalItem]:
    """Yield the suites "pubmedqa" and "medcalc-bench" where ``own.bench`` names their folder; nothing if it is unset.

    Raises:
        ConfigError: ``own.bench`` is set but neither suite lies there.
    """
    bench = settings_of(config.own).bench
    if not bench:
        return
    questions = Path(bench) / "medical-pubmedqa" / "ori_pqal.json"
    rows = Path(bench) / "medical-medcalc-bench"
    if not questions.is_file() and not rows.is_dir():
        raise ConfigError(
            f"own.bench = {bench!r}: it holds neither medical-pubmedqa/ori_pqal.json nor medical-medcalc-bench/"
        )
    if questions.is_file():
        yield from pubmedqa(questions)
    if rows.is_dir():
        yield from medcalc(rows)


def pubmedqa(file: Path) -> Iterator[EvalItem]:
    """Yield one item a question of the expert-labelled set: its abstract without conclusion, answer yes, no or maybe.

    Raises:
        ConfigError: the file is not what PubMedQA publishes.
    """
    try:
        rows: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        problems = [_question(pubmed, row) for pubmed, row in rows.items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{file} is not PubMedQA's ori_pqal.json: {error}") from None
    for problem in problems:
        yield EvalItem(suite="pubmedqa", problem=problem, parents=(problem.id,))


def medcalc(folder: Path) -> Iterator[EvalItem]:
    """Yield the rows of MedCalc-Bench in ``folder``; rows that are left out are counted in the log."""
    from .calculators.medcalc import read_medcalc

    for file in sorted(folder.glob("*.csv")):
        read = read_medcalc(file)
        for reason, count in read.skipped.items():
            _log.info("%s: %d rows left out: %s", file.name, count, reason)
        yield from read.items


def _question(pubmed: str, row: dict[str, Any]) -> Problem:
    passages = [Document(text=text, title=pubmed, source=PUBMEDQA) for text in row["CONTEXTS"]]
    return Problem(
        kind="pubmedqa",
        question=f"{row['QUESTION']} Answer yes, no or maybe.",
        answer=row["final_decision"],
        anchor=f"pubmed:{pubmed}",
        evidence=tuple(Evidence(text=passage.text, cites=(passage.id,)) for passage in passages),
        key=ChoiceKey(index=DECISIONS.index(row["final_decision"])),
        split="test",
    )
