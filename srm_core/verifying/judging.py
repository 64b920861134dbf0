"""Who judges the texts of a measurement: the host in this process, or a worker that can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from srm_core.host import Host
from srm_core.records import Problem, Verdict

Judge = Callable[[Problem, Sequence[str]], list[Verdict]]  # one verdict a text, in order


def in_process(host: Host) -> Judge:
    """Return the judge that asks ``host`` here. An exception is an abstention; a hang hangs."""

    def judge(problem: Problem, texts: Sequence[str]) -> list[Verdict]:
        return [host.verify(problem, text, problem.evidence) for text in texts]

    return judge
