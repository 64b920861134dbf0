"""The page of the finance pack shows what the pack really asks."""

from __future__ import annotations

from pathlib import Path

from srm_core.host import Host
from srm_core.reports.kinds import HEADING, examples_of, kinds_section

PAGE = Path(__file__).parents[3] / "docs" / "finance.md"


def test_the_page_shows_one_worked_example_of_each_kind_as_the_student_sees_it() -> None:
    examples = examples_of("finance")
    kinds = Host("finance").pack().kinds
    assert {kind.name for kind in kinds} - set(examples) == {"term_definition", "definition_of", "price_series"}
    _, _, written = PAGE.read_text(encoding="utf-8").partition(HEADING)
    assert HEADING + written == kinds_section(kinds, examples), (
        "write it anew: python -m srm_core.reports.kinds finance docs/finance.md"
    )
