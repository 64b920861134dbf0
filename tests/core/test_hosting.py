"""What ``srm serve`` opens: a run's student with its pack's system prompt, or a local model; nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from srm_core import hosting
from srm_core.cli import cli
from srm_core.errors import ConfigError, ModelError
from srm_core.inference.engines import VARIABLE
from srm_core.workspace import open_workspace

from .test_adapters import written


def test_a_local_model_is_served_without_a_system_prompt(tmp_path: Path) -> None:
    service = hosting.open_service("tiny:0", open_workspace(tmp_path), most_waiting=3)
    assert (service.name, service.system, service.worker.most_waiting) == ("tiny:0", "", 3)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="openai:x is neither a run nor a local model"):
        hosting.open_service("openai:x", open_workspace(tmp_path))


def test_a_model_that_only_transformers_runs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "transformers")
    with pytest.raises(ModelError, match="tiny:0 cannot be served: the engine does not know this kind of model"):
        hosting.open_service("tiny:0", open_workspace(tmp_path))


def test_an_adapter_is_served_beside_the_weights(
    tmp_path: Path, small_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = written(small_base, tmp_path / "adapter", 1)
    served: list[Any] = []
    monkeypatch.setattr(hosting, "run_service", lambda service, *_: served.append(service.worker.engine))
    arguments = ["--adapter", str(adapter), "--weights", "int8", "--workspace", str(tmp_path)]
    done = CliRunner().invoke(cli, ["serve", f"dir:{small_base}", *arguments])
    assert done.exit_code == 0, done.output
    [engine] = served
    assert (engine.decoder.adapter.ref, engine.decoder.weights) == (str(adapter), "int8")
    refused = CliRunner().invoke(cli, ["serve", "tiny:0", *arguments])
    assert refused.exit_code == 1
    assert "was made for another base" in refused.output


def test_a_run_s_student_takes_no_other_adapter(tmp_path: Path) -> None:
    place = open_workspace(tmp_path)
    place.open_run("first")
    with pytest.raises(ConfigError, match="run 'first' has an adapter of its own; name its base"):
        hosting.open_service("first", place, adapter=tmp_path)


def test_the_command_says_where_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []
    monkeypatch.setattr(hosting, "run_service", lambda service, host, port: served.append((service.name, host, port)))
    done = CliRunner().invoke(cli, ["serve", "tiny:0", "--port", "8123", "--workspace", str(tmp_path)])
    assert "tiny:0 on http://127.0.0.1:8123/v1" in done.output
    assert served == [("tiny:0", "127.0.0.1", 8123)]
