"""Archives and the worker process: what is refused inside, and how the end of a worker becomes a reason."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from srm_knowledge.corpus import scan
from srm_knowledge.readers.apart import Limits, _environment, _reason, read_apart
from srm_knowledge.readers.archives import read_gzip, read_tar, read_zip
from srm_knowledge.readers.parsed import Parsed, Rejected, Unreadable

from srm_core.config import Corpus


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return sink.getvalue()


def tarred(files: dict[str, bytes | str], mode: str = "w") -> bytes:
    """Files by name; a string is the target of a link."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def outcome(parts: object) -> dict[str, str]:
    return {
        part.place: part.reason if isinstance(part, Rejected) else " / ".join(part.blocks)
        for part in parts  # type: ignore[attr-defined]
    }


def test_zip_members_are_read_by_their_format_and_refused_ones_named() -> None:
    inner = {
        "b.md": b"# B",
        "a.txt": b"Alpha",
        "rows.jsonl": b'{"text": "One"}\n{broken',
        "../out.txt": b"x",
        "/abs.txt": b"x",
        "C:\\dos.txt": b"x",
        "nested.zip": zipped({"x.txt": b"x"}),
        "sub/.hidden.txt": b"x",
        "README.md": b"about",
        "program.exe": b"MZ",
        "latin.txt": "caf\u00e9".encode("latin-1"),
        "bomb.txt": b"0" * (30 * 1024 * 1024),
        "tight.txt": b"0" * (15 * 1024 * 1024),
    }
    found = outcome(read_zip(zipped(inner)))
    assert found.pop("!/a.txt") == "Alpha"
    assert found.pop("!/b.md") == "# B"
    assert found.pop("!/rows.jsonl:1") == "One"
    assert found.pop("!/rows.jsonl:2").startswith("not JSON")
    outside = [name for name, reason in found.items() if reason == "its name leads out of the archive"]
    assert len(outside) == 3
    assert found["!/nested.zip"] == "an archive inside an archive is not opened"
    assert found["!/sub/.hidden.txt"] == "hidden"
    assert "no part of it" in found["!/README.md"]
    assert "no reader" in found["!/program.exe"]
    assert found["!/latin.txt"].startswith("not UTF-8")
    assert found["!/bomb.txt"] == "unpacks to more than 20 MB"
    assert "zip bomb" in found["!/tight.txt"]
    assert len(found) == len(inner) - 3


def test_a_zip_that_lies_about_its_sizes_gives_no_more_than_the_limit() -> None:
    data = bytearray(zipped({"a.txt": b"0" * (30 * 1024 * 1024)}))
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = data.find(mark) + at
        data[place : place + 4] = (1000).to_bytes(4, "little")
    (part,) = read_zip(bytes(data))
    assert isinstance(part, Rejected)  # by its checksum: only the 1000 bytes it admits to were unpacked


def test_links_and_encrypted_members_of_a_zip_are_refused() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("locked.txt", "x")
    data = bytearray(sink.getvalue())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    found = outcome(read_zip(bytes(data)))
    assert found == {"!/link.txt": "a link inside an archive is not followed", "!/locked.txt": "encrypted"}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tars_are_read_whatever_their_packing_and_links_refused(mode: str) -> None:
    files: dict[str, bytes | str] = {"d/a.txt": b"Alpha", "../b.txt": b"x", "link.txt": "/etc/passwd", "/c.txt": b"x"}
    assert outcome(read_tar(tarred(files, mode))) == {
        "!/d/a.txt": "Alpha",
        "!/../b.txt": "its name leads out of the archive",
        "!/link.txt": "a link inside an archive is not followed",
        "!//c.txt": "its name leads out of the archive",
    }


def test_a_tar_bomb_is_stopped_before_it_is_unpacked() -> None:
    sink = io.BytesIO()
    with gzip.GzipFile(fileobj=sink, mode="wb") as stream:
        info = tarfile.TarInfo("big.bin")
        info.size = 1 << 40
        stream.write(info.tobuf())
        stream.write(bytes(1 << 20))
    with pytest.raises(Unreadable, match="400 MB in all"):
        list(read_tar(sink.getvalue()))


def test_gzip_reads_the_one_file_and_stops_a_bomb() -> None:
    sink = io.BytesIO()
    with gzip.GzipFile("rows.jsonl", "wb", fileobj=sink) as stream:
        stream.write(b'{"text": "One"}')
    assert list(read_gzip(sink.getvalue())) == [Parsed("", ("One",), place="!/rows.jsonl:1")]
    with pytest.raises(Unreadable, match="unpacks to more than"):
        list(read_gzip(gzip.compress(bytes(60 * 1024 * 1024))))


@pytest.mark.parametrize(
    "data",
    [b"", b"x" * 600, b"PK\x05\x06", b"\x1f\x8b\x08broken", zipped({"a.txt": b"A"})[:40]],
    ids=["empty", "text", "end of a zip", "gzip header", "cut zip"],
)
def test_damaged_archives_are_unreadable(data: bytes) -> None:
    for reader in (read_zip, read_tar, read_gzip):
        if reader is read_gzip or data:
            with pytest.raises(Unreadable):
                list(reader(data))


def test_documents_of_an_archive_come_into_the_corpus_with_their_path_inside(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"x/one.txt": b"One text.", "two.exe": b"MZ"}))
    documents, quarantined = scan(Corpus(path=str(tmp_path), licence="CC0-1.0"))
    assert [(document.path, document.text) for document in documents] == [("a.zip!/x/one.txt", "One text.")]
    assert [item.path for item in quarantined] == ["a.zip!/two.exe"]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({f"{at}.txt": b"word " * 200_000 for at in range(3)}))
    return path


def test_a_worker_that_takes_too_long_is_ended(archive: Path) -> None:
    with pytest.raises(Unreadable, match=r"took longer than 0\.01 s"):
        list(read_apart(archive, ".zip", Limits(wall_s=0.01)))


def test_a_worker_that_gives_too_much_is_ended(archive: Path) -> None:
    assert len(list(read_apart(archive, ".zip"))) == 3
    with pytest.raises(Unreadable, match="more than 1 MB of text"):
        list(read_apart(archive, ".zip", Limits(output_mb=1)))


def test_a_worker_without_enough_memory_is_ended(tmp_path: Path) -> None:
    document = "<document><body>" + "<p/>" * 4_000_000 + "</body></document>"
    path = tmp_path / "a.docx"
    path.write_bytes(zipped({"word/document.xml": document.encode()}, zipfile.ZIP_STORED))
    with pytest.raises(Unreadable, match="needs more than 200 MB of memory"):
        list(read_apart(path, ".docx", Limits(memory_mb=200)))


def test_a_crash_becomes_a_reason() -> None:
    assert _reason(-11, Limits()) == "the reader crashed (SIGSEGV)"
    assert _reason(-24, Limits(wall_s=3)) == "took longer than 3 s to read"


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/passwd')",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import os; os.system('true')",
        "import subprocess; subprocess.run(['true'])",
        "open(own, 'w')",
        "import os; os.remove(own)",
    ],
)
def test_a_worker_opens_no_other_file_no_connection_and_no_process(attempt: str, tmp_path: Path) -> None:
    own = tmp_path / "own.zip"
    own.write_bytes(b"x")
    code = (
        f"own = {str(own)!r}\nfrom srm_knowledge.readers.worker import _wall\n_wall(own)\nopen(own).close()\n"
        f"try:\n    exec({attempt!r})\nexcept ValueError as error:\n    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], env=_environment(), capture_output=True, text=True, check=True)
    assert "refused" in ran.stdout
    assert own.read_bytes() == b"x"


def test_a_worker_is_given_no_token_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "t")
    assert "SOME_TOKEN" not in _environment()
    assert os.environ["SOME_TOKEN"] == "t"


def test_large_texts_are_parsed_apart_too_with_the_same_result(tmp_path: Path) -> None:
    (tmp_path / "large.md").write_text("# Head\n\n" + "word " * 300_000)
    (tmp_path / "large.txt").write_bytes("caf\u00e9 ".encode("latin-1") * 300_000)
    (tmp_path / "hollow.xml").write_text("<article><body>" + "<p/>" * 400_000)
    (document,), quarantined = scan(Corpus(path=str(tmp_path), licence="CC0-1.0"))
    assert (document.title, document.path, len(document.text)) == ("Head", "large.md", 8 + 5 * 300_000 - 1)
    reasons = {item.path: item.reason for item in quarantined}
    assert reasons["large.txt"] == "not UTF-8 (byte 0xe9 at offset 3)"
    assert reasons["hollow.xml"].startswith("not well-formed XML")
