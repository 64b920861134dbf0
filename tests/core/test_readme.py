"""What the README claims comes from a kept run."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_pages_show_the_kept_figures_and_no_others() -> None:
    spec = importlib.util.spec_from_file_location("record", ROOT / "benchmarks" / "record.py")
    assert spec is not None
    assert spec.loader is not None
    record = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(record)
    texts = {page.name: page.read_text(encoding="utf-8") for page in record.pages()}
    assert "<!-- figures of medical-draft -->" in texts["README.md"]
    for name, text in texts.items():
        assert text == record.with_tables(text), f"{name}: python benchmarks/record.py --tables"
        assert len(record.MARKED.findall(text)) == text.count("<!-- end of figures -->")


def test_every_page_that_the_docs_link_exists() -> None:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in page.read_text(encoding="utf-8").split("](")[1:]:
            name = target.partition(")")[0].partition("#")[0]
            if name and "://" not in name:
                assert (page.parent / name).exists(), f"{page.name} links to {name}"
