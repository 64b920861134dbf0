"""Grades answers: values by type and equality, programs by hidden tests in the sandbox. Exactly one answer counts."""

from __future__ import annotations

from srm_core.records import Problem, TestsKey, Trace, Verdict
from srm_core.sandbox.grading import grade_program
from srm_core.sandbox.launcher import Limits, Sandbox, SandboxError
from srm_core.sandbox.shared import shared_sandbox
from srm_core.sandbox.values import ValueRefused, compare, decode

from .problems.kinds import ANSWER_IS, CODE_KINDS
from .reading import Unreadable, bare_text, code_of, filled, is_function, literal, repaired, without_cites
from .running import NOTHING

LIMITS = Limits(wall_s=5.0, cpu_s=2, memory_mb=512)
TOLERANCE = 1e-9
_NOTHING = {"none", "no exception", "no error", "nothing", "no exception is raised"}


def verify(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the verdict on ``trace.answer``, or None for kinds of other packs and plugins."""
    asked = ANSWER_IS.get(problem.kind)
    if asked is None or not isinstance(problem.key, TestsKey):
        return None
    try:
        if problem.kind in CODE_KINDS:
            return _program(problem, program_of(problem, trace), shared_sandbox())
        right = _GRADERS[asked](decode(problem.key.values[0]), trace.answer or "")
    except Unreadable as error:
        return Verdict(correct=False, reason=str(error))
    except SandboxError as error:
        return Verdict(correct=None, reason=str(error))
    except (ValueRefused, IndexError) as error:
        return Verdict(correct=None, reason=f"the key cannot be read: {error}")
    return Verdict(correct=right, reason="the value" if right else "another value")


def program_of(problem: Problem, trace: Trace) -> str:
    """Return the whole program that the answer to a code kind stands for.

    Raises:
        Unreadable: the answer is no code of the form asked for.
    """
    code = code_of(trace)
    if not code.strip():
        raise Unreadable("no code")
    match ANSWER_IS[problem.kind]:
        case "line":
            return code if is_function(code) else filled(problem.question, code)
        case "numbered line":
            return code if is_function(code) else repaired(problem.question, code)
    return code


def _program(problem: Problem, program: str, sandbox: Sandbox) -> Verdict:
    assert isinstance(problem.key, TestsKey)
    wrapper, _, name = problem.key.entry.rpartition(" ")
    key = problem.key
    if wrapper:  # e.g. "set similar": the published test compares set(similar(...))
        program = f"{program}\n\ndef wrapped_entry(*args):\n    return {wrapper}({name}(*args))\n"
        key = key.model_copy(update={"entry": "wrapped_entry"})
    return grade_program(sandbox, program, key, LIMITS)


def _value(gold: object, answer: str) -> bool:
    """Compare with the literal; a text may also be written without its quotes."""
    said = bare_text(answer)
    if isinstance(gold, str) and said == gold and not _reads(said):
        return True
    try:
        return compare(gold, literal(answer), TOLERANCE, strict=True)
    except Unreadable:
        return compare(gold, literal(without_cites(answer)), TOLERANCE, strict=True)


def _reads(text: str) -> bool:
    try:
        literal(text)
    except Unreadable:
        return False
    return True


def _printed(gold: object, answer: str) -> bool:
    """Compare the text; where a number is printed it may be written with blanks or a full stop."""
    said = without_cites(bare_text(answer))
    if said == gold or (said[:1] in "'\"" and said[1:-1] == gold and said[:1] == said[-1:] != ""):
        return True
    try:
        return compare(literal(str(gold)), literal(said), 0.0, strict=True)
    except Unreadable:
        return False


def _name(gold: object, answer: str) -> bool:
    said = without_cites(bare_text(answer)).rstrip(".")
    if gold == NOTHING:
        return said.casefold() in _NOTHING
    return said.removeprefix("a ").removeprefix("an ").removeprefix("builtins.").removesuffix("()") == gold


_GRADERS = {"value": _value, "printed": _printed, "name": _name}
