"""A verifier that hangs, dies, raises or prints costs one verdict, never a reward and never the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from srm_core.errors import PluginError
from srm_core.records import FormulaKey, Problem
from srm_core.sandbox.shared import allow_unsafe
from srm_core.verifying.worker import TimedVerifier

pytestmark = pytest.mark.usefixtures("srm_alone")
PROJECT = """\
[project]
name = "srm-pack-moody"
version = "1"
[project.entry-points."srm.packs"]
moody = "moody"
"""
PACK = """\
import os, time
from srm_core import Kind, Pack, Verdict, hookimpl

@hookimpl
def srm_describe_pack():
    kind = Kind(name="k", title="t", book="closed", anchor="a", shared="s", core=True)
    return Pack(name="moody", title="t", version="1", intended_use="u", out_of_scope="o", system_prompt="s", kinds=(kind,))

@hookimpl
def srm_verify(problem, trace, evidence):
    if trace.answer == "hang":
        time.sleep(600)
    if trace.answer == "die":
        os._exit(3)
    if trace.answer == "raise":
        raise RuntimeError("out of order")
    print("a verifier should not print")
    from srm_core.sandbox.shared import unsafe_allowed
    if trace.answer == "unsafe":
        return Verdict(correct=unsafe_allowed(), reason="whether code may run without a sandbox")
    return Verdict(correct=trace.answer == problem.answer, reason=f"pid {os.getpid()}")
"""
PROBLEM = Problem(kind="k", question="?", answer="7", anchor="a", key=FormulaKey(formula="f", inputs={}, low=7, high=7))


@pytest.fixture
def moody(srm_install: Callable[[Path], None], tmp_path: Path) -> Iterator[TimedVerifier]:
    folder = tmp_path / "moody"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "moody.py").write_text(PACK)
    srm_install(folder)
    with TimedVerifier("moody", seconds=1.0) as judge:
        judge(PROBLEM, ["Answer: 7"])  # the first verdict has longer
        yield judge


def test_a_hang_is_an_abstention_and_the_rest_is_still_judged(moody: TimedVerifier) -> None:
    begun = time.monotonic()
    verdicts = moody(PROBLEM, ["Answer: 7", "Answer: hang", "Answer: 7", "Answer: 8"])
    assert [verdict.correct for verdict in verdicts] == [True, None, True, False]
    assert "longer than 1 s" in verdicts[1].reason
    assert verdicts[0].reason != verdicts[2].reason  # another process
    assert time.monotonic() - begun < 30
    assert moody.failures == 1


def test_a_crash_is_an_abstention(moody: TimedVerifier) -> None:
    verdicts = moody(PROBLEM, ["Answer: die", "Answer: 7", "Answer: die"])
    assert [verdict.correct for verdict in verdicts] == [None, True, None]
    assert "died" in verdicts[0].reason
    assert moody.failures == 2


def test_an_exception_is_the_hosts_abstention_and_the_worker_lives(moody: TimedVerifier) -> None:
    verdicts = moody(PROBLEM, ["Answer: 7", "Answer: raise", "Answer: 7"])
    assert [verdict.correct for verdict in verdicts] == [True, None, True]
    assert "out of order" in verdicts[1].reason
    assert verdicts[0].reason == verdicts[2].reason
    assert moody.failures == 0


def test_hostile_texts_arrive_whole(moody: TimedVerifier) -> None:
    texts = ["Answer: \ud800", "Answer: 7\u2028", "\x00\nAnswer: 7", "9" * 3_000_000, ""]
    verdicts = moody(PROBLEM, texts)
    assert [verdict.correct for verdict in verdicts] == [False, True, True, False, False]


def test_it_takes_the_place_of_a_hosts_verify(moody: TimedVerifier) -> None:
    assert moody.verify(PROBLEM, "Answer: 7", ()).correct is True


@pytest.mark.parametrize("allowed", [False, True])
def test_a_worker_may_run_code_without_a_sandbox_only_where_its_parent_may(moody: TimedVerifier, allowed: bool) -> None:
    try:
        allow_unsafe(allowed)
        with TimedVerifier("moody") as judge:
            assert judge.verify(PROBLEM, "Answer: unsafe", ()).correct is allowed
    finally:
        allow_unsafe(False)


def test_a_pack_that_is_not_installed_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PluginError, match="'nobody' did not start"), TimedVerifier("nobody"):
        pass
    assert "nobody" in capfd.readouterr().err
