r"""The inline markup of reStructuredText as plain text: roles give their words, ``:math:`x``` gives ``$x$``."""

from __future__ import annotations

import re

from .parsed import one_line

_MARKS = re.compile(
    r"(?P<literal>``[^`]+(?:`[^`]+)*``)"
    r"|:(?P<role>[\w:.+-]{1,60}):`(?P<said>[^`]+)`"
    r"|`(?P<quoted>[^`]+)`(?P<link>__?)?(?::[\w-]{1,60}:)?"
    r"|(?P<strong>\*\*(?=\S)[^*]+\*\*)"
    r"|(?P<emphasis>\*(?=[^\s*])[^*]+\*)"
    r"|(?P<note>\s?\[(?:\d{1,4}|\#\w{0,60}|\*)\]_)"
    r"|(?P<substituted>\|(?=\S)[^|]+\|_{0,2})"
    r"|(?P<named>(?<=\w)__?(?!\w))"
    r"|\\(?P<escaped>.)"
)
_TARGET = re.compile(r"\s*<[^<>]*>$")
_WITHOUT_WORDS = frozenset(["index", "raw", "raw-html", "cite", "footcite", "cite:p", "cite:t", "eq"])


def inline(text: str) -> str:
    """Return ``text`` as one line without inline markup; formulas keep their TeX, code its backquotes."""
    return one_line(_MARKS.sub(_plain, text.replace("\n", " ")))


def _plain(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if match["literal"]:
        return match["literal"][1:-1]
    if match["said"]:
        return _role(match["role"], match["said"])
    if match["quoted"]:
        return _TARGET.sub("", match["quoted"])
    if kind in ("strong", "emphasis"):
        return match[kind].strip("*")
    if kind == "substituted":
        return match[kind].rstrip("_").strip("|")
    return match["escaped"].strip() if kind == "escaped" else ""


def _role(role: str, said: str) -> str:
    name = role.lower()
    if name == "math":
        return f"${one_line(said)}$"
    if name in _WITHOUT_WORDS:
        return ""
    words = _TARGET.sub("", said).removeprefix("!")
    return words.rpartition(".")[2] if words.startswith("~") else words
