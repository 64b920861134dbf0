"""Typed values that cross the border as canonical JSON: exact builtin types, nothing else.

Both sides use this module: the child encodes what a function returned, the parent decodes and compares. Only
``type(value)`` decides, so a class that pretends to be equal to everything has no encoding.
"""

from __future__ import annotations

import json
import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

MAX_DEPTH = 20
MAX_BITS = 4096  # of an integer written in decimal; longer ones are written in hexadecimal
_DICTS = (dict, Counter, OrderedDict, defaultdict)


class ValueRefused(ValueError):
    """The value is of no type that may cross the border, or is nested too deep."""


def encode(value: object) -> str:
    """Return ``value`` as canonical JSON; equal sets give equal texts.

    Raises:
        ValueRefused: a type that is no exact builtin, or more than 20 levels.
    """
    return json.dumps(_tree(value, 0), separators=(",", ":"))


def decode(text: str) -> Any:
    """Return the value behind ``text``.

    Raises:
        ValueRefused: the text is not what `encode` writes.
    """
    try:
        return _value(json.loads(text, parse_constant=_refuse, parse_float=_refuse), 0)
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError, MemoryError) as error:
        raise ValueRefused(f"not a typed value: {error}") from None


def compare(expected: object, got: object, tolerance: float = 0.0, *, strict: bool = False) -> bool:
    """Say whether two decoded values are equal; floats may differ by ``tolerance``, relative or absolute.

    As in Python, ``1 == 1.0 == True``, but a list is no tuple. ``strict`` tells 1, 1.0 and True apart too.
    """
    try:
        return _equal(expected, got, tolerance, strict)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False


def _tree(value: object, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ValueRefused(f"nested more than {MAX_DEPTH} levels")
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        assert isinstance(value, int)
        return value if value.bit_length() <= MAX_BITS else {"int": hex(value)}
    if kind is float:
        return {"float": float.hex(value)}  # type: ignore[arg-type]
    if kind is complex:
        assert isinstance(value, complex)
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if kind is bytes:
        assert isinstance(value, bytes)
        return {"bytes": value.hex()}
    return _container(value, kind, depth)


def _container(value: Any, kind: type, depth: int) -> Any:
    if kind is list:
        return [_tree(item, depth + 1) for item in value]
    if kind is tuple:
        return {"tuple": [_tree(item, depth + 1) for item in value]}
    if kind is set or kind is frozenset:
        trees = [_tree(item, depth + 1) for item in value]
        return {kind.__name__: sorted(trees, key=json.dumps)}
    if kind in _DICTS:
        return {"dict": [[_tree(key, depth + 1), _tree(item, depth + 1)] for key, item in dict.items(value)]}
    raise ValueRefused(f"a value of type {kind.__name__} cannot be returned")


def _value(tree: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ValueRefused(f"nested more than {MAX_DEPTH} levels")
    if isinstance(tree, list):
        return [_value(item, depth + 1) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) != 1:
        raise ValueRefused("an object must name one type")
    ((kind, inner),) = tree.items()
    if kind not in _READERS:
        raise ValueRefused(f"no type is called {kind!r}")
    return _READERS[kind](inner, depth + 1)


def _items(inner: Any, depth: int) -> Iterator[Any]:
    return (_value(item, depth) for item in inner)


_READERS: dict[str, Callable[[Any, int], Any]] = {
    "tuple": lambda inner, depth: tuple(_items(inner, depth)),
    "set": lambda inner, depth: set(_items(inner, depth)),
    "frozenset": lambda inner, depth: frozenset(_items(inner, depth)),
    "dict": lambda inner, depth: {_value(key, depth): _value(item, depth) for key, item in inner},
    "int": lambda inner, depth: int(inner, 16),
    "float": lambda inner, depth: float.fromhex(inner),
    "complex": lambda inner, depth: complex(float.fromhex(inner[0]), float.fromhex(inner[1])),
    "bytes": lambda inner, depth: bytes.fromhex(inner),
}


def _refuse(text: str) -> object:
    raise ValueRefused(f"{text} is not written as a plain number")


def _equal(expected: Any, got: Any, tolerance: float, strict: bool) -> bool:
    numbers = isinstance(expected, (bool, int, float, complex)) and isinstance(got, (bool, int, float, complex))
    if type(expected) is not type(got) and (strict or not numbers):
        return False
    if isinstance(expected, float) or isinstance(got, float):
        return _close(expected, got, tolerance)
    if isinstance(expected, (list, tuple)):
        pairs = zip(expected, got, strict=True) if len(expected) == len(got) else None
        return pairs is not None and all(_equal(one, other, tolerance, strict) for one, other in pairs)
    if isinstance(expected, dict):
        return expected.keys() == got.keys() and all(
            _equal(value, got[key], tolerance, strict) for key, value in expected.items()
        )
    return bool(expected == got)


def _close(expected: Any, got: Any, tolerance: float) -> bool:
    if isinstance(expected, complex) or isinstance(got, complex):
        return bool(expected == got)
    if math.isnan(expected) and math.isnan(got):
        return True
    return bool(expected == got) or math.isclose(expected, got, rel_tol=tolerance, abs_tol=tolerance)
