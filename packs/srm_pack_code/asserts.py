"""From published asserts to (arguments, value) pairs, by their syntax tree; nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from srm_core.records import TestsKey
from srm_core.sandbox.grading import TOLERANCE
from srm_core.sandbox.values import ValueRefused, encode

from .walker import NotWalked, Walker

WRAPPERS = ("set", "sorted", "list", "tuple", "len", "str", "round", "sum", "bool")


class NotAPair(ValueError):
    """The assert compares something else than one call with one value."""


def key_of(asserts: Sequence[str]) -> TestsKey:
    """Return the key of a list of asserts; the entry is a name, or ``wrapper name`` as in ``set(f(x)) == {1}``.

    Raises:
        NotAPair: an assert has another form, or they test different functions.
    """
    pairs = [_pair(text) for text in asserts]
    entries = {entry for entry, _, _ in pairs}
    if not pairs or len(entries) > 1:
        raise NotAPair("no tests, or tests of several functions")
    try:
        return TestsKey(
            entry=entries.pop(),
            inputs=tuple(encode(arguments) for _, arguments, _ in pairs),
            values=tuple(encode(value) for _, _, value in pairs),
        )
    except ValueRefused:
        raise NotAPair("values of a type that cannot be compared") from None


def _pair(text: str) -> tuple[str, list[Any], Any]:
    try:
        body = ast.parse(text.strip()).body
    except SyntaxError:
        raise NotAPair("an assert that is no Python") from None
    match body:
        case [ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]))]:
            return _call(left, right)
        case [ast.Assert(test=ast.Call(func=ast.Attribute(attr="isclose"), args=[left, right], keywords=slack))]:
            if any(_constant(each.value) > TOLERANCE for each in slack):
                raise NotAPair("a tolerance wider than ours")
            return _call(left, right)
        case [ast.Assert(test=ast.UnaryOp(op=ast.Not(), operand=ast.Call() as left))]:
            return _call(_truth(left), ast.Constant(value=False))
        case [ast.Assert(test=ast.Call() as left)]:
            return _call(_truth(left), ast.Constant(value=True))
    raise NotAPair("an assert of another form")


def _truth(call: ast.Call) -> ast.Call:
    """Return ``bool(call)``: a bare assert asks for what counts as true, not for True."""
    if isinstance(call.func, ast.Name) and call.func.id == "bool":
        return call
    return ast.Call(func=ast.Name(id="bool"), args=[call], keywords=[])


def _call(left: ast.expr, right: ast.expr) -> tuple[str, list[Any], Any]:
    value = _constant(right)
    match left:
        case ast.Call(func=ast.Name(id=wrapper), args=[ast.Call(func=ast.Name(id=name), args=arguments, keywords=[])]):
            if wrapper in WRAPPERS and name not in WRAPPERS:
                return f"{wrapper} {name}", [_constant(each) for each in arguments], value
        case ast.Call(func=ast.Name(), keywords=[]):
            pass
        case _:
            raise NotAPair("an assert of another form")
    assert isinstance(left, ast.Call)
    assert isinstance(left.func, ast.Name)
    return left.func.id, [_constant(each) for each in left.args], value


def _constant(node: ast.expr) -> Any:
    """Return the value of an expression without names of the program, e.g. ``set([1, 2])`` or ``10**3``."""
    try:
        return Walker().eval(node)
    except (NotWalked, ArithmeticError, LookupError, TypeError, ValueError, NameError):
        raise NotAPair("arguments or values that are no constants") from None
