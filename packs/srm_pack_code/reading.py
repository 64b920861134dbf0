"""How an answer is read: one Python literal, one printed text, one name, or one piece of code."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from srm_core.calculator import plain
from srm_core.records import Trace

MAX_VALUE = 400  # characters
MAX_CODE = 4000
_ANSWER = re.compile(r"^[ \t]*answer[ \t]*:[ \t]*", re.IGNORECASE | re.MULTILINE)
_FENCE = re.compile(r"```(?:[a-zA-Z0-9]*[ \t]*\n)?(.*?)(?:```|\Z)", re.DOTALL)
_CITES = re.compile(r"(?:\s+\[\d{1,3}\])+$")
_LINE = re.compile(r"(?:line )?(\d{1,2}) ?[:.)] ?(.+)", re.IGNORECASE)
_NUMBERED = re.compile(r"(\d{1,2}) (.*)")
GAP = "____"
_OR = re.compile(r"\bor\b")  # no task of ours needs it, and "this or that" would be Python


class Unreadable(ValueError):
    """The answer is not one thing of the kind asked for."""


def literal(text: str) -> Any:
    """Return the value of one Python literal; ``true`` and ``false`` count, a closing full stop does not.

    Raises:
        Unreadable: the text is none, or longer than 400 characters.
    """
    bare = bare_text(text)
    if bare in ("true", "false"):
        return bare == "true"
    for form in dict.fromkeys((bare.removesuffix("."), bare)):
        try:
            with _quiet():
                return ast.literal_eval(form)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
    raise Unreadable("not one Python value")


def bare_text(text: str) -> str:
    """Return the answer without backticks, emphasis and citations; too long a text is refused."""
    if len(text) > MAX_VALUE:
        raise Unreadable("too long")
    stripped = text.strip()
    if stripped.startswith("`") or stripped.endswith("**"):
        stripped = stripped.strip("`*").strip()
    return stripped


def without_cites(text: str) -> str:
    """Return ``text`` without citations behind it."""
    return _CITES.sub("", text)


def code_of(trace: Trace) -> str:
    """Return the code of the answer: what is in its fence, or the lines from ``Answer:`` on if they are Python.

    Raises:
        Unreadable: there are several answers, or the code is longer than 4,000 characters.
    """
    said = trace.answer or ""
    if trace.text:
        found = list(_ANSWER.finditer(plain(trace.text[-4 * MAX_CODE :])))
        if len(found) > 1:
            raise Unreadable("several answers")
        if found:
            said = plain(trace.text[-4 * MAX_CODE :])[found[0].end() :]
    if len(said) > MAX_CODE:
        raise Unreadable("too long")
    fence = _FENCE.match(said.strip())
    if fence:
        return textwrap.dedent(fence[1]).strip("\n")
    first = said.strip().partition("\n")[0]
    return said.strip() if "\n" in said.strip() and _is_python(said.strip()) else first.strip("`")


def _is_python(text: str) -> bool:
    try:
        with _quiet():
            ast.parse(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """Let what a model wrote raise no warnings here, such as those about backslashes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def is_function(code: str) -> bool:
    """Say whether ``code`` is a whole program rather than a line of one."""
    return code.startswith(("def ", "import ", "from ", "class ", "@", "f = ")) or "\ndef " in code


def filled(question: str, line: str) -> str:
    """Return the program of a question with a gap, the gap filled by ``line``."""
    _one_line(line)
    return "\n".join(each.replace(GAP, line) for each in _shown(question))


def repaired(question: str, answer: str) -> str:
    """Return the numbered program of ``question`` with the line that ``answer`` names replaced; indentation is kept.

    Raises:
        Unreadable: the answer is not ``number: line``, or there is no such line.
    """
    match = _LINE.fullmatch(answer.strip())
    lines = [found for found in map(_NUMBERED.fullmatch, _shown(question)) if found]
    if match is None or not 1 <= int(match[1]) <= len(lines):
        raise Unreadable("not a line's number and the line")
    _one_line(match[2])
    texts = [found[2] for found in lines]
    old = texts[int(match[1]) - 1]
    texts[int(match[1]) - 1] = old[: len(old) - len(old.lstrip())] + match[2].strip()
    return "\n".join(texts)


def _one_line(line: str) -> None:
    if "\n" in line or _OR.search(line):
        raise Unreadable("more than one line, or one line or another")


def numbered(lines: list[str]) -> str:
    """Return a program with its lines numbered from 1."""
    return "\n".join(f"{n} {line}" for n, line in enumerate(lines, 1))


def _shown(question: str) -> list[str]:
    return question.split("\n")[1:]
