"""CSV and TSV, Parquet and Arrow: tables stay tables, data sets become a document a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from srm_knowledge.corpus import scan
from srm_knowledge.readers.blocks import pipe_tables
from srm_knowledge.readers.csv_table import read_csv, read_tsv
from srm_knowledge.readers.parquet import read_arrow, read_parquet
from srm_knowledge.readers.parsed import Parsed, Rejected, Unreadable

from srm_core.config import Corpus


def test_a_table_is_a_pipe_table_with_bars_escaped_and_short_rows_filled() -> None:
    assert pipe_tables([["a", "b|c"], ["1\n2"], ["", ""]]) == ["| a | b\\|c |\n| --- | --- |\n| 1 2 |  |"]
    assert pipe_tables([]) == pipe_tables([["", " "]]) == []


def test_a_long_table_repeats_its_head_in_each_block() -> None:
    blocks = pipe_tables([["n"], *([str(at)] for at in range(5))], size=2)
    assert [block.split("\n")[0] for block in blocks] == ["| n |"] * 3
    assert [block.count("\n") - 1 for block in blocks] == [2, 2, 1]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(mark: str) -> None:
    text = f"name{mark}size\nx{mark}1\ny{mark}2\n"
    assert [part.blocks for part in read_csv(text)] == [("| name | size |\n| --- | --- |\n| x | 1 |\n| y | 2 |",)]


def test_quoted_cells_keep_delimiters_and_line_ends_become_blanks() -> None:
    (part,) = read_csv('name,note\nx,"a, b\nc"\n')
    assert isinstance(part, Parsed)
    assert part.blocks == ("| name | note |\n| --- | --- |\n| x | a, b c |",)


def test_rows_of_another_width_are_rejected_by_their_line_and_the_table_stays() -> None:
    parts = list(read_csv("a,b\n1,2\n1,2,3\n4\n5,6\n"))
    assert [(part.place, part.reason) for part in parts if isinstance(part, Rejected)] == [
        (":3", "the row has 3 cells, the head 2"),
        (":4", "the row has 1 cells, the head 2"),
    ]
    assert isinstance(parts[-1], Parsed)
    assert parts[-1].blocks == ("| a | b |\n| --- | --- |\n| 1 | 2 |\n| 5 | 6 |",)


@pytest.mark.parametrize("text", ['a,b\n"never closed,2\n', "a,b\n" + "x" * 200_000 + ",1\n", 'a,b\n"x"y,2\n'])
def test_broken_tables_are_unreadable(text: str) -> None:
    with pytest.raises(Unreadable, match="broken table"):
        list(read_csv(text))


def test_a_table_with_a_column_of_text_is_a_data_set() -> None:
    parts = list(read_tsv("Title\tText\tlabel\nOne\tFirst body\t0\nTwo\t\t1\n"))
    assert parts[0] == Parsed(title="One", blocks=("First body",), place=":2")
    assert isinstance(parts[1], Rejected)


def test_a_table_of_terms_is_a_glossary_too() -> None:
    (part,) = read_csv("term,definition\ntorque,turning force\n")
    assert isinstance(part, Parsed)
    assert part.definitions == (("torque", "turning force"),)


@pytest.fixture
def arrow() -> Any:
    pytest.importorskip("pyarrow")
    import pyarrow
    import pyarrow.ipc
    import pyarrow.parquet

    return pyarrow


def parquet(arrow: Any, columns: dict[str, list[Any]]) -> bytes:
    sink = arrow.BufferOutputStream()
    arrow.parquet.write_table(arrow.table(columns), sink)
    return bytes(sink.getvalue())


def test_parquet_rows_are_documents_and_empty_ones_are_rejected(arrow: Any) -> None:
    data = parquet(arrow, {"id": [1, 2, 3], "content": ["One", None, "Three"], "title": ["A", "B", None]})
    parts = list(read_parquet(data))
    assert parts[0] == Parsed(title="A", blocks=("One",), place=":1")
    assert isinstance(parts[1], Rejected)
    assert parts[2] == Parsed(title="", blocks=("Three",), place=":3")


def test_parquet_without_text_names_its_columns(arrow: Any) -> None:
    with pytest.raises(Unreadable, match="there are: label"):
        list(read_parquet(parquet(arrow, {"label": [1]})))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\xff" * 64 + b"PAR1"])
def test_damaged_parquet_and_arrow_are_unreadable(arrow: Any, data: bytes) -> None:
    for reader in (read_parquet, read_arrow):
        with pytest.raises(Unreadable):
            list(reader(data))


@pytest.mark.parametrize("form", ["new_stream", "new_file"])
def test_arrow_streams_and_files_are_read(arrow: Any, form: str) -> None:
    table, sink = arrow.table({"text": ["One", "Two"]}), arrow.BufferOutputStream()
    with getattr(arrow.ipc, form)(sink, table.schema) as writer:
        writer.write_table(table)
    parts = list(read_arrow(bytes(sink.getvalue())))
    assert parts == [Parsed("", ("One",), place=":1"), Parsed("", ("Two",), place=":2")]


def test_a_saved_data_set_folder_comes_in_by_rows(arrow: Any, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_dict({"text": ["First row.", "Second row."]}).save_to_disk(str(tmp_path / "set"))
    documents, quarantined = scan(Corpus(path=str(tmp_path / "set"), licence="CC0-1.0"))
    assert [document.text for document in documents] == ["First row.", "Second row."]
    assert documents[0].path == "data-00000-of-00001.arrow:1"
    assert {item.reason for item in quarantined} == {"tells about the data set, is no part of it"}
