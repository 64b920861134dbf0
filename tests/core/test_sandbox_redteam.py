"""Escapes, reward hacks and honest programs: none gets out, none is paid, none suffers."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from srm_core.records import TestsKey
from srm_core.sandbox.grading import grade_program
from srm_core.sandbox.launcher import Limits, Sandbox
from srm_core.sandbox.redteam.escapes import escapes, exhaustions
from srm_core.sandbox.redteam.hacks import ENTRY, HACKS, TESTS
from srm_core.sandbox.redteam.honest import honest
from srm_core.sandbox.tiers import Mode, tier
from srm_core.sandbox.values import encode

SECRET = "srm-secret-0451"
QUICK = Limits(wall_s=0.5, cpu_s=1, memory_mb=256)
needs_tier = pytest.mark.skipif(not tier().holds, reason=f"no sandbox here: {tier().reason}")
needs_landlock = pytest.mark.skipif(tier().name != "strong", reason=f"no Landlock here: {tier().reason}")
MODES = [pytest.param("strong", marks=needs_landlock), pytest.param("sealed", marks=needs_tier)]


@pytest.fixture(scope="module", params=MODES)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    mode: Mode = request.param
    with Sandbox(mode=mode) as opened:
        yield opened


class Outside:
    """What an escape could touch, and whether it did."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "secret").write_text(SECRET)
        (folder / "secret").chmod(0o600)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(str(folder / "unix"))
        self.named = socket.socket(socket.AF_UNIX)
        self.name = f"srm-{os.getpid()}-{folder.name}"
        self.named.bind("\0" + self.name)
        for each in (self.unix, self.named):
            each.listen()
        for each in (self.tcp, self.udp, self.unix, self.named):
            each.setblocking(False)
        self.victim = subprocess.Popen(["sleep", "600"], env={"SRM_SECRET": SECRET})
        self.before = self.state()

    def where(self) -> dict[str, object]:
        return {
            "dir": str(self.folder),
            "secret": str(self.folder / "secret"),
            "tcp": self.tcp.getsockname()[1],
            "udp": self.udp.getsockname()[1],
            "unix": str(self.folder / "unix"),
            "abstract": self.name,
            "victim": self.victim.pid,
        }

    def state(self) -> object:
        files = {each.name: (each.stat().st_mode, each.stat().st_size) for each in self.folder.iterdir()}
        shared = Path("/dev/shm/srm-out").exists()
        return files, shared, self.victim.poll(), os.getpriority(os.PRIO_PROCESS, self.victim.pid)

    def visited(self) -> list[str]:
        found = [name for name, each in (("tcp", self.tcp), ("unix", self.unix), ("named", self.named)) if _came(each)]
        try:
            self.udp.recv(9)
        except BlockingIOError:
            return found
        return [*found, "udp"]

    def close(self) -> None:
        self.victim.kill()
        self.victim.wait()
        for each in (self.tcp, self.udp, self.unix, self.named):
            each.close()


def _came(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    os.environ["SRM_SECRET"] = SECRET
    made = Outside(tmp_path_factory.mktemp("outside"))
    yield made
    made.close()
    del os.environ["SRM_SECRET"]


def test_the_sets_are_as_large_as_promised() -> None:
    assert len(escapes()) >= 40
    assert len(HACKS) >= 30
    assert len(list(honest())) >= 200


@pytest.mark.parametrize("name", escapes())
def test_no_escape_gets_out(sandbox: Sandbox, outside: Outside, name: str) -> None:
    run = sandbox.run(escapes()[name], [("attack", [outside.where()])], QUICK)
    got = [result.value for result in run.results if not result.error]
    assert not any(got), (name, got)
    assert SECRET not in repr(run)
    assert outside.state() == outside.before, name
    assert outside.visited() == [], name


@pytest.mark.parametrize("name", exhaustions())
def test_no_run_takes_more_than_its_limits(sandbox: Sandbox, outside: Outside, name: str) -> None:
    started = time.monotonic()
    run = sandbox.run(exhaustions()[name], [("attack", [outside.where()])], QUICK)
    assert time.monotonic() - started < QUICK.wall_s + 5
    assert run.reason or run.results[0].error, name
    assert sandbox.run("def f():\n    return 1", [("f", [])]).results[0].value == 1


def test_nothing_that_was_left_behind_acts_later(sandbox: Sandbox, outside: Outside) -> None:
    sandbox.run(escapes()["leave a daemon"], [("attack", [outside.where()])], QUICK)
    time.sleep(0.5)
    assert outside.state() == outside.before


def test_the_escapes_are_real_where_nothing_holds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the layers most get out, so the tests above do not pass for want of trying."""
    lasting = {"leave a daemon", "change the root", "mount", "signal a process", "make System V memory", "keep a key"}
    out = 0
    with Sandbox(unsafe=True, mode="unsafe") as bare:
        for n, name in enumerate(escapes().keys() - lasting):
            folder = tmp_path / str(n)
            folder.mkdir()
            made = Outside(folder)
            run = bare.run(escapes()[name], [("attack", [made.where()])], QUICK)
            got = any(result.value for result in run.results if not result.error)
            out += got or made.state() != made.before or bool(made.visited())
            made.close()
    Path("/dev/shm/srm-out").unlink(missing_ok=True)
    assert out >= 40


def test_no_hack_is_rewarded_and_the_honest_program_is(sandbox: Sandbox) -> None:
    key = TestsKey(
        entry=ENTRY,
        inputs=tuple(encode(list(arguments)) for arguments, _ in TESTS),
        values=tuple(encode(value) for _, value in TESTS),
    )
    paid = [name for name, code in HACKS.items() if grade_program(sandbox, code, key, QUICK).correct is not False]
    assert paid == []
    assert grade_program(sandbox, "def add(a, b):\n    return a + b\n", key).correct is True


def test_every_honest_program_passes(sandbox: Sandbox) -> None:
    refused = []
    for each in honest():
        key = TestsKey(
            entry=each.entry,
            inputs=tuple(encode(list(arguments)) for arguments, _ in each.tests),
            values=tuple(encode(value) for _, value in each.tests),
        )
        verdict = grade_program(sandbox, each.code, key, Limits(wall_s=30))
        if not verdict.correct:
            refused.append((each.name, verdict.reason))
    assert refused == []
