"""The parent's side: starts the zygote, hands each run its descriptors, keeps the wall clock, reads typed values."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from srm_core.errors import SrmError

from .child import NOT_LOCKED, write_all
from .tiers import Mode, tier
from .values import ValueRefused, decode, encode

START_S = 20.0
MAX_REQUEST = 1 << 20
TOO_LONG = "longer than the wall clock allows"
_FOLDER = Path(__file__).resolve().parent
_FLAGS = ("-s", "-S", "-B", "-P")  # no site packages, nothing written, no folder of ours on the path
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from sandbox import zygote; del sys.path[0]; "
    "zygote.main(int(sys.argv[2]), sys.argv[3])"
)
# What a locked process must not be able to do; run once when a sandbox is opened.
_SELF_CHECK = """
def escapes():
    import os, socket
    done = []
    for name, act in (
        ("open a file", lambda: open("/etc/passwd").close()),
        ("list a folder", lambda: os.listdir("/")),
        ("open a socket", lambda: socket.socket().close()),
        ("fork", lambda: os.fork() or os._exit(0)),
        ("signal another process", lambda: os.kill(os.getppid(), 0)),
    ):
        try:
            act()
        except (OSError, ImportError):
            continue
        done.append(name)
    return done
"""


class SandboxError(SrmError):
    """Code cannot be run safely here, or the sandbox itself failed; nothing was run outside it."""


@dataclass(frozen=True)
class Limits:
    """Of one run, all its calls together. The wall clock leaves room for a busy machine."""

    wall_s: float = 5.0
    cpu_s: int = 2
    memory_mb: int = 512
    output_bytes: int = 1 << 20


@dataclass(frozen=True)
class Result:
    """What one call returned, or the exception it raised (``error`` is empty if it returned)."""

    value: Any = None
    error: str = ""


@dataclass(frozen=True)
class Run:
    """One run: a result for each call, or the reason why there is none. ``printed`` is what the code wrote."""

    results: tuple[Result, ...] = ()
    reason: str = ""
    printed: str = ""
    seconds: float = 0.0


class Sandbox:
    """Runs code that a model wrote, one run at a time, safe to share between threads.

    Raises:
        SandboxError: on entry, where the machine has no tier and ``unsafe`` was not asked for.
    """

    def __init__(self, *, unsafe: bool = False, mode: Mode | None = None) -> None:
        found = tier()
        if mode is None:
            mode = "unsafe" if unsafe and not found.holds else "strong" if found.name == "strong" else "sealed"
        if mode == "unsafe" and not unsafe:
            raise SandboxError("code without a sandbox must be asked for: unsafe=True")
        if mode != "unsafe" and not found.holds:
            raise SandboxError(f"no sandbox here: {found.reason}")
        if mode == "strong" and found.name != "strong":
            raise SandboxError(f"no Landlock here: {found.reason}")
        self.mode = mode
        self.separated = False  # whether it has namespaces of its own
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._zygote: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and whatever runs in it."""
        if self._control is not None:
            self._control.close()
        if self._zygote is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._zygote.wait(1.0)
            if self._zygote.poll() is None:
                self._zygote.kill()
                self._zygote.wait()
        self._control = self._zygote = None

    def run(self, code: str, calls: Sequence[tuple[str, Sequence[object]]], limits: Limits | None = None) -> Run:
        """Run ``code``, then each call (function name, arguments) in the same process, and return what came back.

        Raises:
            SandboxError: the sandbox failed; the code was not run, or not outside it.
        """
        limits = limits or Limits()
        named = [(name, [encode(each) for each in arguments]) for name, arguments in calls]
        request = json.dumps({"code": code, "calls": named, "limits": asdict(limits)}).encode()
        if len(request) > MAX_REQUEST:
            return Run(reason=f"code and arguments are longer than {MAX_REQUEST} bytes")
        with self._lock:
            if self._control is None:
                self._start()
            try:
                return self._exchange(request, len(calls), limits)
            except (OSError, ValueError) as error:
                self.close()
                raise SandboxError(f"the sandbox failed: {type(error).__name__}: {error}") from error

    def _start(self) -> None:
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._zygote = subprocess.Popen(
                [
                    sys.executable,
                    *_FLAGS,
                    "-c",
                    _BOOT,
                    str(_FOLDER.parent),
                    str(theirs.fileno()),
                    self.mode,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PYTHONHASHSEED": "0", "PYTHONUTF8": "1"},
                cwd="/",
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._control = ours
        ours.settimeout(START_S)
        try:
            self.separated = bool(json.loads(ours.recv(1 << 12))["separated"])
        except (OSError, ValueError, KeyError) as error:
            self.close()
            raise SandboxError(f"the sandbox does not start: {error or type(error).__name__}") from error
        if self.mode != "unsafe":
            self._check()

    def _check(self) -> None:
        """Fail closed: what the layers must refuse is tried once before anything of a model's is run."""
        request = json.dumps({"code": _SELF_CHECK, "calls": [("escapes", [])], "limits": asdict(Limits())}).encode()
        try:
            run = self._exchange(request, 1, Limits(wall_s=START_S))
        except (OSError, ValueError) as error:
            self.close()
            raise SandboxError(f"the sandbox does not start: {error}") from error
        if run.reason or run.results[0].error or run.results[0].value != []:
            found = run.reason or run.results[0].error or f"code in it can {', '.join(run.results[0].value)}"
            self.close()
            raise SandboxError(f"the sandbox fails its self-check: {found}")

    def _exchange(self, request: bytes, count: int, limits: Limits) -> Run:
        assert self._control is not None
        started = time.monotonic()
        request_out, request_in = os.pipe()
        result_out, result_in = os.pipe()
        try:
            try:
                socket.send_fds(self._control, [b"r"], [request_out, result_in])
            finally:
                os.close(request_out)
                os.close(result_in)
            try:
                pid = int(self._heard())
                write_all(request_in, request)
            finally:
                os.close(request_in)
            raw, reason = _read(result_out, pid, started + limits.wall_s, 4 * limits.output_bytes)
        finally:
            os.close(result_out)
        if not reason and not _ready(self._control.fileno(), started + limits.wall_s - time.monotonic()):
            reason = TOO_LONG  # it closed its output and went on
            _kill(pid)
        how, status = self._heard().split()
        self._control.send(b".")
        if int(status) == NOT_LOCKED and how == str(int(os.CLD_EXITED)):
            raise ValueError(f"a layer could not be put on: {raw.decode(errors='replace')}")
        reason = reason or _ending(int(how), int(status))
        return _answer(raw, reason, count, limits, time.monotonic() - started)

    def _heard(self) -> str:
        assert self._control is not None
        heard = self._control.recv(64).decode()
        if not heard:
            raise ValueError("its process has ended")
        return heard


def _read(fd: int, pid: int, deadline: float, most: int) -> tuple[bytes, str]:
    """Return what came, and the reason why the process group was killed if it was."""
    parts: list[bytes] = []
    size, reason = 0, ""
    while True:
        left = deadline - time.monotonic()
        if not reason and left <= 0:
            reason = TOO_LONG
            _kill(pid)
        if not _ready(fd, START_S if reason else left):
            if reason:
                raise ValueError("a killed process does not end")
            continue
        part = os.read(fd, 1 << 16)
        if not part:
            return b"".join(parts), reason
        size += len(part)
        if size <= most:
            parts.append(part)
        elif not reason:
            reason = "more output than allowed"
            _kill(pid)


def _ready(fd: int, seconds: float) -> bool:
    """Wait until ``fd`` can be read, or hung up; unlike select, poll takes any descriptor."""
    poll = select.poll()
    poll.register(fd, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(1000 * max(0.0, seconds)))


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _ending(how: int, status: int) -> str:
    if how == os.CLD_EXITED:
        return "" if status == 0 else f"ended with status {status}"
    name = signal.Signals(status).name
    return "more processor time than allowed" if name == "SIGXCPU" else f"ended by {name}"


def _answer(raw: bytes, reason: str, count: int, limits: Limits, seconds: float) -> Run:
    if reason:
        return Run(reason=reason, seconds=seconds)
    try:
        answer = json.loads(raw.decode("utf-8", "surrogatepass"))
        printed, error = answer["printed"], answer["error"]
        results = tuple(
            Result(error=each["error"]) if "error" in each else Result(value=decode(each["value"]))
            for each in answer["results"]
        )
        whole = isinstance(printed, str) and isinstance(error, str)
        whole = whole and all(isinstance(each.error, str) for each in results)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ValueRefused):
        return Run(reason="ended without a result that can be read", seconds=seconds)
    if not whole or (not error and len(results) != count):
        return Run(reason="ended without a result for every call", seconds=seconds)
    return Run(results=() if error else results, reason=error, printed=printed[: limits.output_bytes], seconds=seconds)
