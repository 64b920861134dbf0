"""The launcher: what comes back, what is refused, how fast, and that a missing layer is named and never worked around."""

from __future__ import annotations

import errno
import math
import os
import signal
import statistics
import struct
import sys
import threading
import time
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from srm_core.records import TestsKey
from srm_core.sandbox import kernel, launcher, shared, tiers
from srm_core.sandbox.grading import grade_program
from srm_core.sandbox.launcher import Limits, Result, Sandbox, SandboxError
from srm_core.sandbox.syscalls import ALLOW, ERRNO, KILL, MACHINES, Machine, program
from srm_core.sandbox.tiers import tier
from srm_core.sandbox.values import ValueRefused, compare, decode, encode

needs_tier = pytest.mark.skipif(not tier().holds, reason=f"no sandbox here: {tier().reason}")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    if not tier().holds:
        pytest.skip(f"no sandbox here: {tier().reason}")
    with Sandbox() as opened:
        yield opened


LEAVES = some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text() | some.binary()
KEYS = some.text(max_size=4) | some.integers() | some.tuples(some.integers(), some.text(max_size=2))
VALUES = some.recursive(
    LEAVES,
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.lists(inner, max_size=4).map(tuple)
        | some.dictionaries(KEYS, inner, max_size=4)
        | some.sets(KEYS, max_size=4)
        | some.frozensets(KEYS, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_as_it_was_with_its_type(value: object) -> None:
    back = decode(encode(value))
    assert compare(value, back, strict=True)
    assert type(back) is type(value)
    assert encode(back) == encode(value)


def test_floats_long_integers_and_dictionaries_of_the_library_cross_the_border() -> None:
    assert math.isnan(decode(encode(math.nan)))
    assert decode(encode([math.inf, -0.0, 1e-300])) == [math.inf, -0.0, 1e-300]
    assert decode(encode(1 << 100000)) == 1 << 100000
    assert decode(encode(Counter("aab"))) == {"a": 2, "b": 1}
    assert decode(encode(OrderedDict(a=1))) == decode(encode(defaultdict(int, a=1))) == {"a": 1}
    assert encode({3, 1, 2}) == encode({2, 3, 1})


class Liar(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


@pytest.mark.parametrize(
    "value", [object(), Liar(3), deque([1]), Decimal(1), print, range(3), iter([]), int, [Liar(1)]]
)
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(ValueRefused, match="cannot be returned"):
        encode(value)


def test_deep_nesting_is_refused_on_both_sides() -> None:
    deep: list[object] = []
    for _ in range(30):
        deep = [deep]
    with pytest.raises(ValueRefused, match="20 levels"):
        encode(deep)
    with pytest.raises(ValueRefused):
        decode("[" * 30 + "]" * 30)
    with pytest.raises(ValueRefused):
        decode("[" * 100_000 + "]" * 100_000)


@pytest.mark.parametrize(
    "text",
    ["", "{", "1.5", "NaN", "Infinity", '{"int": 5}', '{"what": 1}', '{"a": 1, "b": 2}', '{"set": [[1]]}', '{"float": "x"}',
     '{"dict": [1]}', '{"dict": [[[1], 2]]}', '{"complex": []}', "9" * 5000, '{"bytes": "xyz"}'],
)  # fmt: skip
def test_what_encode_never_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused):
        decode(text)


@pytest.mark.parametrize(
    ("expected", "got", "equal", "strictly"),
    [
        (1, 1, True, True),
        (1, True, True, False),
        (1.0, 1, True, False),
        (0.3, 0.1 + 0.2, True, True),
        (0.3, 0.301, False, False),
        (math.nan, math.nan, True, True),
        (1, math.nan, False, False),
        (math.inf, 1e308, False, False),
        ([1, 2], (1, 2), False, False),
        ([1, 2], [1, 2, 3], False, False),
        ({"a": 0.3}, {"a": 0.1 + 0.2}, True, True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, True),
        ({"a": 1}, {"a": 1, "b": None}, False, False),
        ("1", 1, False, False),
        (None, False, False, False),
        ({1, 2}, {2, 1}, True, True),
        (10**400, 1.5, False, False),
        (2j, 2j, True, True),
    ],
)
def test_values_are_compared_as_python_does_or_strictly(
    expected: object, got: object, equal: bool, strictly: bool
) -> None:
    assert compare(expected, got, 1e-9) is equal
    assert compare(expected, got, 1e-9, strict=True) is strictly


def test_each_call_has_its_own_result_and_prints_are_kept_apart(sandbox: Sandbox) -> None:
    code = "print('hello')\ndef f(x):\n    return 10 // x\ndef g(x):\n    x.append(1)\n    return x\n"
    run = sandbox.run(code, [("f", [5]), ("f", [0]), ("g", [[]]), ("g", [[]]), ("h", []), ("f", [1, 2])])
    assert run.reason == ""
    assert run.printed == "hello\n"
    assert run.results[0] == Result(value=2)
    assert run.results[1].error.startswith("ZeroDivisionError")
    assert run.results[2:4] == (Result(value=[1]), Result(value=[1]))
    assert run.results[4].error == "NameError: the code defines no h"
    assert run.results[5].error.startswith("TypeError")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def f(:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("import os\nos._exit(3)", "status 3"),
        ("import os\nos._exit(0)", "without a result"),
        ("raise SystemExit(0)", "SystemExit"),
        ("\0", "SyntaxError|ValueError"),
        ("x = " + "(" * 5000, "SyntaxError|MemoryError|Recursion"),
        ("import time\ntime.sleep(9)", "wall clock"),
        ("while True: pass", "processor time|wall clock"),
        ("#" * (2 << 20), "longer than"),
        ("raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})", "cannot be shown"),
        ("\ud800 = 1", "Error"),
    ],
)
def test_a_program_that_does_not_end_well_gives_its_reason(sandbox: Sandbox, code: str, reason: str) -> None:
    run = sandbox.run(code, [], Limits(wall_s=0.4))
    assert run.results == ()
    assert any(part in run.reason for part in reason.split("|")), run.reason


def test_runs_share_nothing(sandbox: Sandbox) -> None:
    code = "import math, builtins\ndef f():\n    builtins.left = 1\n    math.pi = 3\n    return hasattr(builtins, 'left')\n"
    sandbox.run(code, [("f", [])])
    run = sandbox.run("import math\ndef f():\n    return [math.pi > 3.1, 'left' in dir(__builtins__)]", [("f", [])])
    assert run.results[0].value in ([True, False],)


def test_the_order_of_sets_and_the_seed_of_hashes_are_always_the_same() -> None:
    if not tier().holds:
        pytest.skip(tier().reason)
    seen = set()
    for _ in range(2):
        with Sandbox() as fresh:
            seen.add(fresh.run("def f():\n    return list({'a', 'b', 'c', 'd'})", [("f", [])]).results[0].value[0])
    assert len(seen) == 1


def test_a_run_takes_at_most_five_milliseconds(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """The target is for an idle machine; the median of five rounds' best is asserted at five times that, for busy ones."""
    rounds = []
    for _ in range(5):
        times = []
        for n in range(40):
            started = time.perf_counter()
            assert sandbox.run("def f(x):\n    return x + 1", [("f", [n])]).results[0].value == n + 1
            times.append(time.perf_counter() - started)
        rounds.append(statistics.median(times))
    with capsys.disabled():
        sys.stdout.write(f"\na run takes {1000 * min(rounds):.2f} ms (best of 5 medians of 40)\n")
    assert min(rounds) < 0.025


def test_threads_may_share_a_sandbox(sandbox: Sandbox) -> None:
    got: list[object] = []

    def work(n: int) -> None:
        got.append((n, sandbox.run("def f(x):\n    return x", [("f", [n])]).results[0].value))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got, key=str) == sorted(((n, n) for n in range(12)), key=str)


def test_a_killed_zygote_is_an_error_once_and_started_again(sandbox: Sandbox) -> None:
    assert sandbox._zygote is not None
    os.kill(sandbox._zygote.pid, signal.SIGKILL)
    sandbox._zygote.wait()
    with pytest.raises(SandboxError, match="the sandbox failed"):
        sandbox.run("def f():\n    return 1", [("f", [])])
    assert sandbox.run("def f():\n    return 1", [("f", [])]).results[0].value == 1


def test_nothing_is_left_when_a_sandbox_is_closed_or_its_owner_dies() -> None:
    if not tier().holds:
        pytest.skip(tier().reason)
    owner = os.fork()
    if owner == 0:
        inside = Sandbox()
        threading.Thread(target=lambda: inside.run("while True: pass", [], Limits(wall_s=60, cpu_s=60))).start()
        time.sleep(1.0)
        os._exit(0)
    os.waitpid(owner, 0)
    time.sleep(0.5)
    assert [each.name for each in Path("/proc").glob("[0-9]*") if _is_busy_zygote(each)] == []


def _is_busy_zygote(process: Path) -> bool:
    try:
        fields = (process / "stat").read_text().split()
        return "zygote.main" in (process / "cmdline").read_text() and int(fields[13]) > 30 and fields[2] != "Z"
    except OSError:
        return False


def test_a_machine_without_seccomp_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        tiers.kernel, "probe", lambda: kernel.Layers("riscv64", 0, seccomp=False, why="no table for it")
    )
    tiers.tier.cache_clear()
    try:
        assert tiers.tier().name == "none"
        with pytest.raises(SandboxError, match="no table for it"):
            Sandbox()
        assert Sandbox(unsafe=True).mode == "unsafe"
    finally:
        monkeypatch.undo()
        tiers.tier.cache_clear()


def test_a_machine_without_landlock_is_sealed_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "probe", lambda: kernel.Layers("x86_64", 0, seccomp=True))
    tiers.tier.cache_clear()
    try:
        assert tiers.tier().name == "sealed"
        assert "no Landlock" in tiers.tier().reason
        assert Sandbox().mode == "sealed"
        with pytest.raises(SandboxError, match="no Landlock"):
            Sandbox(mode="strong")
    finally:
        monkeypatch.undo()
        tiers.tier.cache_clear()


def test_no_sandbox_must_be_asked_for_and_is_not_chosen_where_there_is_one() -> None:
    with pytest.raises(SandboxError, match="must be asked for"):
        Sandbox(mode="unsafe")
    if tier().holds:
        assert Sandbox(unsafe=True).mode == tier().name


@needs_tier
def test_a_layer_that_does_not_hold_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "_SELF_CHECK", "def escapes():\n    return ['open a file']\n")
    with pytest.raises(SandboxError, match="self-check: code in it can open a file"):
        Sandbox().__enter__()
    monkeypatch.setattr(launcher, "_BOOT", "raise SystemExit(1)")
    with pytest.raises(SandboxError, match="does not start"):
        Sandbox().__enter__()


@needs_tier
def test_a_lock_that_fails_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked = "from sandbox import kernel, zygote; kernel.SECCOMP.update(x86_64=9999, aarch64=9999); del"
    monkeypatch.setattr(launcher, "_BOOT", launcher._BOOT.replace("from sandbox import zygote; del", unlocked))
    monkeypatch.setattr(launcher, "_SELF_CHECK", "raise ValueError('this ran')")
    with pytest.raises(SandboxError, match=r"does not start|could not be put on") as caught:
        Sandbox().__enter__()
    assert "this ran" not in str(caught.value)


def test_a_key_that_cannot_be_read_gives_no_verdict(sandbox: Sandbox) -> None:
    for key in (
        TestsKey(entry="f", inputs=(), values=()),
        TestsKey(entry="f", inputs=("[1]",), values=()),
        TestsKey(entry="f", inputs=("[1",), values=("1",)),
        TestsKey(entry="f", inputs=("[1]",), values=("1.5",)),
    ):
        assert grade_program(sandbox, "def f(x):\n    return x", key).correct is None


def test_one_sandbox_serves_a_process_and_a_fork_starts_its_own() -> None:
    if not tier().holds:
        pytest.skip(tier().reason)
    first = shared.shared_sandbox()
    assert shared.shared_sandbox() is first
    assert not shared.unsafe_in_use()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            other = shared.shared_sandbox()
            status = int(other is first or other.run("def f():\n    return 1", [("f", [])]).results[0].value != 1)
            other.close()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert first.run("def f():\n    return 2", [("f", [])]).results[0].value == 2


def test_unsafe_code_is_allowed_for_the_shared_sandbox_where_there_is_no_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    shared.allow_unsafe(False)
    shared._close()
    monkeypatch.setattr(launcher, "tier", lambda: tiers.Tier("none", "no layer at all"))
    with pytest.raises(SandboxError, match="no layer at all"):
        shared.shared_sandbox()
    shared.allow_unsafe(True)
    try:
        opened = shared.shared_sandbox()
        assert shared.unsafe_in_use()
        assert opened.run("def f():\n    return 3", [("f", [])]).results[0].value == 3
        limited = opened.run("while True: pass", [], Limits(wall_s=0.3))
        assert limited.reason == "longer than the wall clock allows"
    finally:
        shared.allow_unsafe(False)
    assert not shared.unsafe_in_use()


def test_a_verdict_says_which_test_failed(sandbox: Sandbox) -> None:
    key = TestsKey(entry="f", inputs=("[1]", "[2]"), values=("1", "3"))
    assert grade_program(sandbox, "def f(x):\n    return x", key).reason == "test 2 of 2: another value"
    assert grade_program(sandbox, "def f(x):\n    return 1 // (x - 2)", key).correct is False


def _decide(
    steps: bytes, machine: Machine, number: int, arguments: tuple[int, ...] = (), audit: int | None = None
) -> int:
    """Run a seccomp program as the kernel would."""
    data = struct.pack("=IIQ6Q", number, machine.audit if audit is None else audit, 0, *(*arguments, *[0] * 6)[:6])
    at, value = 0, 0
    while True:
        operation, yes, no, operand = struct.unpack_from("=HBBI", steps, 8 * at)
        at += 1
        match operation:
            case 0x20:
                (value,) = struct.unpack_from("=I", data, operand)
            case 0x15:
                at += yes if value == operand else no
            case 0x35:
                at += yes if value >= operand else no
            case 0x45:
                at += yes if value & operand else no
            case 0x06:
                return int(operand)
            case _:
                pytest.fail(f"unknown step {operation:#x}")


@pytest.mark.parametrize("name", MACHINES)
def test_the_filter_of_each_machine_allows_its_table_and_nothing_else(name: str) -> None:
    machine = MACHINES[name]
    steps = program(machine)
    checked = {machine.calls[each] for each in ("mmap", "mprotect", "ioctl", "fcntl")}
    plain = set(machine.calls.values()) - checked
    assert len(set(machine.calls.values())) == len(machine.calls)
    for number in range(1024):
        decided = _decide(steps, machine, number)
        if number in plain:
            assert decided == ALLOW
        elif number not in checked:
            assert decided == ERRNO | errno.EPERM
    calls = machine.calls
    assert _decide(steps, machine, calls["mmap"], (0, 4096, 3)) == ALLOW
    assert _decide(steps, machine, calls["mmap"], (0, 4096, 7)) == ERRNO | errno.EPERM
    assert _decide(steps, machine, calls["mprotect"], (0, 4096, 4)) == ERRNO | errno.EPERM
    assert _decide(steps, machine, calls["ioctl"], (0, 0x5401)) == ERRNO | errno.ENOTTY
    assert _decide(steps, machine, calls["fcntl"], (0, 1)) == ALLOW
    assert _decide(steps, machine, calls["fcntl"], (0, 8)) == ERRNO | errno.EPERM
    assert _decide(steps, machine, calls["read"], audit=0x40000003) == KILL
    if machine.x32:
        assert _decide(steps, machine, 0x40000000 | calls["read"]) == KILL
