"""Nothing is resumed from that is not, byte for byte, what was written."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from srm_core.training.checkpoints import SEAL, is_whole, newest_whole, seal

FILES = ("adapter_model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json")


def _checkpoint(out: Path, step: int, *, sealed: bool = True) -> Path:
    folder = out / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    for name in FILES:
        (folder / name).write_bytes(f"{name} at step {step} ".encode() * 50)
    if sealed:
        seal(folder)
    return folder


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _halve(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _half_written(folder: Path) -> None:
    for name in (*FILES[2:], SEAL):
        (folder / name).unlink()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "the optimizer is missing": lambda f: (f / "optimizer.pt").unlink(),
    "the scheduler is missing": lambda f: (f / "scheduler.pt").unlink(),
    "a bit of the weights is flipped": lambda f: _flip(f / "adapter_model.safetensors"),
    "a bit of the optimizer is flipped": lambda f: _flip(f / "optimizer.pt"),
    "the weights are cut short": lambda f: _halve(f / "adapter_model.safetensors"),
    "the optimizer is cut short": lambda f: _halve(f / "optimizer.pt"),
    "the trainer's state is empty": lambda f: (f / "trainer_state.json").write_bytes(b""),
    "the trainer's state is missing": lambda f: (f / "trainer_state.json").unlink(),
    "the folder is empty": _empty,
    "it was killed while being written": _half_written,
    "the state of the random numbers is missing": lambda f: (f / "rng_state.pth").unlink(),
    # and what only a seal can tell
    "it was never sealed": lambda f: (f / SEAL).unlink(),
    "the seal is torn": lambda f: _halve(f / SEAL),
    "the seal names nothing": lambda f: (f / SEAL).write_text("{}"),
    "the seal is of another shape": lambda f: (f / SEAL).write_text("[]"),
    "a file was added": lambda f: (f / "pytorch_model.bin").write_bytes(b"x"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_checkpoint_is_set_aside_and_the_older_whole_one_used(
    damage: Callable[[Path], object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    older, newer = _checkpoint(tmp_path, 4), _checkpoint(tmp_path, 10)
    assert newest_whole(tmp_path) == newer
    damage(newer)
    with caplog.at_level(logging.WARNING):
        assert newest_whole(tmp_path) == older
    assert "checkpoint-10 is damaged or unfinished; an older checkpoint is used" in caplog.text
    assert not newer.exists()
    assert [p.name.rsplit("-", 2)[1:] for p in tmp_path.glob("damaged-*")] == [["checkpoint", "10"]]
    assert newest_whole(tmp_path) == older  # and again


def test_the_newest_is_the_one_of_the_highest_step_not_of_the_last_name(tmp_path: Path) -> None:
    nine, ten = _checkpoint(tmp_path, 9), _checkpoint(tmp_path, 10)
    assert newest_whole(tmp_path) == ten
    shutil.rmtree(ten)
    assert newest_whole(tmp_path) == nine


def test_without_a_whole_checkpoint_there_is_none_to_resume_from(tmp_path: Path) -> None:
    assert newest_whole(tmp_path) is None
    _checkpoint(tmp_path, 2, sealed=False)
    _flip(_checkpoint(tmp_path, 4) / "optimizer.pt")
    assert newest_whole(tmp_path) is None
    assert not list(tmp_path.glob("checkpoint-*"))


def test_a_second_adapter_inside_the_checkpoint_is_sealed_too(tmp_path: Path) -> None:
    folder = _checkpoint(tmp_path, 1, sealed=False)
    (folder / "ref").mkdir()
    (folder / "ref" / "adapter_model.safetensors").write_bytes(b"reference")
    seal(folder)
    assert set(json.loads((folder / SEAL).read_text())) == {*FILES, "ref/adapter_model.safetensors"}
    assert is_whole(folder)
    _flip(folder / "ref" / "adapter_model.safetensors")
    assert not is_whole(folder)
