"""A second reading of programs: a small interpreter that walks the syntax tree and executes nothing.

It shares no code with the golds, and with the verifier only how code is cut out of an answer. Arithmetic,
comparisons, slices, loops, sorting and comprehensions are done here; methods of texts, lists and dicts, and formats,
are Python's own, on exact builtin types with bounded sizes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_STEPS = 50_000
MAX_SIZE = 10_000
_SIZED = (str, list, tuple)
METHODS = frozenset({
    "add", "append", "capitalize", "count", "endswith", "extend", "find", "get", "index", "insert", "isalpha",
    "isdigit", "items", "join", "keys", "lower", "lstrip", "partition", "pop", "remove", "removeprefix",
    "removesuffix", "replace", "reverse", "rfind", "rstrip", "setdefault", "split", "startswith", "strip",
    "swapcase", "title", "update", "upper", "values", "zfill",
})  # fmt: skip


class NotWalked(Exception):
    """The program uses what this interpreter does not know, or too much of it."""


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Break(Exception):
    pass


@dataclass
class Walker:
    """One program's names, what it printed, and how many steps are left."""

    names: dict[str, Any] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)
    steps: int = MAX_STEPS

    def run(self, program: str) -> None:
        """Walk through ``program``."""
        self.block(parsed(program).body)

    def value(self, expression: str) -> Any:
        """Return the value of ``expression``."""
        return self.eval(ast.parse(expression, mode="eval").body)

    def block(self, lines: Iterable[ast.stmt]) -> None:
        """Walk through statements."""
        for line in lines:
            self.spend()
            self.statement(line)

    def spend(self) -> None:
        """Count one step."""
        self.steps -= 1
        if self.steps < 0:
            raise NotWalked("too many steps")

    def statement(self, node: ast.stmt) -> None:  # noqa: PLR0912 one case a statement
        """Walk through one statement."""
        match node:
            case ast.Assign(targets=[target], value=value):
                self.assign(target, self.eval(value))
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self.names[name] = operate(op, self.eval(ast.Name(id=name)), self.eval(value))
            case ast.Expr(value=value):
                self.eval(value)
            case ast.If(test=test, body=body, orelse=orelse):
                self.block(body if self.eval(test) else orelse)
            case ast.While(test=test, body=body, orelse=[]):
                while self.eval(test):
                    self.block(body)
            case ast.For(target=target, iter=source, body=body, orelse=[]):
                for item in self.each(source):
                    self.assign(target, item)
                    try:
                        self.block(body)
                    except _Break:
                        break
            case ast.Delete(targets=[ast.Subscript(value=value, slice=index)]):
                del self.eval(value)[self.eval(index)]
            case ast.Assert(test=test):
                if not self.eval(test):
                    raise AssertionError
            case ast.FunctionDef():
                self.define(node)
            case ast.Return(value=value):
                raise _Return(None if value is None else self.eval(value))
            case ast.Break():
                raise _Break
            case ast.Pass():
                pass
            case _:
                raise NotWalked(type(node).__name__)

    def assign(self, target: ast.expr, value: Any) -> None:
        """Give a name, an item or several names their values."""
        match target:
            case ast.Name(id=name):
                self.names[name] = value
            case ast.Subscript(value=container, slice=index):
                self.eval(container)[self.eval(index)] = value
            case ast.Tuple(elts=parts):
                for part, each in zip(parts, value, strict=True):
                    self.assign(part, each)
            case _:
                raise NotWalked(type(target).__name__)

    def define(self, node: ast.FunctionDef) -> None:
        """Keep a function of plain positional arguments."""
        names = [each.arg for each in node.args.args]
        if node.decorator_list or node.args.vararg or node.args.kwonlyargs or node.args.defaults:
            raise NotWalked("a function with more than plain arguments")

        def called(*values: Any) -> Any:
            outer, self.names = self.names, {**self.names, **dict(zip(names, values, strict=True))}
            try:
                self.block(node.body)
            except _Return as back:
                return back.value
            finally:
                self.names = outer
            return None

        self.names[node.name] = called

    def each(self, node: ast.expr) -> Iterator[Any]:
        """Yield what a loop goes over, one step each."""
        for item in self.eval(node):
            self.spend()
            yield item

    def eval(self, node: ast.expr) -> Any:  # noqa: PLR0911 one case a node
        """Return the value of an expression."""
        self.spend()
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                if name in self.names:
                    return self.names[name]
                if name in BUILTINS:
                    return BUILTINS[name]
                raise NameError(name)
            case ast.UnaryOp(op=op, operand=operand):
                return unary(op, self.eval(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return operate(op, self.eval(left), self.eval(right))
            case ast.BoolOp(op=op, values=values):
                return self.logic(isinstance(op, ast.And), values)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self.compare(self.eval(left), ops, others)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.eval(body if self.eval(test) else orelse)
            case ast.Subscript(value=value, slice=index):
                return self.subscript(self.eval(value), index)
        return self.compound(node)

    def compound(self, node: ast.expr) -> Any:  # noqa: PLR0911 one case a node
        """Return the value of a display, a comprehension, a call or an f-string."""
        match node:
            case ast.List(elts=parts):
                return [self.eval(part) for part in parts]
            case ast.Tuple(elts=parts):
                return tuple(self.eval(part) for part in parts)
            case ast.Set(elts=parts):
                return {self.eval(part) for part in parts}
            case ast.Dict(keys=keys, values=values):
                return {self.eval(k): self.eval(v) for k, v in zip(keys, values, strict=True) if k is not None}
            case ast.ListComp(elt=part, generators=[one]) | ast.GeneratorExp(elt=part, generators=[one]):
                return list(self.comprehend(part, one))
            case ast.SetComp(elt=part, generators=[one]):
                return set(self.comprehend(part, one))
            case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=name)]), body=body):
                return lambda value: self.within(name, value, body)
            case ast.JoinedStr(values=parts):
                return "".join(str(self.eval(part)) for part in parts)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=spec):
                return self.formatted(self.eval(value), "" if spec is None else str(self.eval(spec)))
            case ast.Call(func=ast.Attribute(value=value, attr=name), args=arguments, keywords=[]):
                return method(self.eval(value), name, [self.eval(each) for each in arguments])
            case ast.Call(func=func, args=arguments, keywords=keywords):
                return self.call(func, arguments, keywords)
        raise NotWalked(type(node).__name__)

    def comprehend(self, part: ast.expr, one: ast.comprehension) -> Iterator[Any]:
        """Yield the items of a comprehension with one loop."""
        if not isinstance(one.target, ast.Name):
            raise NotWalked("a comprehension over parts")
        for item in self.each(one.iter):
            if all(self.within(one.target.id, item, test) for test in one.ifs):
                yield self.within(one.target.id, item, part)

    def within(self, name: str, value: Any, body: ast.expr) -> Any:
        """Return the value of ``body`` where ``name`` is ``value``."""
        outer, self.names = self.names, {**self.names, name: value}
        try:
            return self.eval(body)
        finally:
            self.names = outer

    def logic(self, wants_all: bool, values: list[ast.expr]) -> Any:
        """Return the value that decides an ``and`` or ``or``."""
        value: Any = None
        for each in values:
            value = self.eval(each)
            if bool(value) != wants_all:
                return value
        return value

    def compare(self, left: Any, ops: list[ast.cmpop], others: list[ast.expr]) -> bool:
        """Return whether a chain of comparisons holds."""
        for op, other in zip(ops, others, strict=True):
            right = self.eval(other)
            if not _COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def subscript(self, value: Any, index: ast.expr) -> Any:
        """Return an item, or the items of a slice, counted by hand."""
        if not isinstance(index, ast.Slice):
            return value[self.eval(index)]
        low, high, step = (None if part is None else self.eval(part) for part in (index.lower, index.upper, index.step))
        picked = [value[at] for at in places(len(value), low, high, 1 if step is None else step)]
        return "".join(picked) if isinstance(value, str) else type(value)(picked)

    def formatted(self, value: Any, spec: str) -> str:
        """Return a formatted value of bounded width."""
        if len(spec) > 6:
            raise NotWalked("a long format")
        return format(value, spec)

    def call(self, func: ast.expr, arguments: list[ast.expr], keywords: list[ast.keyword]) -> Any:
        """Return what a function gives."""
        named = {each.arg or "": self.eval(each.value) for each in keywords}
        values: list[Any] = []
        for each in arguments:
            values += list(self.eval(each.value)) if isinstance(each, ast.Starred) else [self.eval(each)]
        if isinstance(func, ast.Name) and func.id == "print":
            self.printed.append(" ".join(str(value) for value in values))
            return None
        if isinstance(func, ast.Name) and func.id == "sorted":
            return by_insertion(values[0], named.get("key"), bool(named.get("reverse", False)))
        if any(isinstance(value, range) and len(value) > MAX_SIZE for value in values):
            raise NotWalked("a long range")
        return self.eval(func)(*values, **named)


def parsed(program: str) -> ast.Module:
    """Return the tree of ``program``, refused if it is long."""
    if len(program) > MAX_SIZE:
        raise NotWalked("a long program")
    return ast.parse(program)


def operate(op: ast.operator, left: Any, right: Any) -> Any:
    """Return ``left op right``; the results are bounded."""
    if isinstance(op, ast.Pow) and (abs(left) > 10**6 or abs(right) > 64):
        raise NotWalked("a large power")
    if isinstance(op, (ast.Mult, ast.Add)) and _grows(isinstance(op, ast.Mult), left, right):
        raise NotWalked("a large result")
    if isinstance(op, (ast.FloorDiv, ast.Mod)) and type(left) is int and type(right) is int and right:
        whole, rest = abs(left) // abs(right), abs(left) % abs(right)
        if (left < 0) != (right < 0):
            whole, rest = (-whole - 1, abs(right) - rest) if rest else (-whole, 0)
        return whole if isinstance(op, ast.FloorDiv) else (rest if right > 0 else -rest)
    if type(op) not in _OPERATE:
        raise NotWalked(type(op).__name__)
    return _OPERATE[type(op)](left, right)


def _grows(times: bool, left: Any, right: Any) -> bool:
    """Say whether a product or sum would be longer than is allowed; numbers are counted in bits."""
    sizes = [len(each) if isinstance(each, _SIZED) else 0 for each in (left, right)]
    numbers = [abs(each) for each in (left, right) if type(each) is int]
    if any(sizes):
        return sum(sizes) * (max(numbers, default=1) if times else 1) > MAX_SIZE
    return sum(each.bit_length() for each in numbers) > MAX_SIZE


def unary(op: ast.unaryop, value: Any) -> Any:
    """Return ``op value``."""
    match op:
        case ast.USub():
            return 0 - value if type(value) is int else -value
        case ast.Not():
            return not value
        case ast.UAdd():
            return +value
    raise NotWalked(type(op).__name__)


def places(size: int, low: int | None, high: int | None, step: int) -> Iterator[int]:
    """Yield the indexes of a slice."""
    if step == 0:
        raise ValueError("slice step cannot be zero")
    first, last = (0, size) if step > 0 else (size - 1, -1)
    start = first if low is None else _within(low, size, step)
    end = last if high is None else _within(high, size, step)
    at = start
    while (at < end) if step > 0 else (at > end):
        yield at
        at += step


def _within(index: int, size: int, step: int) -> int:
    at = index + size if index < 0 else index
    return max(0, min(at, size)) if step > 0 else max(-1, min(at, size - 1))


def by_insertion(items: Iterable[Any], key: Callable[[Any], Any] | None, reverse: bool) -> list[Any]:
    """Return the items in order; equal keys keep theirs."""
    done: list[tuple[Any, Any]] = []
    for item in items:
        rank = item if key is None else key(item)
        at = len(done)
        while at and (done[at - 1][0] < rank if reverse else rank < done[at - 1][0]):
            at -= 1
        done.insert(at, (rank, item))
    return [item for _, item in done]


def method(value: Any, name: str, arguments: list[Any]) -> Any:
    """Return what a known method of a builtin type gives."""
    if type(value) not in (str, list, dict, set, tuple, int):
        raise NotWalked(f"a method of {type(value).__name__}")
    if isinstance(value, str) and any(type(each) is int and abs(each) > MAX_SIZE for each in arguments):
        raise NotWalked("a large argument")
    if isinstance(value, list) and name == "sort" and not arguments:
        value[:] = by_insertion(value, None, reverse=False)
        return None
    if name not in METHODS:
        raise NotWalked(f"the method {name}")
    return getattr(value, name)(*arguments)


_OPERATE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: lambda a, b: a**b,
    ast.BitAnd: lambda a, b: a & b,
    ast.BitOr: lambda a, b: a | b,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: bool(a == b),
    ast.NotEq: lambda a, b: bool(a != b),
    ast.Lt: lambda a, b: bool(a < b),
    ast.Gt: lambda a, b: bool(a > b),
    ast.LtE: lambda a, b: bool(a <= b),
    ast.GtE: lambda a, b: bool(a >= b),
    ast.In: lambda a, b: bool(a in b),
    ast.NotIn: lambda a, b: bool(a not in b),
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
}
BUILTINS: dict[str, Any] = {
    "range": range, "len": len, "abs": abs, "int": int, "str": str, "list": list, "set": set, "tuple": tuple,
    "sum": sum, "max": max, "min": min, "iter": iter, "next": next, "bool": bool, "float": float, "round": round,
    "dict": dict, "print": print, "sorted": sorted, "any": any, "all": all,
}  # fmt: skip
