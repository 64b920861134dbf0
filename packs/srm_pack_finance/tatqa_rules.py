"""TAT-QA's rules of what is right: exact match of a span, of a set of spans, or of a number with its scale.

After the published evaluation (Zhu et al. 2021): numbers are compared after rounding to two decimals and applying the
scale, a percentage may be given as a fraction with four decimals, and words without case, articles and punctuation.
Beyond it, an equal amount in another stated scale is accepted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from srm_core.records import FormulaKey, Problem, Trace, Verdict

GOLD, SCALE = "gold ", "scale"  # names of the key's inputs
LONGEST = 2000  # characters of an answer that are read at all
_POWERS = {"": 0, "thousand": 3, "million": 6, "billion": 9, "percent": -2}
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_AMOUNT = re.compile(
    r"(?P<open>\()?(?:us)?[$€£¥]? ?(?P<inner>\()?(?P<sign>[-+])? ?[$€£¥]? ?"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d{1,12})?|\d{1,20}(?:\.\d{1,12})?|\.\d{1,12})"
    r" ?(?P<percent>%|percent|per cent)? ?(?P<close>\))? ?(?P<after>%|percent|per cent)?"
    r" ?(?P<scale>thousands?|millions?|billions?|[kmb]|mn|bn)?"
    r" ?(?P<last>\))?(?: (?:us )?(?:dollars?|euros?|pounds?|usd|eur|gbp))?"
)
_SCALES = {"t": 3, "k": 3, "m": 6, "b": 9}
_CENT = Decimal("0.01")


def read_amount(text: str) -> tuple[Decimal, int | None] | None:
    """Return the number that ``text`` is, and its power of ten: -2 for percent, None where no scale is stated."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("−", "-").replace("–", "-").strip(" .*")
    match = _AMOUNT.fullmatch(" ".join(folded.split()))
    if match is None:
        return None
    opened, closed = bool(match["open"]) + bool(match["inner"]), bool(match["close"]) + bool(match["last"])
    if opened != closed or opened > 1 or (opened and match["sign"]):
        return None
    try:
        number = Decimal(match["number"].replace(",", ""))
    except InvalidOperation:
        return None
    percent = bool(match["percent"] or match["after"])
    if percent and match["scale"]:
        return None
    power = -2 if percent else _SCALES[match["scale"][0]] if match["scale"] else None
    return (-number if opened or match["sign"] == "-" else number), power


def gold_amount(answer: str, scale: str) -> Decimal | None:
    """Return the gold's number in the gold's scale, or None where the gold is words."""
    read = read_amount(answer)
    if read is None:
        return None
    number, power = read
    return number if power is None else number.scaleb(power - _POWERS[scale]) if scale else number


def gold_text(answers: Sequence[str], scale: str) -> str:
    """Return the gold as one line: answers parted by ";", with the scale behind the last number."""
    unit = "%" if scale == "percent" else f" {scale}" if scale else ""
    stated = any(read is not None and read[1] is not None for read in map(read_amount, answers))
    return "; ".join(answers) + ("" if stated else unit)


def verify_tatqa(problem: Problem, trace: Trace) -> Verdict:
    """Say whether the answer is the benchmark's, with its scale."""
    said = (trace.answer or "").strip()
    if not said or len(said) > LONGEST:
        return Verdict(correct=False, reason="no answer" if not said else "too long for an answer")
    if not isinstance(problem.key, FormulaKey) or f"{GOLD}0" not in problem.key.inputs:
        return Verdict(correct=None, reason="the problem holds no published answer")
    golds = [str(answer) for name, answer in problem.key.inputs.items() if name.startswith(GOLD)]
    scale = str(problem.key.inputs.get(SCALE, ""))
    right = _one(golds[0], scale, said) if len(golds) == 1 else _several(golds, scale, said)
    return Verdict(correct=right, reason="" if right else "not the published answer and scale")


def _one(gold: str, scale: str, said: str) -> bool:
    gold_read = read_amount(gold)
    if gold_read is None:
        return _words(said) == _words(gold) or (bool(scale) and _words(said) == _words(f"{gold} {scale}"))
    return _same_amount(gold_read, scale, said)


def _same_amount(gold: tuple[Decimal, int | None], scale: str, said: str) -> bool:
    """Compare rounded to two decimals in the gold's scale; the scale must be stated, or the number written out."""
    read = read_amount(said)
    if read is None:
        return False
    gold_power = gold[1] if gold[1] is not None else _POWERS[scale]
    power = read[1] if read[1] is not None else 0
    if gold_power >= 0 and (read[1] == -2 or (gold_power == 0 and scale == "" and power > 0 and gold[1] is None)):
        return False
    if _rounded(read[0].scaleb(power - gold_power)) == _rounded(gold[0]):
        return True
    fraction = read[1] is None and gold_power == -2
    return fraction and abs(read[0] - _rounded(gold[0]).scaleb(-2)) < Decimal("0.00005")


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(_CENT, ROUND_HALF_EVEN) if number.adjusted() < 24 else number


def _several(golds: Sequence[str], scale: str, said: str) -> bool:
    """Compare as sets: every gold is said once, in any order, and nothing besides."""
    reads = [read_amount(gold) for gold in golds]
    parts = [part.strip() for part in re.split(r";|\n", said) if part.strip()]
    if len(parts) == 1:
        parts = [part.strip() for part in re.split(r",(?!\d)| and |, and ", said) if part.strip()]
    if all(read is not None for read in reads):
        last = read_amount(parts[-1]) if parts else None
        word = _stated(parts[-1]) if last is not None and last[1] is not None else ""
        filled = [
            f"{part} {word}" if (read := read_amount(part)) and read[1] is None and word else part for part in parts
        ]
        return _matched(golds, filled, scale)
    exact = sorted(_words(part) for part in parts) == sorted(_words(gold) for gold in golds)
    return exact or _words(said) == " ".join(_words(gold) for gold in golds)


def _stated(part: str) -> str:
    found = re.search(r"thousand|million|billion|%|percent", part.casefold())
    return found.group() if found else ""


def _matched(golds: Sequence[str], parts: list[str], scale: str) -> bool:
    left = list(parts)
    for gold in golds:
        hit = next((part for part in left if _one(gold, scale, part)), None)
        if hit is None:
            return False
        left.remove(hit)
    return not left


def _words(text: str) -> str:
    """Return ``text`` in lower case without articles, punctuation and doubled blanks; numbers keep their points."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = re.sub(r"(?<=\d),(?=\d{3})", "", folded)
    bare = re.sub(r"[^\w\s.%-]|_|\.(?!\d)|(?<!\d)-|-(?!\d)", " ", bare)
    return " ".join(_ARTICLES.sub(" ", bare).split())
