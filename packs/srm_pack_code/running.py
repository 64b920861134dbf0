"""Golds of the output kinds: programs of our own templates are run here, and keys that say how to run them again.

A key's ``entry`` is ``value`` (a program and an expression after it), ``prints`` or ``raises`` (a program), or the name
of a function that the answer must define. Only text that this pack has put together is executed in this process.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

from srm_core.records import TestsKey
from srm_core.sandbox.values import encode

VALUE, PRINTS, RAISES = "value", "prints", "raises"
NOTHING = "none"  # raised


def value_of(program: str, expression: str) -> Any:
    """Return the value of ``expression`` after our own ``program``."""
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 text of our templates
    return eval(expression, names)  # noqa: S307


def printed_by(program: str) -> str:
    """Return what our own ``program`` prints, without the last line end."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(program, {})  # noqa: S102 text of our templates
    return out.getvalue().rstrip("\n")


def raised_by(program: str) -> str:
    """Return the name of the exception that our own ``program`` raises, or "none"."""
    try:
        exec(program, {})  # noqa: S102 text of our templates
    except Exception as error:
        return type(error).__name__
    return NOTHING


def value_key(program: str, expression: str, value: object) -> TestsKey:
    """Return the key of "what is this expression after the program"."""
    return TestsKey(entry=VALUE, inputs=(encode([program, expression]),), values=(encode(value),))


def prints_key(program: str, text: str) -> TestsKey:
    """Return the key of "what does the program print"."""
    return TestsKey(entry=PRINTS, inputs=(encode([program]),), values=(encode(text),))


def raises_key(program: str, name: str) -> TestsKey:
    """Return the key of "which exception does the program raise"."""
    return TestsKey(entry=RAISES, inputs=(encode([program]),), values=(encode(name),))


def tests_key(program: str, inputs: list[list[object]]) -> TestsKey:
    """Return the key of a function ``f`` of one list: hidden inputs and what our own ``program`` returns for them."""
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 text of our templates
    return TestsKey(
        entry="f",
        inputs=tuple(encode([each]) for each in inputs),
        values=tuple(encode(names["f"](list(each))) for each in inputs),
    )
