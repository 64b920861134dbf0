"""The calculator inside the served model, without a server."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from srm_core.errors import ModelError

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "loopback_endpoint.py"


@pytest.fixture(scope="module")
def endpoint() -> ModuleType:
    spec = importlib.util.spec_from_file_location("loopback_endpoint", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Characters:
    """A tokenizer whose tokens are characters."""

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        return [ord(character) for character in text]

    def decode(self, ids: Any, skip_special_tokens: bool) -> str:
        return "".join(chr(int(number)) for number in ids)


def written_by(endpoint: ModuleType, wish: str, prompt: str = "1+1=") -> str:
    """Return what a model that wishes to write ``wish`` writes when the calculator may interfere."""
    calculator = endpoint.Calculator(Characters(), len(prompt))
    ids = [ord(character) for character in prompt]
    for character in wish:
        scores = torch.zeros(1, 128)
        scores[0, ord(character)] = 1.0
        ids.append(int(calculator(torch.tensor([ids]), scores).argmax()))
    return "".join(map(chr, ids[len(prompt) :]))


def test_the_served_model_cannot_write_a_wrong_value(endpoint: ModuleType) -> None:
    assert written_by(endpoint, "gap <<140-104=99>> is it") == "gap <<140-104=36>> is it"


def test_text_outside_the_brackets_and_in_the_prompt_is_left_alone(endpoint: ModuleType) -> None:
    assert written_by(endpoint, "a=5, b=6") == "a=5, b=6"
    assert written_by(endpoint, "5>>", prompt="<<1+1=") == "5>>"


def test_a_served_folder_samples_and_keeps_its_own_files(endpoint: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "student"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "generation_config.json").write_text('{"eos_token_id": 7, "do_sample": false}')
    (tmp_path / "scratch").mkdir()
    view = endpoint.sampling_view(folder, tmp_path / "scratch")
    assert view.name == "student"
    assert '"eos_token_id": 7' in (view / "generation_config.json").read_text()
    assert '"do_sample": true' in (view / "generation_config.json").read_text()
    assert '"do_sample": false' in (folder / "generation_config.json").read_text()
    with pytest.raises(ModelError, match="no checkpoint folder"):
        endpoint.sampling_view(tmp_path / "scratch", tmp_path)
