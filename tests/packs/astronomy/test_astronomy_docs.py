"""The page of the astronomy pack shows what the pack really asks."""

from __future__ import annotations

from pathlib import Path

from srm_core.host import Host
from srm_core.reports.kinds import HEADING, examples_of, kinds_section

PAGE = Path(__file__).parents[3] / "docs" / "astronomy.md"


def test_the_page_shows_one_worked_example_of_each_kind_as_the_student_sees_it() -> None:
    examples = examples_of("astronomy")
    kinds = Host("astronomy").pack().kinds
    assert {kind.name for kind in kinds} - set(examples) == {"term_definition", "definition_of"}  # need a corpus
    _, _, written = PAGE.read_text(encoding="utf-8").partition(HEADING)
    assert HEADING + written == kinds_section(kinds, examples), (
        "write it anew: python -m srm_core.reports.kinds astronomy docs/astronomy.md"
    )
