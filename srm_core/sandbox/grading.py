"""Whether a program passes hidden tests: the child gets the inputs, the parent holds the values and compares."""

from __future__ import annotations

from srm_core.records import TestsKey, Verdict

from .launcher import Limits, Sandbox
from .values import ValueRefused, compare, decode

TOLERANCE = 1e-6  # of floats, relative or absolute


def grade_program(sandbox: Sandbox, code: str, key: TestsKey, limits: Limits | None = None) -> Verdict:
    """Run ``code`` on every hidden input of ``key`` and compare; anything but equal values for all of them is wrong.

    Raises:
        SandboxError: the sandbox failed, which says nothing about the code.
    """
    if not key.inputs or len(key.inputs) != len(key.values):
        return Verdict(correct=None, reason="the key has no tests, or not one value for each input")
    try:
        calls = [(key.entry, decode(arguments)) for arguments in key.inputs]
        expected = [decode(value) for value in key.values]
    except ValueRefused as error:
        return Verdict(correct=None, reason=f"the key cannot be read: {error}")
    run = sandbox.run(code, calls, limits)
    if run.reason:
        return Verdict(correct=False, reason=run.reason)
    for n, (value, result) in enumerate(zip(expected, run.results, strict=True), 1):
        if result.error:
            return Verdict(correct=False, reason=f"test {n} of {len(expected)}: {result.error}")
        if not compare(value, result.value, TOLERANCE):
            return Verdict(correct=False, reason=f"test {n} of {len(expected)}: another value")
    return Verdict(correct=True, reason=f"all {len(expected)} tests")
