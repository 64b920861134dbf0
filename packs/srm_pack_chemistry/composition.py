"""Reading a formula as counts of atoms and a charge: ``Ca(OH)2``, ``CuSO4·5H2O``, ``SO4^2-``, ``C₂H₆O``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

LONGEST = 80  # characters of a formula that is read
DEEPEST = 4  # brackets in brackets
MOST = 10_000  # atoms of one element
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_SUPER = re.compile(r"[⁰¹²³⁴-⁹]*[⁺⁻]$")
_CHARGE = re.compile(r"(?:\^\{?(?P<number>\d*)(?P<sign>[+-])\}?|(?P<signs>\++|-+)|(?P<behind>[+-])(?P<count>\d+))$")
_TOKEN = re.compile(r"([A-Z][a-z]?)(\d*)|([(\[])|([)\]])(\d*)")
_PART = re.compile(r"(\d*)(.+)")
SYMBOLS = frozenset({
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar", "K", "Ca",
    "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",
    "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe", "Cs", "Ba", "La",
    "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W", "Re",
    "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U", "Np",
    "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg",
    "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og",
})  # fmt: skip


@lru_cache(maxsize=8192)
def composition(text: str) -> tuple[tuple[tuple[str, int], ...], int] | None:
    """Return the sorted counts of atoms and the charge, or None if ``text`` is no formula."""
    bare = _bare(text)
    if bare is None:
        return None
    body, charge = _without_charge(bare)
    total: Counter[str] = Counter()
    for part in re.split(r"[·•*.]", body):
        match = _PART.fullmatch(part)
        counts = _counts(match[2]) if match else None
        if match is None or counts is None:
            return None
        for symbol, count in counts.items():
            total[symbol] += count * int(match[1] or 1)
    if not total or max(total.values()) > MOST or min(total.values()) < 1:
        return None
    return tuple(sorted(total.items())), charge


def atoms(text: str) -> Mapping[str, int]:
    """Return the counts of atoms of a formula that is known to be one."""
    found = composition(text)
    if found is None:
        raise ValueError(f"{text!r} is no formula")
    return dict(found[0])


def counted(text: str) -> dict[str, str]:
    """Return how the atoms of a formula without charge are counted, element by element as they first appear in it.

    ``Ca3(PO4)2`` gives Ca 3, P 2, O 2 * 4, and ``NH4NO3`` gives N 1 + 1, H 4, O 3.

    Raises:
        ValueError: ``text`` is no formula that is written in letters, figures and brackets alone.
    """
    opened: list[list[tuple[str, str]]] = [[]]
    tokens = list(_TOKEN.finditer(text))
    if "".join(match.group() for match in tokens) != text or not tokens:
        raise ValueError(f"{text!r} is no formula to count atoms in")
    for match in tokens:
        symbol, count, opening, _, times = match.groups()
        if symbol:
            opened[-1].append((symbol, count or "1"))
        elif opening:
            opened.append([])
        else:
            inner = opened.pop()
            opened[-1] += [(each, _times(times, held)) for each, held in inner]
    found: dict[str, list[str]] = {}
    for symbol, count in opened[0]:
        found.setdefault(symbol, []).append(count)
    return {symbol: " + ".join(counts) for symbol, counts in found.items()}


def _times(times: str, count: str) -> str:
    return f"{times} * {count}" if times and count != "1" else times or count


def hill(counts: Mapping[str, int]) -> str:
    """Return the formula in Hill's order: carbon, hydrogen, then by the alphabet; without carbon by the alphabet."""
    first = [symbol for symbol in ("C", "H") if symbol in counts] if "C" in counts else []
    order = first + sorted(set(counts) - set(first))
    return "".join(symbol + (str(counts[symbol]) if counts[symbol] > 1 else "") for symbol in order)


def _bare(text: str) -> str | None:
    if len(text) > LONGEST:
        return None
    superscript = _SUPER.search(text.strip())
    if superscript:
        text = text.strip()[: superscript.start()] + "^" + superscript.group().translate(_SUPERSCRIPTS)
    text = text.translate(_SUBSCRIPTS).replace("−", "-").replace("–", "-")
    text = re.sub(r"\\(?:mathrm|text|ce|rm)\b|[\s_$\\]", "", text).replace("cdot", "·")
    text = re.sub(r"(?<!\^)\{(\d+)\}", r"\1", text)
    text = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    return text if text and len(re.findall(r"\d{6}", text)) == 0 else None


def _without_charge(text: str) -> tuple[str, int]:
    match = _CHARGE.search(text)
    if match is None or match.start() == 0:
        return text, 0
    if match["signs"]:
        size, sign = len(match["signs"]), match["signs"][0]
    elif match["behind"]:
        size, sign = int(match["count"]), match["behind"]
    else:
        size, sign = int(match["number"] or 1), match["sign"]
    return text[: match.start()], size if sign == "+" else -size


def _counts(text: str) -> Counter[str] | None:
    stack: list[Counter[str]] = [Counter()]
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        symbol, number, opening, closing, times = match.groups()
        if symbol:
            if symbol not in SYMBOLS:
                return None
            stack[-1][symbol] += int(number or 1)
        elif opening:
            stack.append(Counter())
        elif closing:
            if len(stack) < 2 or not stack[-1]:
                return None
            inner = stack.pop()
            for one, count in inner.items():
                stack[-1][one] += count * int(times or 1)
        if len(stack) > DEEPEST:
            return None
        at = match.end()
    return stack[0] if len(stack) == 1 else None
