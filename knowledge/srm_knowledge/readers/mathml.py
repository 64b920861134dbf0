r"""MathML (presentation) and Office's OMML as TeX, so that formulas stay formulas in plain text.

Written after MathML Core (https://www.w3.org/TR/mathml-core/) and ECMA-376 part 1, section 22.1. What has no rule
gives the text inside, so nothing is lost but layout.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .parsed import one_line
from .xml import attribute, children, local_name, plain

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # nosec: only the type

_SIGNS = {"\u2211": "\\sum", "\u220f": "\\prod", "\u222b": "\\int", "\u222e": "\\oint", "\u22c3": "\\bigcup"}
_HIDDEN = str.maketrans("", "", "\u2061\u2062\u2063\u2064\u200b")  # invisible times, function application
_PARTS = {"mfrac": 2, "msup": 2, "msub": 2, "mroot": 2, "mover": 2, "munder": 2, "msubsup": 3, "munderover": 3}
_FORMS = {
    "mfrac": "\\frac{{{0}}}{{{1}}}",
    "msup": "{{{0}}}^{{{1}}}",
    "msub": "{{{0}}}_{{{1}}}",
    "mroot": "\\sqrt[{1}]{{{0}}}",
    "mover": "{{{0}}}^{{{1}}}",
    "munder": "{{{0}}}_{{{1}}}",
    "msubsup": "{{{0}}}_{{{1}}}^{{{2}}}",
    "munderover": "{{{0}}}_{{{1}}}^{{{2}}}",
}


def mathml_to_tex(math: Element) -> str:
    r"""Return a ``<math>`` element as TeX without dollars: the TeX it carries as annotation, else one made from it."""
    for note in math.iter():
        if local_name(note) == "annotation" and "tex" in attribute(note, "encoding").lower():
            return one_line(plain(note))
    return _tidy(_mathml(math))


def _mathml(element: Element) -> str:  # noqa: PLR0911 - one way out an element
    name, parts = local_name(element), [child for child in element if local_name(child)]
    if name in ("annotation", "annotation-xml", "mspace", "mphantom"):
        return ""
    if name in _FORMS and len(parts) == _PARTS[name]:
        return _FORMS[name].format(*(_mathml(part).strip() for part in parts))
    if name == "msqrt":
        return f"\\sqrt{{{_mathmls(element)}}}"
    if name == "mtext":
        return f"\\text{{{one_line(plain(element))}}}"
    if name == "mtable":
        rows = [" & ".join(map(_mathmls, children(row, "mtd"))) for row in children(element, "mtr", "mlabeledtr")]
        return "\\begin{matrix}" + " \\\\ ".join(rows) + "\\end{matrix}"
    if name == "mfenced":
        inside = ",".join(map(_mathml, parts))
        return element.attrib.get("open", "(") + inside + element.attrib.get("close", ")")
    if not parts:
        return _sign((element.text or "").strip())
    return _mathmls(element)


def _mathmls(element: Element) -> str:
    return " ".join(filter(None, (_mathml(child) for child in element if local_name(child))))


def _sign(text: str) -> str:
    return _SIGNS.get(text, text.translate(_HIDDEN))


def _tidy(tex: str) -> str:
    r"""Drop the braces around single letters: ``{x}^{2}`` becomes ``x^{2}``."""
    return one_line(re.sub(r"(?<![\\\w}\]^_])\{(\w)\}(?=[\^_])", r"\1", tex))


def omml_to_tex(math: Element) -> str:
    r"""Return an ``m:oMath`` element as TeX without dollars."""
    return _tidy(_omml(math))


def _omml(element: Element) -> str:  # noqa: PLR0911 - one way out an element
    name = local_name(element)
    if name == "t":
        return (element.text or "").translate(_HIDDEN)
    if name.endswith("Pr"):
        return ""
    if name == "f":
        return f"\\frac{{{_at(element, 'num')}}}{{{_at(element, 'den')}}}"
    if name == "rad":
        degree = _at(element, "deg")
        return "\\sqrt" + (f"[{degree}]" if degree else "") + f"{{{_at(element, 'e')}}}"
    if name in ("sSup", "sSub", "sSubSup", "limLow", "limUpp"):
        low, high = _at(element, "sub"), _at(element, "sup")
        low, high = (
            _at(element, "lim") if name == "limLow" else low,
            _at(element, "lim") if name == "limUpp" else high,
        )
        return f"{{{_at(element, 'e')}}}" + (f"_{{{low}}}" if low else "") + (f"^{{{high}}}" if high else "")
    if name == "nary":
        low, high = _at(element, "sub"), _at(element, "sup")
        limits = (f"_{{{low}}}" if low else "") + (f"^{{{high}}}" if high else "")
        return f"{_nary_sign(element)}{limits} {_at(element, 'e')}"
    if name == "d":
        start, end = _setting(element, "begChr", "("), _setting(element, "endChr", ")")
        return start + ",".join(_ommls(part) for part in children(element, "e")) + end
    if name == "m":
        rows = [" & ".join(map(_ommls, children(row, "e"))) for row in children(element, "mr")]
        return "\\begin{matrix}" + " \\\\ ".join(rows) + "\\end{matrix}"
    if name == "func":
        return f"{_at(element, 'fName')} {_at(element, 'e')}"
    return _ommls(element)


def _ommls(element: Element) -> str:
    return "".join(_omml(child) for child in element)


def _at(element: Element, name: str) -> str:
    return "".join(_ommls(child) for child in children(element, name)).strip()


def _nary_sign(element: Element) -> str:
    sign = _setting(element, "chr", "\u222b")
    return _SIGNS.get(sign, sign)


def _setting(element: Element, name: str, default: str) -> str:
    for settings in element:
        if local_name(settings).endswith("Pr"):
            for child in children(settings, name):
                return attribute(child, "val")
    return default
