"""What the LaTeX reader knows about commands and environments: which have arguments that are no text."""

from __future__ import annotations

SECTIONS = {
    "part": 1,
    "chapter": 1,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "subparagraph": 6,
}


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


# These and as many of their groups as stand behind them, up to the number, are no text.
_ONE = """
label ref eqref pageref autoref cref Cref nameref cite citep citet citealp citeauthor citeyear parencite textcite
autocite footcite nocite input include includeonly subfile import bibliography bibliographystyle addbibresource
includegraphics documentclass usepackage RequirePackage pagestyle thispagestyle vspace hspace vskip hskip index
glossary hypersetup setlist geometry theoremstyle newtheorem graphicspath color pagecolor DeclareUnicodeCharacter
newif hyphenation selectlanguage write special phantom hphantom vphantom thanks date author affil affiliation email
orcid institute title subtitle bibitem pdfbookmark captionsetup lstset tikzset pgfplotsset
"""
_TWO = """
newcommand renewcommand providecommand DeclareMathOperator setlength addtolength setcounter addtocounter
newenvironment renewenvironment fontsize addcontentsline definecolor DeclarePairedDelimiter
"""
DROPPED = {**dict.fromkeys(_names(_ONE), 1), **dict.fromkeys(_names(_TWO), 2), "newenvironment": 3, "markboth": 2}
FIRST_DROPPED = _names("href textcolor colorbox parbox raisebox rule scalebox resizebox foreignlanguage hyperref")
HEADED = _names("footnote footnotetext marginpar")  # their text stands in brackets

MATH = _names(
    "equation equation* align align* gather gather* multline multline* eqnarray eqnarray* displaymath alignat alignat* "
    "flalign flalign* math dmath dmath*"
)
PLAIN_MATH = _names("equation equation* displaymath math dmath dmath*")  # need no environment between the dollars
LISTINGS = _names("verbatim verbatim* lstlisting minted Verbatim alltt")
TABLES = _names("tabular tabular* tabularx longtable tabulary array")
SKIPPED = _names("comment tikzpicture thebibliography filecontents filecontents* pspicture picture CCSXML forest")
SET_UP = {"minipage": 1, "multicols": 1, "wrapfigure": 2, "wraptable": 2, "adjustbox": 1, "column": 1}  # groups
STATEMENTS = _names(
    "theorem lemma corollary proposition definition remark example proof claim conjecture axiom assumption note fact"
)

SYMBOLS = {
    "ldots": "…", "dots": "…", "textellipsis": "…", "LaTeX": "LaTeX", "TeX": "TeX", "ss": "ß", "ae": "æ", "AE": "Æ",
    "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å", "AA": "Å", "l": "ł", "L": "Ł", "i": "ı", "j": "ȷ", "S": "§",
    "P": "¶", "copyright": "©", "pounds": "£", "euro": "€", "textendash": "–", "textemdash": "—", "quad": " ",
    "qquad": " ", "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textbar": "|",
    "textless": "<", "textgreater": ">", "textdegree": "°", "textmu": "µ", "textregistered": "®",
    "texttrademark": "™", "textquoteright": "’", "textquoteleft": "‘", "and": ", ", "newline": " ", "linebreak": " ",
    "degree": "°", "dag": "†", "ddag": "‡",
}  # fmt: skip
ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a", "d": "\u0323",
}  # fmt: skip
