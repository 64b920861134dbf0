from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from srm_knowledge import folder as folder_module
from srm_knowledge.corpus import scan
from srm_knowledge.hooks import srm_documents

from srm_core.config import Corpus, PackConfig
from srm_core.errors import ConfigError
from srm_core.records import Document

DOCTYPE = '<!DOCTYPE document [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><document><content><para>&b;</para></content></document>'
DEEP = "<document><content>" + "<section>" * 30_000 + "</section>" * 30_000 + "</content></document>"
NASTY: dict[str, bytes] = {
    "01-empty.txt": b"",
    "02-blank.md": b" \n\t\n",
    "03-binary.txt": b"GIF89a\x00\x01\x02",
    "04-latin1.txt": "caf\u00e9 au lait".encode("latin-1"),
    "05-utf16.txt": "hello".encode("utf-16"),
    "06-controls.txt": b"\x01\x02\x03\x04 abc \x05",
    "07-bom-only.txt": b"\xef\xbb\xbf",
    "08-program.exe": b"MZ",
    "09-no-suffix": b"text",
    "10-doctype.cnxml": DOCTYPE.encode(),
    "11-broken.cnxml": b"<document><content>",
    "12-other-root.cnxml": b"<html/>",
    "13-deep.cnxml": DEEP.encode(),
    "14-empty.cnxml": b"<document><content/></document>",
    "15-only-script.html": b"<script>alert(1)</script>",
    ".hidden.txt": b"hidden",
    "LICENSE": b"CC BY",
    "README.md": b"# About",
    "SOURCE.txt": b"repo: x",
    "book.collection.xml": b"<collection/>",
}
GOOD = {"a.txt": "A plain text.", "sub/b.md": "# B\n\nA paragraph.", "sub/deep/c.html": "<p>C page</p>"}


@pytest.fixture
def torture(tmp_path: Path) -> Path:
    root = tmp_path / "corpus"
    for name, data in NASTY.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    for name, text in GOOD.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    with (root / "16-huge.txt").open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    os.mkfifo(root / "17-pipe.txt")
    (root / "18-loop").symlink_to(root, target_is_directory=True)
    (root / "19-dangling.txt").symlink_to(root / "nowhere.txt")
    (root / "20-self.txt").symlink_to(root / "20-self.txt")
    (root / "21-copy.txt").write_text("A plain text.")
    return root


def test_every_nasty_file_is_set_aside_with_its_reason_and_the_rest_goes_on(torture: Path) -> None:
    documents, quarantined = scan(Corpus(path=str(torture), licence="CC0-1.0"))
    assert [document.path for document in documents] == ["21-copy.txt", "a.txt", "sub/b.md", "sub/deep/c.html"]
    reasons = {item.path: item.reason for item in quarantined}
    assert set(reasons) == {*NASTY, "16-huge.txt", "17-pipe.txt", "18-loop", "19-dangling.txt", "20-self.txt"}
    assert reasons["04-latin1.txt"] == "not UTF-8 (byte 0xe9 at offset 3)"
    assert "NUL" in reasons["03-binary.txt"]
    assert "NUL" in reasons["05-utf16.txt"]
    assert "control" in reasons["06-controls.txt"]
    assert reasons["01-empty.txt"] == reasons["02-blank.md"] == reasons["07-bom-only.txt"] == "empty"
    assert "DTD" in reasons["10-doctype.cnxml"]
    assert "not well-formed" in reasons["11-broken.cnxml"]
    assert reasons["13-deep.cnxml"] == "nested too deeply"
    assert reasons["14-empty.cnxml"] == reasons["15-only-script.html"] == "no text in it"
    assert reasons["16-huge.txt"].startswith("larger than 20 MB")
    assert reasons["17-pipe.txt"] == "not a regular file"
    assert "not followed" in reasons["18-loop"]
    assert "no part of it" in reasons["LICENSE"]
    assert "contents" in reasons["book.collection.xml"]


def test_the_hook_yields_documents_and_logs_what_was_set_aside(torture: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = PackConfig(corpus=(Corpus(path=str(torture), licence="CC0-1.0"),))
    with caplog.at_level(logging.WARNING, "srm.quarantine"):
        documents = list(srm_documents(config))
    assert len(documents) == 4  # the copy is a duplicate, which cleaning says
    assert all(isinstance(document, Document) for document in documents)
    assert len(caplog.records) == len(NASTY) + 5
    assert "01-empty.txt: empty" in caplog.messages


def test_a_file_without_permission_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("secret")

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(folder_module, "_bytes", refuse)  # the tests may run as root, whom nothing is denied
    _, quarantined = scan(Corpus(path=str(tmp_path), licence="CC0-1.0"))
    assert quarantined[0].reason == "cannot be read: Permission denied"


def test_a_folder_that_cannot_be_listed_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open.txt").write_text("An open text.")
    listing = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    documents, quarantined = scan(Corpus(path=str(tmp_path), licence="CC0-1.0"))
    assert len(documents) == 1
    assert [(item.path, item.reason) for item in quarantined] == [("closed", "cannot be listed: Permission denied")]


def test_a_corpus_without_a_licence_is_refused_and_the_licence_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(ConfigError, match="--licence"):
        scan(Corpus(path=str(tmp_path), licence=" "))


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        scan(Corpus(path=str(tmp_path / "nowhere"), licence="CC0-1.0"))


def test_text_is_normalized_and_keeps_its_source(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Title\r\n\r\ncafe\u0301 one\r\n\r\nsecond".encode())
    (document,) = scan(Corpus(path=str(tmp_path / "a.txt"), licence="CC-BY-4.0", name="notes"))[0]
    assert document.text == "Title\n\ncaf\u00e9 one\n\nsecond"
    assert (document.title, document.path, document.breaks) == ("Title", "a.txt", (7, 17))
    assert (document.source.name, document.source.licence) == ("notes", "CC-BY-4.0")


def test_the_openstax_books_come_in_whole(shared_corpora: Path) -> None:
    documents, quarantined = scan(Corpus(path=str(shared_corpora / "medical"), licence="CC-BY-4.0"))
    assert len(documents) == 198
    assert len(quarantined) == 4  # licence, readme, source, table of contents
    assert sum(len(document.text) for document in documents) > 2_500_000
    joints = next(document for document in documents if document.title == "Classification of Joints")
    assert "amphiarthrosis: slightly mobile joint" in joints.text
    assert all(joints.text[at - 2 : at] == "\n\n" for at in joints.breaks)
