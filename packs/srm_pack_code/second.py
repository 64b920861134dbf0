"""An independent grader: the program is walked by our own interpreter, the answer read by another rule.

The gold, the verifier and the sandbox are not asked.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from srm_core.records import Problem, TestsKey, Trace, Verdict
from srm_core.sandbox.values import decode

from .problems.kinds import CODE_KINDS, GENERATORS
from .reading import Unreadable
from .running import PRINTS, RAISES
from .verify import program_of
from .walker import NotWalked, Walker


def second_opinion(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the second grader's verdict, None for kinds of others; ``correct=None`` where it cannot say."""
    if problem.kind not in GENERATORS or not isinstance(problem.key, TestsKey):
        return None
    try:
        right = (
            _tests(problem.key, program_of(problem, trace))
            if problem.kind in CODE_KINDS
            else _output(problem.key, (trace.answer or "").strip().strip("`"))
        )
    except Unreadable as error:
        return Verdict(correct=False, reason=str(error))
    except NotWalked as error:
        return Verdict(correct=None, reason=f"the second grader does not know {error}")
    return Verdict(correct=right, reason="" if right else "walking the program gives something else")


def _tests(key: TestsKey, program: str) -> bool:
    try:
        for given, value in zip(key.inputs, key.values, strict=True):
            walker = Walker()
            walker.run(program)
            if walker.names[key.entry](*decode(given)) != decode(value):
                return False
    except NotWalked:
        raise
    except Exception:
        return False
    return True


def _output(key: TestsKey, answer: str) -> bool:
    program, *expression = decode(key.inputs[0])
    walker = Walker()
    try:
        walker.run(program)
        found = walker.value(expression[0]) if expression else None
    except NotWalked:
        raise
    except Exception as error:
        return key.entry == RAISES and answer.rstrip(".") == type(error).__name__
    if key.entry == RAISES:
        return answer.rstrip(".").lower() in ("none", "no exception", "no error")
    if key.entry == PRINTS:
        return answer.strip("'\"").rstrip(".") == "\n".join(walker.printed)
    return _written(answer) == _written(repr(found)) or (isinstance(found, str) and answer == found)


def _written(text: str) -> Any:
    """Return the tree of what is written, so that blanks and the form of quotes do not count."""
    try:
        bare = re.sub(r"^(true|false)$", lambda word: word[0].capitalize(), text[:400].removesuffix("."))
        return ast.dump(ast.parse(bare, mode="eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return object()
