"""MBPP and its sanitized part as suites, read as their authors publish them. Nothing here is ever trained on.

After: Austin et al. 2021, Program Synthesis with Large Language Models. As there, the prompt shows the task and its
asserts; what is graded are pairs of arguments and values taken from the asserts by their syntax tree, never the
asserts themselves, because those run beside the answer and can be fooled.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.records import EvalItem, Problem

from .asserts import NotAPair, key_of
from .settings import settings_of

_log = logging.getLogger(__name__)
FILES = {"mbpp": "code-mbpp/mbpp.jsonl", "mbpp-sanitized": "code-mbpp-sanitized/sanitized-mbpp.json"}


@dataclass(frozen=True)
class Imported:
    """The items of a file, and how many rows were left out, by reason."""

    items: tuple[EvalItem, ...]
    left_out: Counter[str]


def evals(config: PackConfig) -> Iterator[EvalItem]:
    """Yield the suites "mbpp" and "mbpp-sanitized" where ``own.bench`` names their folder; nothing if it is unset.

    Raises:
        ConfigError: ``own.bench`` is set but neither suite lies there.
    """
    bench = settings_of(config.own).bench
    if not bench:
        return
    found = {suite: Path(bench) / file for suite, file in FILES.items() if (Path(bench) / file).is_file()}
    if not found:
        raise ConfigError(f"own.bench = {bench!r}: it holds neither {' nor '.join(FILES.values())}")
    for suite, file in found.items():
        imported = read_mbpp(file, suite)
        for reason, count in imported.left_out.items():
            _log.info("%s: %d rows left out: %s", file.name, count, reason)
        yield from imported.items


def read_mbpp(file: Path, suite: str) -> Imported:
    """Read one published file, JSON lines or a JSON list.

    Raises:
        ConfigError: the file is not what MBPP publishes.
    """
    items: list[EvalItem] = []
    left_out: Counter[str] = Counter()
    try:
        text = file.read_text(encoding="utf-8")
        rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
        for row in rows:
            try:
                problem = _problem(row, suite)
            except NotAPair as error:
                left_out[str(error)] += 1
            else:
                items.append(EvalItem(suite=suite, problem=problem, parents=(problem.id,)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{file} is not a file of MBPP: {error!r}") from None
    return Imported(tuple(items), left_out)


def _problem(row: dict[str, Any], suite: str) -> Problem:
    if row.get("test_setup_code"):
        raise NotAPair("tests with code of their own")
    asserts: list[str] = row["test_list"]
    task = str(row.get("text") or row["prompt"])
    return Problem(
        kind=suite,
        question=f"{task} Your code should satisfy these tests:\n" + "\n".join(asserts),
        answer=str(row["code"]).replace("\r\n", "\n").strip(),
        anchor=f"mbpp:{row['task_id']}",
        key=key_of(asserts),
        split="test",
    )
