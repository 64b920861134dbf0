"""Where runs lie, and that one build at a time holds a workspace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from srm_core.errors import ArtifactError
from srm_core.workspace import Workspace, cache_dir, open_workspace

HOLD = """
import sys, time
from pathlib import Path
from srm_core.workspace import Workspace
with Workspace(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the workspace ``tmp_path / "ws"``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "ws")], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_build_waits_and_then_says_which_process_holds_it(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    started = time.monotonic()
    held = pytest.raises(ArtifactError, match=f"is held by another build \\(process {holder.pid}\\)")
    with held, Workspace(tmp_path / "ws").lock(patience_s=0.3):
        raise AssertionError("two builds hold one workspace")
    assert time.monotonic() - started >= 0.3


def test_the_second_build_goes_on_when_the_first_lets_go(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    timer = threading.Timer(0.3, holder.terminate)
    timer.start()
    with Workspace(tmp_path / "ws").lock(patience_s=20):
        assert holder.wait(5) is not None
    timer.join()


def test_a_dead_holder_holds_nothing(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert json.loads((tmp_path / "ws" / "holder.json").read_text())["pid"] == holder.pid  # it had no time to tidy up
    with Workspace(tmp_path / "ws").lock(patience_s=1):
        assert json.loads((tmp_path / "ws" / "holder.json").read_text())["pid"] == os.getpid()
    assert not (tmp_path / "ws" / "holder.json").exists()


def test_a_holder_that_left_no_name_is_called_unknown(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    (tmp_path / "ws" / "holder.json").write_text("{")
    with pytest.raises(ArtifactError, match="process unknown"), Workspace(tmp_path / "ws").lock(patience_s=0.05):
        pass


def test_the_lock_is_free_after_an_error_inside(tmp_path: Path) -> None:
    place = Workspace(tmp_path / "ws")
    with pytest.raises(ValueError, match="inside"), place.lock():
        raise ValueError("inside")
    with place.lock(patience_s=0.05):
        pass


def test_runs_are_listed_and_an_unknown_one_is_answered_with_them(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    assert place.names() == []
    with pytest.raises(ArtifactError, match="has no run 'a'; runs: none yet; `srm build"):
        place.run("a")
    place.open_run("b")
    place.open_run("a")
    assert place.names() == ["a", "b"]
    assert place.run("a").candidate == tmp_path / "runs" / "a" / "candidate"


def test_an_unfinished_run_and_an_edited_manifest_are_told_apart(tmp_path: Path, make_manifest) -> None:
    run = Workspace(tmp_path).open_run("a")
    with pytest.raises(ArtifactError, match="its build has not finished"):
        run.manifest()
    (run.path / "manifest.json").write_text(make_manifest().model_dump_json().replace('"value":0.24', '"value":0.99'))
    with pytest.raises(ArtifactError, match=r"manifest.json is damaged"):
        run.manifest()


def test_the_environment_names_workspace_and_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SRM_HOME", raising=False)
    assert open_workspace().root == Path(".srm")
    monkeypatch.setenv("SRM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SRM_CACHE", str(tmp_path / "cache"))
    assert open_workspace().root == tmp_path / "home"
    assert open_workspace(tmp_path / "other").root == tmp_path / "other"
    assert cache_dir() == tmp_path / "cache"
