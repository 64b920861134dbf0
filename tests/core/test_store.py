"""The store: what is kept, what is made again, and what damage it finds."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from srm_core.errors import ArtifactError, PluginError
from srm_core.records import Document, Source
from srm_core.store import (
    Artifact,
    Result,
    Store,
    check_files,
    hashes,
    read_records,
    read_rows,
    read_stage,
    write_atomically,
    write_records,
    write_rows,
)

SOURCE = Source(name="test", licence="CC0-1.0")
HOW = {"settings": {"size": 3}, "inputs": {"ingest": "abc"}, "code": "c0ffee"}


def documents(count: int) -> list[Document]:
    return [Document(text=f"Text {number}, né.", source=SOURCE) for number in range(count)]


def make(store: Store, **changes: object) -> tuple[Artifact, bool]:
    def work(out: Path) -> Result:
        write_records(out / "documents.jsonl", documents(5))
        (out / "folder").mkdir(exist_ok=True)
        (out / "folder" / "weights.bin").write_bytes(random.Random(1).randbytes(4000))
        return Result({"documents": 5}, {"share": 0.5})

    return store.run("ground", work, **{**HOW, **changes})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_the_same_key_gives_the_artifact_without_running(store: Store) -> None:
    first, kept = make(store)
    assert not kept
    assert first.record.counts == {"documents": 5}
    assert set(first.record.files) == {"documents.jsonl", "folder/weights.bin"}

    def never(out: Path) -> Result:
        raise AssertionError("a finished stage ran again")

    second, kept = store.run("ground", never, **HOW)
    assert kept
    assert second == first
    assert store.find("ground", first.key) == first


@pytest.mark.parametrize("change", [{"settings": {"size": 4}}, {"inputs": {"ingest": "abd"}}, {"code": "c0ffef"}])
def test_another_setting_input_or_code_makes_another_artifact(store: Store, change: dict[str, object]) -> None:
    first, _ = make(store)
    second, kept = make(store, **change)
    assert not kept
    assert second.key != first.key
    assert check_files(first) == []


def test_a_stage_that_raises_publishes_nothing_and_finds_its_work_again(store: Store) -> None:
    def fails(out: Path) -> Result:
        (out / "calls.cache").write_text("one finished call")
        raise PluginError("the teacher is gone")

    with pytest.raises(PluginError, match="the teacher is gone"):
        store.run("distill", fails, **HOW)
    assert store.find("distill", store.key("distill", **HOW)) is None
    assert not any((store.root / "distill").glob("[!.]*"))

    def goes_on(out: Path) -> Result:
        assert (out / "calls.cache").read_text() == "one finished call"
        return Result({}, {})

    artifact, kept = store.run("distill", goes_on, **HOW)
    assert not kept
    assert artifact.record.files == {}  # what a stage keeps for itself is outside the hashes


def test_the_record_is_written_last(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    replace = os.replace

    def noted(source: Path, target: Path) -> None:
        order.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr("srm_core.store.os.replace", noted)
    artifact, _ = make(store)
    assert order == ["documents.jsonl", "record.json", artifact.key]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_full_disk_is_one_sentence_and_keeps_what_is_finished(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    other, _ = make(store, code="before")
    calls = 0
    replace = os.replace

    def full(source: Path, target: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == step:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        replace(source, target)

    monkeypatch.setattr("srm_core.store.os.replace", full)
    with pytest.raises(ArtifactError, match=r"no space left on the disk of .* at stage ground; free some and run"):
        make(store)
    assert store.find("ground", store.key("ground", **HOW)) is None
    assert check_files(other) == []
    assert not list(store.root.rglob("*.tmp"))
    _, kept = make(store)  # space is back
    assert not kept


def test_a_disk_that_fills_up_inside_a_hook_is_named_too(store: Store) -> None:
    def work(out: Path) -> Result:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise PluginError("srm_train of plugin 'core' raised OSError") from error

    with pytest.raises(ArtifactError, match="no space left"):
        store.run("train", work, **HOW)


def test_other_errors_of_the_disk_are_not_called_a_full_one(store: Store) -> None:
    def work(out: Path) -> Result:
        raise PermissionError(errno.EACCES, "Permission denied", "/x")

    with pytest.raises(PermissionError):
        store.run("train", work, **HOW)


def test_an_edited_line_is_refused_and_named(tmp_path: Path) -> None:
    file = tmp_path / "documents.jsonl"
    write_records(file, documents(3))
    file.write_text(file.read_text().replace("Text 1", "Text 9"))
    with pytest.raises(ArtifactError, match=r"documents.jsonl, line 2: .*does not match"):
        list(read_records(file, Document))


def test_a_line_that_is_no_utf8_is_refused_and_named(tmp_path: Path) -> None:
    file = tmp_path / "documents.jsonl"
    write_records(file, documents(3))
    file.write_bytes(file.read_bytes().replace("né".encode(), b"n\xff\xff", 1))
    with pytest.raises(ArtifactError, match="line 1: Invalid JSON"):
        list(read_records(file, Document))


def test_every_flipped_bit_is_found(store: Store) -> None:
    artifact, _ = make(store)
    draw = random.Random(7)
    files = [*artifact.record.files, "record.json"]
    for _ in range(200):
        file = artifact.path / draw.choice(files)
        whole = file.read_bytes()
        place = draw.randrange(len(whole))
        file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << draw.randrange(8))]) + whole[place + 1 :])
        assert found(artifact), f"byte {place} of {file.name}"
        file.write_bytes(whole)
    assert not found(artifact)


def found(artifact: Artifact) -> bool:
    """Say whether the record cannot be read, is another one, or a file does not have its hash."""
    try:
        record = read_stage(artifact.path)
    except ArtifactError:
        return True
    return record != artifact.record or bool(check_files(artifact))


def test_missing_and_added_files_are_named(store: Store) -> None:
    artifact, _ = make(store)
    (artifact.path / "documents.jsonl").unlink()
    (artifact.path / "new.txt").write_text("new")
    (artifact.path / "calls.cache").write_text("outside the hashes")
    assert check_files(artifact) == ["documents.jsonl", "new.txt"]


def test_a_record_under_another_key_is_refused(store: Store) -> None:
    artifact, _ = make(store)
    artifact.path.rename(artifact.path.with_name("0" * 20))
    with pytest.raises(ArtifactError, match="holds the record of ground"):
        store.find("ground", "0" * 20)


def test_a_damaged_record_says_what_to_do_and_a_lost_one_is_made_again(store: Store) -> None:
    artifact, _ = make(store)
    record = artifact.path / "record.json"
    record.write_text(record.read_text()[:-20])
    with pytest.raises(ArtifactError, match="is damaged; delete the folder to rebuild it"):
        make(store)
    record.unlink()
    again, kept = make(store)
    assert not kept
    assert again.record.files == artifact.record.files


def test_rows_keep_line_separators_and_bytes_of_odd_file_names(tmp_path: Path) -> None:
    rows = [{"reason": "a\u2028b\x85c"}, {"path": os.fsdecode(b"bad-\xff.txt"), "word": "né"}]
    assert write_rows(tmp_path / "rows.jsonl", rows) == 2
    assert read_rows(tmp_path / "rows.jsonl") == rows
    assert "né" in (tmp_path / "rows.jsonl").read_text(encoding="utf-8")
    assert read_rows(tmp_path / "absent.jsonl") == []
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\n{"a":\n')
    with pytest.raises(ArtifactError, match=r"rows.jsonl is damaged"):
        read_rows(tmp_path / "rows.jsonl")


KILLS = """
import json, os, random, signal, sys, time
from pathlib import Path
from srm_core.store import write_atomically

file, draw = Path(sys.argv[1]), random.Random(3)
for _ in range(30):
    child = os.fork()
    if not child:
        for number in range(1, 10**9):
            write_atomically(file, json.dumps([number] * 5000))
    time.sleep(draw.uniform(0.005, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print(*set(json.loads(file.read_text())))
"""


def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write_atomically(file, json.dumps([0] * 5000))
    done = subprocess.run([sys.executable, "-c", KILLS, str(file)], capture_output=True, text=True, check=True)
    states = [line.split() for line in done.stdout.splitlines()]
    assert len(states) == 30
    assert all(len(numbers) == 1 for numbers in states)  # never a part of one and a part of another
    assert sum(numbers != ["0"] for numbers in states) > 15  # the kills came while it wrote
    assert hashes(tmp_path).keys() == {"state.json"}  # what a kill leaves behind is outside the hashes
