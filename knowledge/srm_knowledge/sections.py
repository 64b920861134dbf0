"""The model card's part on sources and licences."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.records import BuildManifest, Section, Source


def sections(manifest: BuildManifest) -> Iterator[Section]:
    """Yield the table of every source with its licence; nothing when the build had none."""
    unique = {(source.name, source.version, source.licence): source for source in manifest.sources}
    if unique:
        rows = "\n".join(_row(unique[key]) for key in sorted(unique))
        licences = ", ".join(sorted({_cell(source.licence) for source in unique.values()}))
        head = f"Facts and passages come from {len(unique)} source(s), under: {licences}.\n\n"
        table = "| Source | Version | Licence | Address |\n| --- | --- | --- | --- |\n"
        yield Section(title="Sources and licences", body=head + table + rows)


def _row(source: Source) -> str:
    return f"| {_cell(source.name)} | {_cell(source.version)} | {_cell(source.licence)} | {_cell(source.url or '')} |"


def _cell(text: str) -> str:
    """Return ``text`` fit for a cell: one line, no bar that would end it, no markup."""
    flat = " ".join(text.split())
    for mark in "\\|<>`*_[]":
        flat = flat.replace(mark, "\\" + mark)
    return flat or "–"
