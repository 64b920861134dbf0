"""kill -9 at any moment: the same command again ends with the same records, weights and metrics, and repeats nothing.

The builds run in forks of one process that has the heavy libraries loaded, so a build takes a few seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from srm_core.pipeline import STAGES
from srm_core.records import BuildManifest

DRIVER = """
import json, os, random, signal, sys, time
from pathlib import Path

root, seed, kills, longest = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
import datasets, peft, torch, transformers, trl
import srm_core.training.grpo, srm_core.training.sft, srm_core.stages.release, srm_core.stages.evaluate
from srm_core.cli import cli

ARGUMENTS = ["build", "--config", "toy.toml", "--workspace", str(root / "ws"), "--run", "killed"]


def start(log):
    child = os.fork()
    if child:
        return child
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
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


draw, done = random.Random(seed), 0
while done < kills:
    child = start(root / f"{done}.log")
    before, end = finished(), time.monotonic() + draw.uniform(0.05, longest)
    while time.monotonic() < end and os.waitpid(child, os.WNOHANG)[0] == 0:
        time.sleep(0.002)
    try:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):  # it was faster: begin again from nothing
        import shutil

        told(ended=True)
        shutil.rmtree(root / "ws")
        continue
    done += 1
    told(killed=done, before=before)
child = start(root / "last.log")
started = time.monotonic()
told(code=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seconds=time.monotonic() - started)
"""


def killed_build(
    root: Path, home: Path, environment: dict[str, str], *, seed: int, kills: int, longest: float
) -> list[dict[str, Any]]:
    """Kill a build ``kills`` times, each time within ``longest`` seconds, then let it finish; return what was told."""
    command = [sys.executable, "-c", DRIVER, str(root), str(seed), str(kills), str(longest)]
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
    finished_by_then: set[str] = set()
    for line in told:  # what was finished once stays, and the next build says so
        if line.get("ended"):
            finished_by_then = set()
            continue
        assert finished_by_then <= set(line["finished"])
        finished_by_then = set(line["finished"])
    logs = {int(line["killed"]): (root / f"{line['killed'] - 1}.log").read_text() for line in told if "killed" in line}
    logs[len(logs) + 1] = (root / "last.log").read_text()
    starts = {int(line["killed"]): line["before"] for line in told if "killed" in line}
    starts[len(starts) + 1] = [line for line in told if "killed" in line][-1]["finished"]
    for number, before in starts.items():
        there = {name.partition("/")[0] for name in before}
        kept = {line.partition(":")[0] for line in logs[number].splitlines() if "(kept)" in line}
        ran = {
            line.partition(":")[0]
            for line in logs[number].splitlines()
            if line.endswith(tuple("0123456789abcdef")) and " s) " in line
        }
        assert not ran & there, f"build {number} did {sorted(ran & there)} again"
        assert kept <= there
        if number == len(starts):
            assert kept == there
            assert ran == set(STAGES) - there
    assert not list((root / "ws/store").glob("*/.part-*"))


@pytest.mark.timeout(300)
def test_five_kills_change_nothing(
    built: Path, toy_home: Path, toy_environment: dict[str, str], tmp_path: Path
) -> None:
    told = killed_build(tmp_path, toy_home, toy_environment, seed=4, kills=5, longest=2.5)
    check(tmp_path, built, told)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
def test_twenty_kills_over_all_stages_change_nothing(
    built: Path, toy_home: Path, toy_environment: dict[str, str], tmp_path: Path, seed: int
) -> None:
    told = killed_build(tmp_path, toy_home, toy_environment, seed=seed, kills=20, longest=4.0)
    assert sum("killed" in line for line in told) == 20
    check(tmp_path, built, told)
