"""The OpenSSF model signature: made where its package is installed, and never pretended where it is not."""

from __future__ import annotations

import importlib.util
import stat
from pathlib import Path

import pytest

from srm_core.publishing import model_signature
from srm_core.publishing.files import MODEL_PUBLIC, MODEL_SIGNATURE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SRM_KEY", str(tmp_path / "keys" / "owner.key"))
    (tmp_path / "release" / "merged").mkdir(parents=True)
    (tmp_path / "release" / "merged" / "model.safetensors").write_bytes(b"weights")
    return tmp_path / "release"


def test_without_the_package_nothing_is_written_and_it_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "model_signing" else find(name))
    said = model_signature.add(folder)
    assert said == "none: made without the package model-signing (pip install 'srm-sdk[signing]')"
    assert sorted(path.name for path in folder.rglob("*")) == ["merged", "model.safetensors"]
    ok, shown = model_signature.check(folder)
    assert ok
    assert shown.startswith("there is one; it was not checked: without the package model-signing")


def test_with_the_package_a_signature_holds_and_a_changed_weight_breaks_it(folder: Path) -> None:
    pytest.importorskip("model_signing", reason="the extra srm-sdk[signing] is not installed")
    assert model_signature.add(folder) == "made"
    assert (folder / MODEL_SIGNATURE).is_file()
    assert b"PUBLIC KEY" in (folder / MODEL_PUBLIC).read_bytes()
    secret = folder.parent / "keys" / "owner.key.p256"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert model_signature.check(folder) == (True, "OpenSSF signature by model.pub holds")
    (folder / "merged" / "model.safetensors").write_bytes(b"Weights")
    ok, shown = model_signature.check(folder)
    assert not ok
    assert shown.startswith("it does not hold")


def test_a_release_without_merged_weights_has_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    (folder / "merged" / "model.safetensors").unlink()
    (folder / "merged").rmdir()
    assert model_signature.add(folder) == "none: the release holds no merged weights"
