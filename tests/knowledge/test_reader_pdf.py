"""PDF by pypdf, the extra ``pdf``. The files are written by hand here."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from srm_knowledge.corpus import scan
from srm_knowledge.readers import pdf as pdf_module
from srm_knowledge.readers.parsed import Parsed, Unreadable
from srm_knowledge.readers.pdf import NEEDS, read_pdf

from srm_core.config import Corpus


def pdf(content: bytes, filters: str = "") -> bytes:
    """A PDF of one page whose content stream is ``content``."""
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), filters.encode(), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Title(A small file)>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 7\n0000000000 65535 f \n"
    return out + head + table + b"trailer<</Size 7/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF" % len(out)


TEXT = b"BT /F 12 Tf 20 200 Td (Bones are or-) Tj 0 -14 Td (gans of the body.) Tj ET"


def test_without_pypdf_a_pdf_is_set_aside_with_the_command_that_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(pdf_module, "import_module", missing)
    with pytest.raises(Unreadable, match="pip install 'srm-sdk\\[pdf\\]'"):
        list(read_pdf(pdf(TEXT)))


def test_the_text_layer_is_read_and_cut_words_are_joined() -> None:
    pytest.importorskip("pypdf")
    assert list(read_pdf(pdf(TEXT))) == [Parsed("A small file", ("Bones are organs of the body.",))]


def test_a_page_without_text_and_damaged_files_are_unreadable() -> None:
    pytest.importorskip("pypdf")
    with pytest.raises(Unreadable, match="no text layer"):
        list(read_pdf(pdf(b"0 0 m 9 9 l S")))
    for data in (b"", b"%PDF-1.4", pdf(TEXT)[:200], b"%PDF-1.4\n" + b"\xff" * 500):
        with pytest.raises(Unreadable):
            list(read_pdf(data))


def test_a_pdf_bomb_is_set_aside_by_the_worker(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    bomb = zlib.compress(zlib.compress(bytes(1 << 30), 9), 9)
    (tmp_path / "bomb.pdf").write_bytes(pdf(bomb, "/Filter[/FlateDecode/FlateDecode]"))
    documents, (aside,) = scan(Corpus(path=str(tmp_path), licence="CC0-1.0"))
    assert documents == []
    assert aside.reason


def test_the_corpus_reads_a_pdf_or_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(TEXT))
    documents, quarantined = scan(Corpus(path=str(tmp_path), licence="CC0-1.0"))
    if documents:
        assert documents[0].text == "Bones are organs of the body."
    else:
        assert [item.reason for item in quarantined] == [NEEDS]


@pytest.mark.parametrize(
    ("block", "joined"),
    [("or-\ngans", "organs"), ("self-\nMade", "self- Made"), ("one\ntwo", "one two"), ("2-\n3", "2- 3")],
)
def test_words_cut_at_line_ends_are_joined_between_small_letters_only(block: str, joined: str) -> None:
    assert pdf_module._joined(block) == joined


def test_half_surrogates_and_controls_of_broken_fonts_are_dropped() -> None:
    assert pdf_module._clean("a\ud800b\x01\n\tc") == "ab\n\tc"
