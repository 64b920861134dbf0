"""What is served on loopback, without a server."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

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
