"""Arithmetic is done here, not by the model: in ``<<140-104=36>>`` what follows ``=`` is computed.

One evaluator serves training data, rollouts, evaluation and ``ask``, so a computed value is the same everywhere.
The grammar is numbers, ``+ - * / ^``, parentheses and the functions in `FUNCTIONS`; nothing else is reachable.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable

OPEN, EQUALS, CLOSE = "<<", "=", ">>"
MAX_LENGTH = 200  # characters of an expression
MAX_MAGNITUDE = 1e15

FUNCTIONS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "floor": math.floor,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "log10": math.log10,
    "sind": lambda degrees: math.sin(math.radians(degrees)),
    "cosd": lambda degrees: math.cos(math.radians(degrees)),
    "tand": lambda degrees: math.tan(math.radians(degrees)),
    "asind": lambda ratio: math.degrees(math.asin(ratio)),
    "acosd": lambda ratio: math.degrees(math.acos(ratio)),
    "atand": lambda ratio: math.degrees(math.atan(ratio)),
    "normcdf": lambda z: math.erfc(-z / math.sqrt(2)) / 2,  # standard normal distribution
}
_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: math.pow,
}
_CALL = re.compile(r"<<([^<>=]*)=([^<>=]*)>>")
_PENDING = re.compile(r"<<([^<>=]*)=\Z")


class ExpressionError(ValueError):
    """The text is no arithmetic, or its value is undefined or out of range."""


def evaluate(expression: str) -> float:
    """Return the value of ``expression``.

    Raises:
        ExpressionError: not of the grammar, longer than 200 characters, undefined (1/0) or beyond 1e15.
    """
    if len(expression) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(expression.strip().replace("^", "**"), mode="eval")
        value = float(_value(tree.body))
    except (SyntaxError, ZeroDivisionError, OverflowError, RecursionError, TypeError, MemoryError, ValueError) as error:
        raise ExpressionError(f"{expression!r}: {error}") from None
    if not math.isfinite(value) or abs(value) > MAX_MAGNITUDE:
        raise ExpressionError(f"{expression!r}: the value is out of range")
    return value


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left), _value(right))
        case ast.Call(func=ast.Name(id=name), args=[_, *_] as arguments, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*[_value(argument) for argument in arguments])
    raise ExpressionError(f"{ast.unparse(node)!r} is not arithmetic")


def format_number(value: float) -> str:
    """Return ``value`` with at most 6 significant digits, without exponent or trailing zeros (``-0`` is ``0``)."""
    if value == 0:
        return "0"
    decimals = max(0, 5 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def computed(expression: str) -> str:
    """Return what the calculator writes after ``=``: the value, or ``?`` when there is none."""
    try:
        return format_number(evaluate(expression))
    except ExpressionError:
        return "?"


def pending(text: str) -> str | None:
    """Return the expression waiting for its value if ``text`` ends in ``<<expr=``, else None."""
    match = _PENDING.search(text[-MAX_LENGTH - 8 :])
    return match.group(1) if match else None


def call(expression: str) -> str:
    """Return ``<<expression=value>>`` for a worked solution."""
    return f"{OPEN}{expression}{EQUALS}{computed(expression)}{CLOSE}"


def recompute(text: str) -> str:
    """Return ``text`` with every value inside ``<<expr=value>>`` computed anew."""
    return _CALL.sub(lambda match: call(match.group(1)), text)


def plain(text: str) -> str:
    """Return ``text`` with each ``<<expr=value>>`` replaced by its value, as a reader sees it."""
    return _CALL.sub(lambda match: match.group(2), text)


def pieces(text: str) -> list[tuple[str, bool]]:
    """Cut ``text`` at the calculator's brackets and ``=``; the flag is true for computed pieces.

    Tokenizing piece by piece keeps the brackets on token boundaries (a tokenizer may merge ``=-``), so a
    conversation has the same token ids in training, rollouts, evaluation and ``ask``.
    """
    result: list[tuple[str, bool]] = []
    end = 0
    for match in _CALL.finditer(text):
        expression, value = match.groups()
        result += [(text[end : match.start()], False), (OPEN, False), (expression, False), (EQUALS, False)]
        result += [(value, True), (CLOSE, True)]
        end = match.end()
    result.append((text[end:], False))
    return [(piece, is_computed) for piece, is_computed in result if piece]
