"""kill -9 at any moment: the same command again ends with the same records, weights and metrics, and repeats nothing.

The builds run in forks of one process that has the heavy libraries loaded, so a build takes a few seconds.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from srm_core.pipeline import STAGES
from srm_core.records import BuildManifest

DRIVER = """
import json, os, random, shutil, signal, sys, time
from pathlib import Path

root, draw, targets = Path(sys.argv[1]), random.Random(int(sys.argv[2])), sys.argv[3:]
WIDTH = {"train": 2.5, "evaluate": 1.2, "audit": 0.4, "release": 0.3}  # seconds a stage takes at least, or 0.03
import datasets, peft, torch, transformers, trl
import srm_core.training.reinforcement, srm_core.training.sft, srm_core.stages.release, srm_core.stages.evaluate
from srm_core.cli import cli

ARGUMENTS = ["build", "--config", "toy.toml", "--workspace", str(root / "ws"), "--run", "killed"]


def start(log):
    log.touch()  # there even if the kill comes at once
    child = os.fork()
    if child:
        return child
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), 1)
    os.dup2(1, 2)
    code = 1
    try:
        cli(ARGUMENTS, standalone_mode=False)
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def finished():
    return sorted(f"{path.parent.name}/{path.name}" for path in (root / "ws" / "store").glob("*/[!.]*"))


def told(**fields):
    print(json.dumps({**fields, "finished": finished()}), flush=True)


def alive(child):
    return os.waitpid(child, os.WNOHANG)[0] == 0


done = 0
while done < len(targets):
    stage = root / "ws" / "store" / targets[done]
    before, child = finished(), start(root / f"{done}.log")
    while not list(stage.glob("*")) and alive(child):  # it has not come to this stage yet
        time.sleep(0.001)
    time.sleep(draw.uniform(0, WIDTH.get(stage.name, 0.03)))
    if not alive(child):  # it was faster: begin again from nothing
        shutil.rmtree(root / "ws")
        (root / f"{done}.log").unlink()
        told(ended=True)
        continue
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    done += 1
    told(killed=done, before=before)
child = start(root / "last.log")
started = time.monotonic()
told(code=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seconds=time.monotonic() - started)
"""


def killed_build(
    root: Path, home: Path, environment: dict[str, str], *, seed: int, targets: list[str]
) -> list[dict[str, Any]]:
    """Kill a build once in (or soon after) each of ``targets``, then let it finish; return what was told."""
    command = [sys.executable, "-c", DRIVER, str(root), str(seed), *targets]
    done = subprocess.run(
        command, cwd=home, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["code"] == 0, (root / "last.log").read_text()[-3000:]
    return lines


def same(manifest: BuildManifest) -> dict[str, Any]:
    """Return what must not depend on kills: keys, counts, metrics and the hash of every file, weights among them."""
    return {record.stage: (record.key, record.counts, record.metrics, record.files) for record in manifest.stages}


def check(root: Path, built: Path, told: list[dict[str, Any]]) -> None:
    reference = BuildManifest.model_validate_json((built / "runs/first/manifest.json").read_text())
    manifest = BuildManifest.model_validate_json((root / "ws/runs/killed/manifest.json").read_text())
    assert same(manifest) == same(reference)
    assert (manifest.scores, manifest.findings, manifest.leak) == (reference.scores, reference.findings, reference.leak)
    for candidate in ("adapter/adapter_model.safetensors", "merged/model.safetensors", "evidence/attempts.jsonl"):
        mine, other = (folder / "candidate" / candidate for folder in (root / "ws/runs/killed", built / "runs/first"))
        assert mine.read_bytes() == other.read_bytes()
    stays: set[str] = set()
    for line in told:  # what was finished once is never lost
        assert stays <= set(line["finished"])
        stays = set() if line.get("ended") else set(line["finished"])
    killed = [line for line in told if "killed" in line]
    starts = [line["before"] for line in killed] + [killed[-1]["finished"]]
    logs = [(root / f"{number}.log").read_text() for number in range(len(killed))] + [(root / "last.log").read_text()]
    for before, log in zip(starts, logs, strict=True):  # and never done again
        there = {name.partition("/")[0] for name in before}
        kept, ran = (
            {stage for stage in STAGES if re.search(rf"^{stage}: .*{mark}", log, re.M)}
            for mark in (r"\(kept\)", r" s\) \w{8}$")
        )
        assert kept <= there
        assert not ran & there
    assert (kept, ran) == (there, set(STAGES) - there)
    assert not list((root / "ws/store").glob("*/.part-*"))


@pytest.mark.timeout(300)
def test_five_kills_change_nothing(
    built: Path, toy_home: Path, toy_environment: dict[str, str], tmp_path: Path
) -> None:
    targets = ["pose", "train", "train", "evaluate", "release"]
    check(tmp_path, built, killed_build(tmp_path, toy_home, toy_environment, seed=4, targets=targets))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(3))
def test_twenty_kills_over_all_stages_change_nothing(
    built: Path, toy_home: Path, toy_environment: dict[str, str], tmp_path: Path, seed: int
) -> None:
    often = {"train": 7, "evaluate": 4, "audit": 2, "release": 2, "pose": 2}
    targets = [stage for stage in STAGES for _ in range(often.get(stage, 1))]
    assert len(targets) == 20
    check(tmp_path, built, killed_build(tmp_path, toy_home, toy_environment, seed=seed, targets=targets))
