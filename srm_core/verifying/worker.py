"""A verifier in a process of its own with a limit in seconds: a hang or a crash is an abstention, never a reward."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Any, Self

from srm_core.errors import PluginError
from srm_core.records import Evidence, Problem, Verdict
from srm_core.sandbox.shared import allow_unsafe, unsafe_allowed

START_SECONDS = 120.0  # to import the pack
FIRST_SECONDS = 60.0  # for the first verdict of a process, in which a pack loads its tables


class TimedVerifier:
    """Verdicts of the pack ``pack`` from a worker process, each within ``seconds``; use it in a ``with`` statement.

    A worker that takes longer is killed, one that dies is replaced; both give ``Verdict(correct=None)`` with the
    reason, and `failures` counts them. Exceptions of the verifier are the host's abstentions, as everywhere.
    Only installed packs and plugins are seen: what was registered by hand on a `Host` is not in the worker.

    Raises:
        PluginError: the worker cannot load the pack.
    """

    def __init__(self, pack: str, seconds: float = 5.0) -> None:
        self.failures = 0
        self._pack, self._seconds = pack, seconds
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._fresh = True

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def __call__(
        self, problem: Problem, texts: Sequence[str], evidence: Sequence[Evidence] | None = None
    ) -> list[Verdict]:
        """Return one verdict for each of ``texts``; ``evidence`` is the problem's own unless given."""
        shown = problem.evidence if evidence is None else evidence
        asked = {"problem": problem.model_dump(mode="json"), "evidence": [each.model_dump() for each in shown]}
        verdicts: list[Verdict] = []
        while len(verdicts) < len(texts):
            verdicts += self._some(asked, texts[len(verdicts) :])
        return verdicts

    def verify(self, problem: Problem, text: str, evidence: Sequence[Evidence]) -> Verdict:
        """Return the verdict on one completion: the form that training and audits ask for."""
        return self(problem, [text], evidence)[0]

    def _some(self, asked: dict[str, Any], texts: Sequence[str]) -> list[Verdict]:
        """Return verdicts up to and including the first failure of the worker."""
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has died: reading says so
            self._process.stdin.write(json.dumps({**asked, "texts": list(texts)}) + "\n")
            self._process.stdin.flush()
        verdicts: list[Verdict] = []
        for _ in texts:
            limit = max(FIRST_SECONDS, self._seconds) if self._fresh else self._seconds
            self._fresh = False
            try:
                line = self._lines.get(timeout=limit)
            except queue.Empty:
                return [*verdicts, self._failed(f"the verifier took longer than {limit:g} s")]
            if line is None:
                return [*verdicts, self._failed("the verifier's process died")]
            verdicts.append(Verdict.model_validate_json(line))
        return verdicts

    def _failed(self, reason: str) -> Verdict:
        self.failures += 1
        self._stop()
        return Verdict(correct=None, reason=reason)

    def _start(self) -> None:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        command = [sys.executable, "-m", __name__, self._pack, *(["--unsafe-code"] if unsafe_allowed() else [])]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True, encoding="utf-8"
        )
        self._lines, self._fresh = queue.SimpleQueue(), True
        threading.Thread(target=_read, args=(self._process.stdout, self._lines), daemon=True).start()
        try:
            ready = self._lines.get(timeout=START_SECONDS)
        except queue.Empty:
            ready = None
        if ready is None:
            self._stop()
            raise PluginError(f"the worker that verifies for pack {self._pack!r} did not start; see: srm packs")

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was not yet written is lost with the process
                if stream is not None:
                    stream.close()
        self._process = None


def _read(stream: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    with contextlib.suppress(OSError, ValueError):  # closed by `_stop`
        for line in stream:
            lines.put(line)
    lines.put(None)


def serve(pack: str, *, unsafe: bool) -> None:
    """Answer requests on stdin with one verdict a line on stdout, until stdin ends, for `TimedVerifier`."""
    from srm_core.host import Host

    allow_unsafe(unsafe)

    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    sys.stdout = sys.stderr  # what a plugin prints is no verdict
    host = Host(pack)
    out.write("ready\n")
    for line in sys.stdin:
        asked = json.loads(line)
        problem = Problem.model_validate(asked["problem"])
        evidence = tuple(Evidence.model_validate(each) for each in asked["evidence"])
        for text in asked["texts"]:
            out.write(host.verify(problem, text, evidence).model_dump_json() + "\n")


if __name__ == "__main__":
    serve(sys.argv[1], unsafe="--unsafe-code" in sys.argv[2:])
