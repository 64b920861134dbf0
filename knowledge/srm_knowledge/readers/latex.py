r"""LaTeX: headings, text, formulas between dollars, tables, lists and listings. Markup, comments and macros go.

A reader, not TeX: macros are not expanded and no file is included. One pass from left to right, in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import latex_names as names
from .blocks import Blocks
from .parsed import Parsed, Rejected, Unreadable, one_line

MAX_GROUP = 20_000  # characters of an argument
_TOKEN = re.compile(
    r"(?P<command>\\(?:[a-zA-Z@]+\*?|.|\n))"
    r"|(?P<comment>%[^\n]*\n?[ \t]*)"
    r"|(?P<math>\$\$(?:[^$\\]|\\.)*\$\$|\$(?:[^$\\\n]|\\.|\n(?![ \t]*\n))+\$)"
    r"|(?P<blank>\n[ \t]*\n\s*)"
    r"|(?P<sign>[{}~$&#\n]|---?|``|'')"
    r"|(?P<words>(?:[^\\${}%~&#\n`'-]++|`(?!`)|'(?!')|-(?!-))++)",
    re.DOTALL,
)
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
_NAME = re.compile(r"\s*\{([a-zA-Z@]+\*?)\}")
_OPTION = re.compile(r"\s*\[[^][{}]*(?:\{[^{}]*\}[^][{}]*)*\]")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*\n?")
_LABEL = re.compile(r"\\(?:label|tag)\*?\{[^{}]*\}|\\(?:nonumber|notag)(?![a-zA-Z])")
_RULE = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot)(?![a-zA-Z])"
    r"|\\(?:cline|cmidrule|multirow)(?:\([^)]*\))?\{[^{}]*\}(?:\{[^{}]*\})?"
)
_SPAN = re.compile(r"\\multicolumn\{(\d{1,2})\}\{[^{}]*\}")
_DEFINED = re.compile(r"\s*\\[a-zA-Z@]+[#\d \[\]]*(?:=?\s*\\[a-zA-Z@]+)?")
_CELL = re.compile(r"(?<!\\)&")
_ROW = re.compile(r"\\\\(?:\*|\[[^]\n]*\])?|\\tabularnewline(?![a-zA-Z])")
_SIGNS = {"~": " ", "\n": " ", "--": "–", "---": "—", "``": "“", "''": "”", "&": " ", "$": "$", "#": "#"}


def read_latex(text: str) -> Iterator[Parsed | Rejected]:
    """Yield the one document of a file, whole or a part that others include.

    Raises:
        Unreadable: a formula, listing, table or group is never closed.
    """
    start = re.search(r"\\begin\{document\}", text)
    end = text.rfind("\\end{document}")
    body = text[start.end() if start else 0 : end if start and end > start.end() else len(text)]
    blocks = Blocks()
    _convert(body, blocks)
    titled = re.search(r"\\title\s*(?:\[[^]]*\])?\s*(?=\{)", text)
    title = one_line(_inline(_group(text, titled.end())[0])) if titled else ""
    finished = blocks.finished()
    heading = next((block.lstrip("# ") for block in finished if block.startswith("#")), "")
    yield Parsed(title=title or heading, blocks=finished)


def _convert(text: str, blocks: Blocks) -> None:
    at = 0
    while token := _TOKEN.match(text, at):
        at, kind = token.end(), token.lastgroup
        if kind == "words":
            blocks.add(token.group())
        elif kind == "blank":
            blocks.end()
        elif kind == "math":
            _formula(token.group(), blocks)
        elif kind == "sign":
            blocks.add(_SIGNS.get(token.group(), ""))
        elif kind == "command":
            at = _command(token.group()[1:], text, at, blocks)


def _formula(written: str, blocks: Blocks) -> None:
    marks = 2 if written.startswith("$$") else 1
    inside = _math(written[marks:-marks])
    if marks == 2:
        blocks.whole(f"$${inside}$$")
    elif inside:
        blocks.add(f"${inside}$")


def _math(inside: str) -> str:
    return one_line(_LABEL.sub("", _COMMENT.sub("", inside)))


def _command(name: str, text: str, at: int, blocks: Blocks) -> int:  # noqa: PLR0911 - one way out a command
    """Handle the command that ends before ``at``; return where to go on."""
    plain = name.rstrip("*")
    if name == "begin":
        return _environment(text, at, blocks)
    if name in "([":
        inside, at = _until(text, at, "\\)" if name == "(" else "\\]", "\\" + name)
        _formula(f"${inside}$" if name == "(" else f"$${inside}$$", blocks)
        return at
    if plain in names.SECTIONS:
        heading, at = _group(text, _options(text, at))
        blocks.heading(_inline(heading), names.SECTIONS[plain])
        return at
    if plain in names.ACCENTS and (not plain.isalpha() or text[at : at + 1] in ("{", " ")):
        return _accent(names.ACCENTS[plain], text, at, blocks)
    if plain in names.HEADED:
        note, at = _group(text, _options(text, at))
        blocks.add(f" ({_inline(note).strip()})")
        return at
    if plain in names.DROPPED or plain in names.FIRST_DROPPED:
        return _skipped(text, at, names.DROPPED.get(plain, 1))
    return _small(plain, text, at, blocks)


def _small(name: str, text: str, at: int, blocks: Blocks) -> int:  # noqa: PLR0911 - one way out a command
    if name == "item":
        blocks.end()
        option = _OPTION.match(text, at)
        blocks.add("- " + (_inline(option.group().strip()[1:-1]).strip() + ": " if option else ""))
        return option.end() if option else at
    if name in ("par", "end", "caption", "maketitle", "bigskip", "medskip", "newpage", "clearpage"):
        blocks.end()
        ended = _NAME.match(text, at) if name == "end" else None
        return ended.end() if ended else _options(text, at)
    if name in ("def", "gdef", "let"):
        defined = _DEFINED.match(text, at)
        return _skipped(text, defined.end(), name != "let") if defined else at
    if name == "verb":
        mark = text[at : at + 1]
        end = text.find(mark, at + 1, at + MAX_GROUP) if mark else -1
        blocks.add(f"`{text[at + 1 : end]}`" if end > 0 else "")
        return end + 1 if end > 0 else at
    if name == "\\":
        blocks.add(" ")
        return _options(text, at)
    if name[:1].isalpha():
        blocks.add(names.SYMBOLS.get(name, ""))
        gap = text[at : at + 1] in (" ", "\t") and name in names.SYMBOLS
        return at + 1 if gap else _options(text, at) if name not in names.SYMBOLS else at
    blocks.add({",": " ", ";": " ", ":": " ", " ": " ", "\n": " ", "!": "", "/": "", "-": "", "@": ""}.get(name, name))
    return at


def _accent(accent: str, text: str, at: int, blocks: Blocks) -> int:
    found = re.compile(r"\s*(?:\{\s*\\?([^\W\d_])?\s*\}|\\?([^\W\d_])\s?)").match(text, at)
    if not found:
        return at
    letter = found.group(1) or found.group(2) or ""
    blocks.add(letter + accent if letter else "")
    return found.end() - (found.group(2) is not None and found.group().endswith((" ", "\n")))


def _environment(text: str, at: int, blocks: Blocks) -> int:
    named = _NAME.match(text, at)
    if not named:
        return at
    name, at = named.group(1), named.end()
    if name in names.MATH or name in names.LISTINGS or name in names.TABLES or name in names.SKIPPED:
        inside, at = _until(text, at, f"\\end{{{name}}}", f"\\begin{{{name}}}")
        _raw(name, inside, blocks)
        return at
    blocks.end()
    if name == "abstract":
        blocks.heading("Abstract", 2)
    if name in names.SET_UP:
        return _skipped(text, at, names.SET_UP[name])
    option = _OPTION.match(text, at)
    if name.rstrip("*") in names.STATEMENTS:
        blocks.add(
            name.rstrip("*").capitalize() + (f" ({_inline(option.group().strip()[1:-1])})" if option else "") + ". "
        )
    return option.end() if option else at


def _raw(name: str, inside: str, blocks: Blocks) -> None:
    if name in names.LISTINGS:
        blocks.whole("```\n" + re.sub(r"\A(?:\[[^]\n]*\]|\{[^}\n]*\})*[ \t]*\n?", "", inside).rstrip() + "\n```")
    elif name in names.TABLES:
        blocks.table(_table(inside))
    elif name in names.MATH and _math(inside):
        wrapped = _math(inside) if name in names.PLAIN_MATH else f"\\begin{{{name}}}{_math(inside)}\\end{{{name}}}"
        blocks.whole(f"$${wrapped}$$")


def _table(inside: str) -> list[list[str]]:
    """Return the cells: rows end with two backslashes, cells with ``&``; the column settings come first."""
    at = _options(inside, 0)
    for _ in range(2):  # a width, the columns
        if inside[at:].lstrip().startswith("{"):
            at = _options(inside, _group(inside, at)[1])
    body = _RULE.sub("", _COMMENT.sub("", inside[at:]))
    return [_cells(row) for row in _ROW.split(body)]


def _cells(row: str) -> list[str]:
    cells: list[str] = []
    for cell in _CELL.split(row):
        span = _SPAN.search(cell)
        cells += [_inline(_SPAN.sub("", cell)).strip(), *[""] * (int(span.group(1)) - 1 if span else 0)]
    return cells


def _inline(text: str) -> str:
    blocks = Blocks()
    _convert(text, blocks)
    return " ".join(blocks.finished())


def _until(text: str, at: int, mark: str, opened: str) -> tuple[str, int]:
    end = text.find(mark, at)
    if end < 0:
        raise Unreadable(f"{opened} before character {at} is never closed")
    return text[at:end], end + len(mark)


def _options(text: str, at: int) -> int:
    while found := _OPTION.match(text, at):
        at = found.end()
    return at


def _skipped(text: str, at: int, groups: int) -> int:
    at = _options(text, at)
    for _ in range(groups):
        after = re.compile(r"\s*(?=\{)").match(text, at)
        at = _options(text, _group(text, after.end())[1]) if after else at
    return at


def _group(text: str, at: int) -> tuple[str, int]:
    """Return what the group that begins at ``at`` holds and where it ends; nothing if there begins none."""
    begin = text.find("{", at, at + 200)
    if begin < 0 or text[at:begin].strip():
        return "", at
    depth = 0
    for brace in _BRACES.finditer(text, begin, begin + MAX_GROUP):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return text[begin + 1 : brace.start()], brace.end()
    raise Unreadable(f"the group at character {begin} is not closed within {MAX_GROUP} characters")
