"""Second graders of licences: license-expression's own parser, equivalence and index."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from srm_core.records import Problem

from .second_citations import bare

_QUOTED = re.compile(r"'([^']+)'")
_ALLOWED = {  # policy -> categories it lets ship
    "Open": {"Permissive", "Public Domain", "Copyleft Limited"},
    "Strict": {"Permissive", "Public Domain"},
    "Share": {"Permissive", "Copyleft Limited", "Copyleft"},
}


def equivalence_agrees(problem: Problem, answer: str) -> bool:
    """Say whether license-expression finds the two quoted expressions equivalent as ``answer`` says."""
    one, other = _QUOTED.findall(problem.question)
    same = _licensing().is_equivalent(one, other)
    return bare(answer).casefold().rstrip(".") == ("yes" if same else "no")


def spdx_agrees(problem: Problem, answer: str) -> bool:
    """Say whether the index knows ``answer`` under another identifier that stands in the question."""
    row = _rows().get(bare(answer).casefold())
    return row is not None and any(_stands(name, problem.question) for name in _names(row))


def category_agrees(problem: Problem, answer: str) -> bool:
    """Say whether the longest identifier in the question is of the category that ``answer`` names."""
    return bool(_row_in(problem.question)["category"] == bare(answer))


def policy_agrees(problem: Problem, answer: str) -> bool:
    """Say whether the policy in the question lets the category of the licence in it ship."""
    policy = re.search(r"Policy (\w+)", problem.question)
    if policy is None:
        return False
    allowed = _row_in(problem.question)["category"] in _ALLOWED[policy[1]]
    return bare(answer).casefold().rstrip(".") == ("yes" if allowed else "no")


def _row_in(question: str) -> dict[str, Any]:
    held = [(len(name), row) for row in _rows().values() for name in (row["spdx_license_key"], *_names(row))
            if name in question and _stands(name, question)]  # fmt: skip
    return max(held, key=lambda pair: pair[0])[1]


def _names(row: dict[str, Any]) -> tuple[str, ...]:
    return (row["license_key"], *row["other_spdx_license_keys"])


def _stands(name: str, question: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", question) is not None


@cache
def _rows() -> dict[str, dict[str, Any]]:
    text = files("license_expression").joinpath("data/scancode-licensedb-index.json").read_text(encoding="utf-8")
    rows = [row for row in json.loads(text) if row.get("spdx_license_key") and not row["is_deprecated"]]
    return {row["spdx_license_key"].casefold(): row for row in rows}


@cache
def _licensing() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()
