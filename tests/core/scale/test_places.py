"""Where processes are started: here, by ssh from a hostfile, by srun in a Slurm job; both stood in for by scripts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from srm_core.config import TrainConfig
from srm_core.errors import ConfigError, MissingExtra, TrainingError
from srm_core.training.failures import Failure, cause
from srm_core.training.launch import train_together
from srm_core.training.places import hosts_of, starts, task_nodes

WORKER = ("python", "-m", "worker")
SAYS = (
    "import json, os, sys; sys.stdin.readline(); "
    "names = ('RANK', 'LOCAL_RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT', 'OMP_NUM_THREADS'); "
    "place = {n: os.environ.get(n) for n in names} | {'host': os.environ.get('HOST_STOOD_IN')}; "
    "rank = int(os.environ.get('RANK') or os.environ['SLURM_PROCID']); "
    "print(json.dumps({'rank': rank, 'log': json.dumps(place), 'level': 30}), flush=True); "
    "print(json.dumps({'rank': rank, 'metrics': {'steps': 1.0}}), flush=True)"
)


def _hostfile(folder: Path, text: str) -> dict[str, str]:
    (folder / "hosts").write_text(text, encoding="utf-8")
    return {"SRM_HOSTFILE": str(folder / "hosts")}


def test_here_each_process_has_its_place_and_its_share_of_the_threads() -> None:
    found = starts(2, WORKER, {"HOME": "/h"}, threads=5)
    places = [(s.environment["RANK"], s.environment["LOCAL_RANK"], s.environment["WORLD_SIZE"]) for s in found]
    assert places == [("0", "0", "2"), ("1", "1", "2")]
    assert {s.environment["MASTER_ADDR"] for s in found} == {"127.0.0.1"}
    assert len({s.environment["MASTER_PORT"] for s in found}) == 1
    assert [s.environment["OMP_NUM_THREADS"] for s in found] == ["2", "2"]
    assert all(s.command == WORKER and s.environment["HOME"] == "/h" for s in found)


def test_a_hostfile_is_filled_from_its_top(tmp_path: Path) -> None:
    told = _hostfile(tmp_path, "# two nodes\nnode-a slots=2\n\nnode-b   slots=3  # the large one\n")
    assert hosts_of(3, told) == ["node-a", "node-a", "node-b"]
    found = starts(3, WORKER, {**told, "NCCL_DEBUG": "INFO", "SECRET": "s"}, threads=4)
    assert [s.command[:4] for s in found] == [("ssh", "-o", "BatchMode=yes", h) for h in ("node-a", "node-a", "node-b")]
    last = found[2].command[-1]
    for part in (
        "RANK=2",
        "LOCAL_RANK=0",
        "WORLD_SIZE=3",
        "MASTER_ADDR=node-a",
        "MASTER_PORT=29500",
        "NCCL_DEBUG=INFO",
    ):
        assert part in last.split()
    assert "LOCAL_RANK=1" in found[1].command[-1].split()
    assert "SECRET" not in last  # another machine is told what training needs, not the whole environment
    assert last.startswith(f"cd {Path.cwd()} && exec env ")
    assert last.endswith(" python -m worker")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("node-a\n", r"line 1: 'node-a' is not of the form HOST slots=N"),
        ("a slots=1\nb slots=0\n", r"line 2: 'b slots=0' is not of the form"),
        ("-oProxyCommand=x slots=2\n", r"line 1: '-oProxyCommand=x slots=2' is not of the form"),
        ("a slots=1\n", r"has 1 slots, and train.processes = 2"),
    ],
)
def test_a_wrong_hostfile_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        hosts_of(2, _hostfile(tmp_path, text))


def test_a_hostfile_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="the hostfile /no/such cannot be read"):
        hosts_of(2, {"SRM_HOSTFILE": "/no/such"})


def test_nodes_of_a_slurm_job_have_equally_many_processes() -> None:
    job = {"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "2"}
    assert task_nodes(4, job) == 2
    assert task_nodes(4, {"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "1"}) == 0  # one node: as on any machine
    assert task_nodes(4, {}) == 0
    with pytest.raises(ConfigError, match="the Slurm job has 2 nodes, and each has equally many processes"):
        task_nodes(3, job)


def _script(folder: Path, name: str, lines: str) -> None:
    file = folder / name
    file.write_text(f"#!{sys.executable}\n{lines}", encoding="utf-8")
    file.chmod(0o755)


@pytest.fixture
def stood_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of scripts that stand for ssh, srun and scontrol, first on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    _script(
        folder,
        "ssh",
        "import os, sys\nassert sys.argv[1:3] == ['-o', 'BatchMode=yes']\n"
        "os.environ['HOST_STOOD_IN'] = sys.argv[3]\nos.execvp('sh', ['sh', '-c', sys.argv[4]])\n",
    )
    _script(
        folder,
        "srun",
        "import os, subprocess, sys\nshape = [a for a in sys.argv[1:] if a.startswith('--')]\n"
        "assert shape == ['--nodes=2', '--ntasks=2', '--ntasks-per-node=1', '--kill-on-bad-exit=1'], shape\n"
        "line = sys.stdin.readline()\n"
        "made = [subprocess.Popen(sys.argv[1 + len(shape):], stdin=subprocess.PIPE, text=True, env={**os.environ, "
        "'SLURM_PROCID': str(n), 'SLURM_LOCALID': '0', 'HOST_STOOD_IN': f'node-{n}'}) for n in range(2)]\n"
        "[print(line, end='', file=each.stdin, flush=True) for each in made]\n"
        "sys.exit(max(each.wait() for each in made))\n",
    )
    _script(
        folder,
        "scontrol",
        "import sys\nassert sys.argv[1:] == ['show', 'hostnames', 'node-[0-1]']\nprint('node-0\\nnode-1')\n",
    )
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def _heard(
    config: TrainConfig, data: Path, out: Path, caplog: pytest.LogCaptureFixture, worker: Sequence[str]
) -> list[dict[str, Any]]:
    found = train_together("sft", out, data, config, out, lambda *_: None, worker=worker)
    assert found == {"steps": 1.0, "sft_processes": 2.0}
    return sorted((json.loads(line) for line in caplog.messages), key=lambda each: str(each["host"]))


def test_processes_are_started_on_the_hosts_of_the_file(
    data: Path, config: TrainConfig, stood_in: Path, tmp_path: Path, monkeypatch: Any, caplog: Any
) -> None:
    for name, value in _hostfile(tmp_path, "node-a slots=1\nnode-b slots=1\n").items():
        monkeypatch.setenv(name, value)
    one, other = _heard(config, data, tmp_path, caplog, (sys.executable, "-c", SAYS))
    assert (one["host"], one["RANK"], one["LOCAL_RANK"]) == ("node-a", "0", "0")
    assert (other["host"], other["RANK"], other["LOCAL_RANK"]) == ("node-b", "1", "0")
    assert one["MASTER_ADDR"] == other["MASTER_ADDR"] == "node-a"


def test_srun_starts_all_processes_of_a_job_of_two_nodes(
    data: Path, config: TrainConfig, stood_in: Path, tmp_path: Path, monkeypatch: Any, caplog: Any
) -> None:
    for name, value in {"JOB_ID": "7", "JOB_NUM_NODES": "2", "JOB_NODELIST": "node-[0-1]"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    found = _heard(config, data, tmp_path, caplog, (sys.executable, "-c", SAYS))
    assert [each["host"] for each in found] == ["node-0", "node-1"]
    assert all((each["MASTER_ADDR"], each["WORLD_SIZE"]) == ("node-0", "2") for each in found)


def test_a_host_that_cannot_be_reached_is_named(
    data: Path, config: TrainConfig, stood_in: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    _script(stood_in, "ssh", "import sys\nsys.exit('ssh: connect to host node-a port 22: No route to host')\n")
    for name, value in _hostfile(tmp_path, "node-a slots=2\n").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TrainingError, match=r"process \d on node-a ended with exit code 1 \(ssh: .*No route to host\)"):
        train_together("sft", tmp_path, data, config, tmp_path, lambda *_: None)


# ---- which failure is the cause

BROKEN = {"failed": "RuntimeError", "message": "connection closed by peer\nmore"}


def test_an_error_of_ours_is_raised_as_it_was() -> None:
    ours = Failure("process 1", said={"failed": "MissingExtra", "message": "m"})
    assert isinstance(cause([Failure("process 0", said=BROKEN), ours]), MissingExtra)


def test_a_full_disk_stays_one() -> None:
    full = {"failed": "OSError", "message": "No space left", "errno": 28, "file": "/data/x"}
    found = cause([Failure("process 0", said=full), Failure("process 1", code=1)])
    assert isinstance(found, OSError)
    assert (found.errno, found.filename) == (28, "/data/x")


def test_a_process_that_died_without_a_word_is_the_cause_of_broken_connections() -> None:
    reset = {"failed": "ConnectionResetError", "message": "reset", "errno": 104, "file": ""}
    others = [Failure("process 0", said=BROKEN), Failure("process 0", code=1), Failure("process 2", said=reset)]
    assert str(cause([*others, Failure("process 1", code=-15)])).startswith(
        "process 1 was ended by SIGTERM, and all were"
    )
    assert "process 0 failed: RuntimeError: connection closed by peer. All" in str(cause(others))


def test_a_command_that_is_not_there_is_named(tmp_path: Path, data: Path, config: TrainConfig) -> None:
    with pytest.raises(ConfigError, match="process 0 cannot be started: no-such-program"):
        train_together("sft", tmp_path, data, config, tmp_path, lambda *_: None, worker=("no-such-program",))


def test_processes_that_end_without_a_result_are_no_success(tmp_path: Path, data: Path, config: TrainConfig) -> None:
    with pytest.raises(TrainingError, match="ended without a result"):
        train_together("sft", tmp_path, data, config, tmp_path, lambda *_: None, worker=("true",))
