"""A pack's kinds with a worked example each; ``python -m srm_core.reports.kinds PACK PAGE`` writes them into a page."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..config import PackConfig
from ..host import Host
from ..prompts import user_turn
from ..records import Kind, Problem
from ..testing.fakes import DictKnowledge
from ..workspace import cache_dir

HEADING = "## The kinds\n"
BOOKS = {
    "open": "Open book",
    "formula": "Formula in the prompt",
    "closed": "Closed book: reported apart, never in the headline",
}
SHOWN = PackConfig(per_kind=12, max_documents=100)


def kinds_section(kinds: Sequence[Kind], examples: Mapping[str, Problem]) -> str:
    """Return the section: of each kind its title, anchor and graders, and the prompt and solution of its example."""
    parts = [HEADING]
    for kind in kinds:
        graders = f"Second grader: {kind.second_grader}." if kind.second_grader else "Single grader."
        core = " In the draft set." if kind.core else ""
        about = f"{BOOKS[kind.book]}. Anchor: {kind.anchor}. Shared on purpose: {kind.shared}. {graders}{core}"
        parts += [f"### `{kind.name}`: {kind.title}\n", f"{about}\n"]
        if kind.name in examples:
            problem = examples[kind.name]
            parts.append(f"```text\n{user_turn(problem, problem.evidence)}\n\n{problem.solution}\n```\n")
    return "\n".join(parts)


def examples_of(pack: str) -> dict[str, Problem]:
    """Return the shortest of the first problems of each kind that needs no corpus."""
    found: dict[str, Problem] = {}
    for problem in Host(pack).problems(DictKnowledge(), SHOWN.model_copy(update={"cache": str(cache_dir())})):
        best = found.get(problem.kind)
        if best is None or _length(problem) < _length(best):
            found[problem.kind] = problem
    return found


def _length(problem: Problem) -> tuple[int, str]:
    return len(user_turn(problem, problem.evidence)) + len(problem.solution), problem.id


def main(pack: str, page: Path) -> None:
    """Replace the last section of ``page``, the one about kinds."""
    before, found, _ = page.read_text(encoding="utf-8").partition(HEADING)
    if not found:
        raise SystemExit(f"{page} has no line {HEADING.strip()!r}")
    page.write_text(before + kinds_section(Host(pack).pack().kinds, examples_of(pack)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
