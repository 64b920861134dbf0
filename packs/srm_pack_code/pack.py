"""Who the pack is: what it is for, and what it is not."""

from __future__ import annotations

from srm_core.records import Pack

from .problems.kinds import all_kinds
from .settings import CodeSettings

VERSION = "0.1.0"


def pack() -> Pack:
    """Return the description of the pack."""
    return Pack(
        name="code",
        title="Small Python programs: predict, trace, repair, complete and write",
        version=VERSION,
        intended_use=(
            "Research and teaching: predicting what short Python programs give, tracing loops, repairing, completing "
            "and writing functions of a few lines, each answer judged by running it in a sandbox."
        ),
        out_of_scope=(
            "It is no programmer and no code review. Whole applications, security decisions, code that is run "
            "without a sandbox or without a person who reads it; languages other than Python 3.11; questions in "
            "languages other than English."
        ),
        system_prompt="Answer the question from the facts. End with 'Answer:'.",
        kinds=all_kinds(),
        attributes=("author identity", "comment tone"),
        subject="author",
        settings=CodeSettings,
    )
