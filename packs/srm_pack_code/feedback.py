"""Execution feedback as a further turn: what running the answer showed, without the hidden values.

The core asks one turn; whoever wants several (a teacher that may try again, a study) calls `converse`.
"""

from __future__ import annotations

from collections.abc import Sequence

from srm_core.prompts import conversation
from srm_core.protocols import Model
from srm_core.records import Completion, Evidence, Message, Problem, Sampling, TestsKey, Verdict
from srm_core.sandbox.launcher import Run, SandboxError
from srm_core.sandbox.shared import shared_sandbox
from srm_core.sandbox.values import decode
from srm_core.traces import parse_trace

from .problems.kinds import CODE_KINDS
from .reading import Unreadable
from .verify import LIMITS, program_of, verify

SHOWN = 120  # characters of a value


def feedback(problem: Problem, text: str) -> str:
    """Return one or two sentences on how the code in ``text`` ran on one hidden input; "" for other kinds.

    The value that is right is never told.
    """
    if problem.kind not in CODE_KINDS or not isinstance(problem.key, TestsKey):
        return ""
    trace = parse_trace(text)
    if trace.answer is None:
        return "There is no single 'Answer:' line."
    name = problem.key.entry.rpartition(" ")[2]
    arguments = decode(problem.key.inputs[-1])
    try:
        run = shared_sandbox().run(program_of(problem, trace), [(name, arguments)], LIMITS)
    except Unreadable as error:
        return f"The answer cannot be read: {error}."
    except SandboxError:
        return ""
    return _told(run, f"{name}({', '.join(map(repr, arguments))})"[:SHOWN])


def _told(run: Run, call: str) -> str:
    if run.reason:
        return f"The code does not run: {run.reason[:SHOWN]}."
    if run.results[0].error:
        return f"{call} raises {run.results[0].error[:SHOWN]}."
    return f"{call} returns {run.results[0].value!r}"[: 2 * SHOWN] + ". That is not what the task asks."


def converse(
    model: Model, system: str, problem: Problem, evidence: Sequence[Evidence], sampling: Sampling, turns: int
) -> tuple[list[Completion], Verdict]:
    """Ask up to ``turns`` times, feedback after each wrong answer; return all answers and the last verdict."""
    messages = list(conversation(system, problem, evidence))
    said: list[Completion] = []
    verdict = Verdict(correct=False, reason="not asked")
    for _ in range(turns):
        completion = model.generate([messages], sampling)[0][0]
        said.append(completion)
        trace = parse_trace(completion.text)
        given = verify(problem, trace) if trace.answer is not None else None
        verdict = given or Verdict(correct=False, reason="no single 'Answer:' line")
        if verdict.correct is not False:
            break
        shown = feedback(problem, completion.text) or "That is not right."
        messages += [
            Message(role="assistant", content=completion.text),
            Message(role="user", content=f"{shown} Try again. End with 'Answer:'."),
        ]
    return said, verdict
