"""LaTeX and reStructuredText: what is kept, what goes, and that broken input stays cheap."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from srm_knowledge.readers.latex import read_latex
from srm_knowledge.readers.parsed import Parsed, Reader, Unreadable
from srm_knowledge.readers.rst import read_rst


def only(reader: Reader, text: str) -> Parsed:
    (part,) = list(reader(text))
    assert isinstance(part, Parsed)
    return part


def blocks(reader: Reader, text: str) -> tuple[str, ...]:
    return only(reader, text).blocks


def test_latex_keeps_title_sections_and_text_and_drops_preamble_comments_and_references() -> None:
    text = (
        "\\documentclass{article}\\usepackage[a]{b}\\newcommand{\\x}[1]{no}\n\\title{On \\emph{springs}}\n"
        "\\begin{document}\\maketitle\n\\begin{abstract}Short. % a note\n\\end{abstract}\n"
        "\\section{First\\label{s}}\nSee~\\cite{k} the \\textbf{bold \\textit{word}}, 50\\% of it\\footnote{Aside.}.\n\n"
        "\\subsection*{Second}More.\\begin{thebibliography}{9}\\bibitem{k} K\\end{thebibliography}\n\\end{document}\nafter"
    )
    part = only(read_latex, text)
    assert part.title == "On springs"
    assert part.blocks == (
        "## Abstract",
        "Short.",
        "## First",
        "See the bold word, 50% of it (Aside.).",
        "### Second",
        "More.",
    )


def test_latex_formulas_keep_their_tex_without_labels_and_comments() -> None:
    text = (
        "Force $F = m\\,a$ and \\(p_1\\).\n\\begin{equation}\\label{e} E = % note\n mc^2\\end{equation}\n"
        "\\[x\\]\n\\begin{align}a &= b\\\\ c &= d\\nonumber\\end{align} $$y$$"
    )
    assert blocks(read_latex, text) == (
        "Force $F = m\\,a$ and $p_1$.",
        "$$E = mc^2$$",
        "$$x$$",
        "$$\\begin{align}a &= b\\\\ c &= d\\end{align}$$",
        "$$y$$",
    )


def test_latex_tables_lists_and_listings_keep_their_form() -> None:
    text = (
        "\\begin{table}[h]\\caption{Sizes}\\begin{tabular}{@{}l|r@{}}\\toprule A \\& B & $x$ \\\\ \\midrule\n"
        "\\multicolumn{2}{c}{both} \\\\[2pt] c & 1\\\\\\bottomrule\\end{tabular}\\end{table}"
        "\\begin{itemize}\\item one\\item[Two] three\\end{itemize}"
        "\\begin{verbatim}\n a % b\n  $c\n\\end{verbatim}"
    )
    table = "| A & B | $x$ |\n| --- | --- |\n| both |  |\n| c | 1 |"
    assert blocks(read_latex, text) == ("Sizes", table, "- one", "- Two: three", "```\n a % b\n  $c\n```")


def test_latex_accents_quotes_and_dashes_become_characters() -> None:
    text = "Schr\\\"odinger, Fran\\c{c}ois, na\\\"{\\i}ve, \\'etude, ``so''---1--2, \\ss\\ and \\LaTeX."
    expected = (
        "Schro\u0308dinger, Franc\u0327ois, nai\u0308ve, e\u0301tude, \u201cso\u201d\u20141\u20132, \u00df and LaTeX."
    )
    assert blocks(read_latex, text)[0].replace("\u0131\u0308", "i\u0308") == expected


def test_latex_macros_are_neither_defined_nor_files_included() -> None:
    assert blocks(read_latex, "A\\def\\q#1{no}\\newcommand{\\r}[2][x]{no}\\input{/etc/passwd} B") == ("A B",)


@pytest.mark.parametrize("text", ["\\begin{equation} x", "\\[ x", "\\section{x", "\\begin{tabular}{l} a & b"])
def test_latex_that_is_never_closed_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable, match="closed"):
        list(read_latex(text))


def test_rst_headings_text_roles_and_comments() -> None:
    text = (
        "=====\nTitle\n=====\n\n.. a comment\n   goes on\n\nWith :math:`a^2`, ``code``, `link <http://x>`_, *em* **strong** "
        "[1]_ and :ref:`words <target>`.\n\nSub\n---\n\nText\n\nOther\n-----\n\nMore\n\n.. [1] The note.\n.. _there:\n"
    )
    part = only(read_rst, text)
    assert part.title == "Title"
    assert part.blocks == (
        "# Title",
        "With $a^2$, `code`, link, em strong and words.",
        "## Sub",
        "Text",
        "## Other",
        "More",
        "The note.",
    )


def test_rst_formulas_notes_listings_and_lists() -> None:
    text = (
        ".. math:: E = mc^2\n   :label: e\n\n.. note:: Care.\n\n   Second.\n\n.. code-block:: python\n   :linenos:\n\n"
        "   x = 1\n\n   y = 2\n\nSuch as::\n\n    lit 1\n\n      lit 2\n\n- one\n- two\n  more\n\n3. third\n\n.. toctree::\n\n   a\n"
    )
    assert blocks(read_rst, text) == (
        "$$E = mc^2$$",
        "Care.",
        "Second.",
        "```\nx = 1\n\ny = 2\n```",
        "Such as:",
        "```\nlit 1\n\n  lit 2\n```",
        "- one",
        "- two more",
        "3. third",
    )


def test_rst_tables_of_all_four_forms_become_pipe_tables() -> None:
    grid = "+---+---+\n| A | B |\n+===+===+\n| a | b |\n|   | c |\n+---+---+\n"
    simple = "===  ===\nA    B\n===  ===\na    b\n     c\n===  ===\n"
    listed = ".. list-table::\n\n   * - A\n     - B\n   * - a\n     - b\n       c\n"
    separated = '.. csv-table::\n   :header: "A", B\n\n   a, b c\n'
    table = "| A | B |\n| --- | --- |\n| a | b c |"
    for text in (grid, simple, listed, separated):
        assert blocks(read_rst, text) == (table,)


def test_rst_glossary_gives_definitions_and_terms_that_share_one() -> None:
    part = only(
        read_rst, ".. glossary::\n\n   torque\n      A *turning*\n      force.\n\n   one\n   two\n      Shared.\n"
    )
    assert part.definitions == (("torque", "A turning force."), ("one", "Shared."), ("two", "Shared."))


def test_rst_include_and_raw_read_no_file() -> None:
    text = "A\n\n.. include:: /etc/passwd\n\n.. raw:: html\n   :file: /etc/passwd\n\n.. csv-table::\n   :file: /etc/passwd\n\nB"
    assert blocks(read_rst, text) == ("A", "B")


HARD = {
    "dollars": "$ " * 100_000,
    "braces": "{" * 200_000,
    "backslashes": "\\" * 300_000,
    "options": "\\foo[" * 100_000,
    "backquotes": "`" * 200_000,
    "quoted": "`a " * 100_000,
    "stars": "*a " * 100_000,
    "bars": "|a " * 100_000,
    "accents": "\\'" * 100_000,
    "rows": "\\\\[" * 100_000,
    "borders": "== ==\n" * 50_000,
    "grids": "+-+\n|\n" * 50_000,
    "listings": "a::\n" * 50_000,
    "blanks": " " * 500_000 + "x",
    "one line": "word " * 200_000,
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("reader", [read_latex, read_rst])
def test_hard_input_takes_linear_time(reader: Reader, name: str) -> None:
    begin = time.process_time()
    with suppress(Unreadable):
        list(reader(HARD[name]))
    assert time.process_time() - begin < 10


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="\\{}[]$%&~^_`'*|:=-+#.\n ab1()", max_size=120))
def test_no_markup_crashes_a_reader(text: str) -> None:
    for reader in (read_latex, read_rst):
        try:
            parts = list(reader(text))
        except Unreadable:
            continue
        assert all(isinstance(part, Parsed) and all(block.strip() for block in part.blocks) for part in parts)
