"""Where processes of training run, and the command that starts each: this machine, hosts by ssh, or a Slurm job.

A hostfile (``SRM_HOSTFILE``) has a line for each host, ``name slots=N``, as MPI and DeepSpeed read it. Inside a Slurm
job of several nodes ``srun`` starts all processes. Each process is told its place as torchrun tells it: ``RANK``,
``LOCAL_RANK``, ``WORLD_SIZE``, ``MASTER_ADDR``, ``MASTER_PORT``.
"""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError

HOSTFILE = "SRM_HOSTFILE"
PORT = "29500"  # of the meeting on several machines, unless MASTER_PORT says another
_LINE = re.compile(r"(?P<host>[^\s=#-][^\s=#]*)\s+slots=(?P<slots>[1-9][0-9]*)")
_TAKEN_ALONG = re.compile(r"(SRM|HF|NCCL|GLOO|DS|TORCH|TRANSFORMERS|TOKENIZERS|TRITON)_\w+|PYTHONPATH|LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Start:
    """A command that makes one process of training, or (``srun``) all of them; ``name`` is what errors call it."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    name: str


def starts(processes: int, worker: Sequence[str], environment: Mapping[str, str], threads: int) -> list[Start]:
    """Return what to start so that ``processes`` copies of the command ``worker`` meet.

    ``threads`` are those of this machine; processes that share one share them.

    Raises:
        ConfigError: the hostfile is wrong or has too few slots, or Slurm's nodes cannot share the processes evenly.
    """
    if hosts := hosts_of(processes, environment):
        return _by_ssh(hosts, worker, environment, threads)
    if nodes := task_nodes(processes, environment):
        return [_by_srun(processes, nodes, worker, environment, threads)]
    own = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port()), **_threads(threads, processes)}
    return [
        Start(tuple(worker), {**environment, **own, **_place(rank, rank, processes, processes)}, f"process {rank}")
        for rank in range(processes)
    ]


def hosts_of(processes: int, environment: Mapping[str, str]) -> list[str]:
    """Return the host of each process by the hostfile, which is filled from its top; empty without one.

    Raises:
        ConfigError: there is no such file, a line is none, or it has fewer slots than processes.
    """
    named = environment.get(HOSTFILE)
    if not named:
        return []
    try:
        lines = [line.partition("#")[0].strip() for line in Path(named).read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the hostfile {named} cannot be read: {error}") from None
    slots: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise ConfigError(f"the hostfile {named}, line {number}: {line!r} is not of the form HOST slots=N")
        slots += [found["host"]] * int(found["slots"])
    if len(slots) < processes:
        raise ConfigError(f"the hostfile {named} has {len(slots)} slots, and train.processes = {processes}")
    return slots[:processes]


def task_nodes(processes: int, environment: Mapping[str, str]) -> int:
    """Return how many nodes of a Slurm job share the processes; 0 outside a job, or in one of a single node.

    Raises:
        ConfigError: they cannot have equally many each.
    """
    if environment.get(HOSTFILE) or not environment.get("SLURM_JOB_ID"):
        return 0
    nodes = int(environment.get("SLURM_JOB_NUM_NODES") or environment.get("SLURM_NNODES") or 1)
    if nodes > 1 and processes % nodes:
        raise ConfigError(
            f"train.processes = {processes}: the Slurm job has {nodes} nodes, and each has equally many processes; "
            f"take a multiple of {nodes}"
        )
    return nodes if nodes > 1 else 0


def _by_ssh(hosts: Sequence[str], worker: Sequence[str], environment: Mapping[str, str], threads: int) -> list[Start]:
    made = []
    taken = {name: value for name, value in environment.items() if _TAKEN_ALONG.fullmatch(name)}
    meeting = {"MASTER_ADDR": hosts[0], "MASTER_PORT": environment.get("MASTER_PORT") or PORT}
    for rank, host in enumerate(hosts):
        here = hosts.count(host)
        told = {
            **taken,
            **meeting,
            **_place(rank, hosts[:rank].count(host), len(hosts), here),
            **_threads(threads, here),
        }
        settings = [f"{name}={value}" for name, value in told.items()]
        remote = f"cd {shlex.quote(str(Path.cwd()))} && exec {shlex.join(['env', *settings, *worker])}"
        command = ("ssh", "-o", "BatchMode=yes", host, remote)
        made.append(Start(command, environment, f"process {rank} on {host}"))
    return made


def _by_srun(processes: int, nodes: int, worker: Sequence[str], environment: Mapping[str, str], threads: int) -> Start:
    listed = ["scontrol", "show", "hostnames", environment.get("SLURM_JOB_NODELIST", "")]
    try:
        names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError) as error:
        raise ConfigError(f"the nodes of the Slurm job cannot be listed ({shlex.join(listed)}: {error})") from None
    each = processes // nodes
    own = {
        "MASTER_ADDR": names[0],
        "MASTER_PORT": environment.get("MASTER_PORT") or PORT,
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(each),
        **_threads(threads, each),
    }
    shape = (f"--nodes={nodes}", f"--ntasks={processes}", f"--ntasks-per-node={each}", "--kill-on-bad-exit=1")
    return Start(("srun", *shape, *worker), {**environment, **own}, "a process that srun started")


def _place(rank: int, local: int, processes: int, here: int) -> dict[str, str]:
    told = {"RANK": rank, "LOCAL_RANK": local, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": here}
    return {name: str(value) for name, value in told.items()}


def _threads(threads: int, here: int) -> dict[str, str]:
    return {"OMP_NUM_THREADS": str(max(1, threads // here))}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
