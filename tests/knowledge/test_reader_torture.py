"""More than sixty files that must not hurt: each is kept or set aside with its reason, in bounded time and memory."""

from __future__ import annotations

import gzip
import io
import os
import resource
import socket
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from srm_knowledge.corpus import scan

from srm_core.config import Corpus

LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + at)} "{("&" + chr(97 + at) + ";") * 10}">' for at in range(9))
    + "]>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
REMOTE = '<!DOCTYPE a [<!ENTITY x SYSTEM "http://192.0.2.1/x">]>'
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def zipped(files: dict[str, bytes | str]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return sink.getvalue()


def tar_of(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info.tobuf() + bytes(2048)


def docx(inside: str) -> bytes:
    return zipped({"word/document.xml": inside})


DEEP = 20_000
REFUSED: dict[str, bytes] = {
    "empty.txt": b"",
    "blank.md": b" \n\t \n",
    "nul.txt": b"a\x00b",
    "picture.txt": b"\x89PNG\r\n\x1a\n\x00\x00",
    "program.bin": b"\x7fELF",
    "no-suffix": b"text",
    "latin1.txt": "na\u00efve".encode("latin-1"),
    "utf16.csv": "a,b".encode("utf-16"),
    "utf32.tex": "a".encode("utf-32"),
    "shift-jis.rst": "\u65e5\u672c\u8a9e".encode("shift-jis"),
    "cut-utf8.html": "<p>caf\u00e9".encode()[:-1],
    "overlong.txt": b"\xc0\xaf",
    "surrogate.txt": b"\xed\xa0\x80",
    "bom.txt": b"\xef\xbb\xbf",
    "controls.md": bytes(range(1, 9)) * 20,
    "laughs.xml": (LAUGHS + "<article><body><p>&j;</p></body></article>").encode(),
    "laughs.cnxml": (LAUGHS + "<document><content><para>&j;</para></content></document>").encode(),
    "outside.xml": (OUTSIDE + "<article><body><p>&x;</p></body></article>").encode(),
    "remote.nxml": (REMOTE + "<article><body><p>&x;</p></body></article>").encode(),
    "undefined-entity.xml": b"<article><body><p>&nbsp;</p></body></article>",
    "not-closed.xml": b"<article><body>",
    "other-root.xml": b"<rss/>",
    "deep.xml": b"<article><body>" + b"<sec>" * DEEP + b"</sec>" * DEEP + b"</body></article>",
    "wrong-encoding.xml": b'<?xml version="1.0" encoding="no-such"?><article/>',
    "no-body.xml": b"<article/>",
    "not-closed.tex": b"\\begin{equation} x",
    "braces.tex": b"\\section{" * 5000,
    "only-comments.tex": b"% a\n% b\n",
    "only-comments.rst": b".. nothing\n",
    "quote.csv": b'a,b\n"never,closed\n',
    "wide-cell.csv": b"a,b\n" + b"x" * 300_000 + b",1\n",
    "one-column.csv": b"a\n1\n2\n",
    "no-text-rows.tsv": b"text\tid\n\t1\n",
    "broken.jsonl": b"{\n",
    "deep.jsonl": b"[" * 100_000,
    "numbers.jsonl": b"1\n2\n",
    "not-a.zip": b"PK\x03\x04 not",
    "not-a.docx": b"not a zip",
    "not-a.epub": zipped({"mimetype": "application/epub+zip"}),
    "not-a.parquet": b"PAR1" + b"\xff" * 40 + b"PAR1",
    "not-a.arrow": b"ARROW1\x00\x00" + b"\xff" * 40,
    "not-a.tar": b"x" * 2000,
    "not-a.tgz": b"\x1f\x8b\x08\x00broken",
    "not-a.gz": b"x",
    "not-a.pdf": b"%PDF-1.7 broken",
    "empty.zip": zipped({}),
    "up.zip": zipped({"../../up.txt": "x"}),
    "absolute.zip": zipped({"/etc/cron.d/x.txt": "x"}),
    "backslash.zip": zipped({"..\\..\\up.txt": "x"}),
    "nested.zip": zipped({"a.zip": zipped({"b.txt": "x"})}),
    "bomb.zip": zipped({"bomb.txt": bytes(60 << 20)}),
    "bomb.docx": docx(" " * (60 << 20)),
    "laughs.docx": docx(LAUGHS + f"<w:document {W}><w:body><w:p>&j;</w:p></w:body></w:document>"),
    "outside.docx": docx(OUTSIDE + f"<w:document {W}><w:body><w:p>&x;</w:p></w:body></w:document>"),
    "deep.docx": docx(f"<w:document {W}><w:body>" + "<w:p>" * DEEP + "</w:p>" * DEEP + "</w:body></w:document>"),
    "laughs.epub": zipped({"META-INF/container.xml": LAUGHS + "<a>&j;</a>"}),
    "up.tar": tar_of("../up.txt"),
    "symlink.tar": tar_of("l.txt", tarfile.SYMTYPE, "/etc/hostname"),
    "hardlink.tar": tar_of("h.txt", tarfile.LNKTYPE, "/etc/hostname"),
    "device.tar": tar_of("d.txt", tarfile.CHRTYPE),
    "fifo.tar": tar_of("f.txt", tarfile.FIFOTYPE),
    "huge-header.tar": tar_of("big.txt", size=1 << 38),
    "bomb.tgz": gzip.compress(tar_of("big.txt", size=1 << 31)[:512] + bytes(8 << 20)),
    "bomb.gz": gzip.compress(bytes(80 << 20)),
}
KEPT: dict[str, bytes] = {
    "crlf.txt": b"One line\r\nsecond\r\rthird\nend of mixed ends",
    "bom-kept.txt": b"\xef\xbb\xbfWith a mark.",
    "rtl.txt": "\u0627\u0644\u0633\u0644\u0627\u0645 \u202ereversed\u202c \u05e9\u05dc\u05d5\u05dd".encode(),
    "combining.txt": ("e" + "\u0301" * 2000 + " zalgo").encode(),
    "wide.txt": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U00020000 \ufffd".encode(),
    "one-line.txt": b"word " * 1_000_000,
    "one-word.txt": b"x" * 3_000_000,
    "long-line.html": b"<p>" + b"a <b>b</b> " * 100_000,
    "deep.html": b"<div>" * 5000 + b"inside",
    "tags.html": b"<" * 5000 + b"p",
    "brackets.md": b"[" * 50_000 + b" words",
    "fence.md": b"```\nnever closed",
    "table.md": b"| a | b\n|---\n| 1 | 2 | 3 |",
    "dollars.tex": b"$ never closed and $$ so on",
    "adornments.rst": b"====\n----\n....\nA title\n=\ntext",
    "broken-grid.rst": b"+--+\n| a | b\n+==\n| c |\n",
    "ragged.csv": b"a,b\n1,2\n3\n4,5,6\n",
    "a name with \xc3\xa9 and spaces.txt": b"Named oddly.",
    "-rf.txt": b"Named like an option.",
}


@pytest.fixture(scope="module")
def torture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("torture") / "corpus"
    root.mkdir()
    for name, data in {**REFUSED, **{os.fsdecode(os.fsencode(name)): data for name, data in KEPT.items()}}.items():
        (root / name).write_bytes(data)
    (root / "many").mkdir()
    for at in range(2000):
        (root / "many" / f"{at:04}.txt").write_text(f"Tiny file number {at}.")
    with (root / "sparse.txt").open("wb") as file:
        file.truncate(1 << 36)
    with (root / "sparse.zip").open("wb") as file:
        file.truncate(1 << 36)
    os.mkfifo(root / "pipe.txt")
    os.mkfifo(root / "pipe.zip")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.relpath(root / "s.txt"))
    listener.close()
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "private.txt").write_text("Not of this corpus.")
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "loop-a.txt").symlink_to(root / "loop-b.txt")
    (root / "loop-b.txt").symlink_to(root / "loop-a.txt")
    (root / "dangling.txt").symlink_to(root / "nowhere.txt")
    (root / "foreign.txt").symlink_to(outside / "private.txt")
    (root / "foreign.zip").symlink_to("/etc/hostname")
    (root / "foreign-folder").symlink_to(outside, target_is_directory=True)
    (root / "inner-link.txt").symlink_to(root / "bom-kept.txt")
    (root / os.fsdecode(b"bytes-\xff.txt")).write_bytes(b"A name that is no UTF-8.")
    deep = root
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "bottom.txt").write_text("At the bottom.")
    return root


SPECIAL_REFUSED = {
    "sparse.txt", "sparse.zip", "pipe.txt", "pipe.zip", "s.txt", "loop", "loop-a.txt", "loop-b.txt", "dangling.txt",
    "foreign.txt", "foreign.zip", "foreign-folder",
}  # fmt: skip


def test_the_torture_set_is_counted_file_by_file_in_bounded_time_and_memory(
    torture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("a reader wanted the network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.monotonic()
    documents, quarantined = scan(Corpus(path=str(torture), licence="CC0-1.0"))
    assert time.monotonic() - begin < 300
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 1_000_000  # KiB, in this process
    assert len(REFUSED) + len(KEPT) + len(SPECIAL_REFUSED) + 2 > 90

    def file_of(path: str) -> str:
        whole = path.partition("!/")[0]
        return whole.rpartition(":")[0] if whole.rpartition(":")[2].isdecimal() else whole

    kept = {file_of(document.path) for document in documents}
    aside = {file_of(item.path) for item in quarantined}
    named = {os.fsencode(name).decode("utf-8", "backslashreplace") for name in KEPT}
    tiny = {f"many/{at:04}.txt" for at in range(2000)}
    assert kept == {*named, *tiny, "d/" * 60 + "bottom.txt", "bytes-\\xff.txt", "inner-link.txt"}
    assert aside == {*REFUSED, *SPECIAL_REFUSED, "ragged.csv"}
    assert all(item.reason for item in quarantined)
    everything = "\n".join(document.text for document in documents)
    assert "Not of this corpus" not in everything
    assert Path("/etc/hostname").read_text().strip() not in everything


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("laughs.docx", "entities"),
        ("outside.docx", "entities"),
        ("deep.docx", "nested too deeply"),
        ("bomb.docx", "unpacks to more than"),
        ("bomb.gz", "unpacks to more than"),
        ("huge-header.tar", "400 MB in all"),
    ],
)
def test_packed_torture_has_its_own_reason(torture: Path, name: str, reason: str) -> None:
    _, quarantined = scan(Corpus(path=str(torture / name), licence="CC0-1.0"))
    assert reason in quarantined[0].reason
