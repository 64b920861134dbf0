"""Two hundred answers that mean nothing: a verifier refuses each, soon, and does not fail on any."""

from __future__ import annotations

import functools
from random import Random

from .cases import Case

COUNT = 200
_MEGABYTE = 1_000_000
_SHORT = 380  # below the length at which a completion's answer is cut off by the reader of traces
_PIECES = (
    "9", "1,", "1.", "-", "+", ".", "e", "(", "[", "{", "<", "a ", " a", "A1", "A-", "**", "`", "$", "\\", "[1]",
    "<<", ">>", "=", "x10^", "/", "%", "0x", "é", "Ω", "_", "'", '"', ":", ";", "|", "~", "^", "#", "@", "&",
)  # fmt: skip
_LONG = ("9", "(", "<<1=", "\nAnswer: ", "\u202e")
_NUMBERS = (
    "NaN", "nan mg", "-nan", "Infinity", "-inf", "inf %", "1e999", "-1e999", "0x1F", "1_000", "1e", "e9",
    "--1", "+-1", "1..2", "1.2.3", "1,2,3,4", "1/0", "0/0", "9**9**9", "<<9^9^9=", "<<1/0=>>", "∞", "−∞", "NaN NaN",
    "1e+", "0e0e0",
)  # fmt: skip
_SIGNS = (
    "\x00", "\x01\x02\x03", "\x07", "\x08\x08\x08", "\x0b", "\x0c", "\x1b[31m", "\x7f", "\x85", "\u00ad", "\u200b",
    "\u200d", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\u2028", "\u2029", "\ufeff", "\ufffd",
    "\uffff", "\ud800", "\U0001f600", "\U000e0041", "\u0336", "\u0301" * 50, "🇦🇶", "﷽",
)  # fmt: skip
_EMPTY = (
    "", " ", "\t", "?", "!", ".", ",", "-", "—", "…", "null", "None", "undefined", "{}", "[]", "()", "<>", '""', "''",
    "``", "****", "$$", "\\(\\)", "<answer></answer>", "{{}}", "%s", "${answer}", "{answer}", "<|endoftext|>", "</s>",
)  # fmt: skip


@functools.cache
def garbage() -> tuple[Case, ...]:
    """Return `COUNT` completions, always the same, none of which is an answer to anything."""
    cases = [Case("megabytes", f"Answer: {_repeated(piece, _MEGABYTE)}", "a megabyte") for piece in _LONG]
    cases += [Case("repetition", f"Answer: {_repeated(piece, _SHORT)}", "one piece, repeated") for piece in _PIECES]
    cases += [Case("numbers", f"Answer: {text}", "no finite number") for text in _NUMBERS]
    cases += [Case("control characters", f"Answer: {sign}", "signs without meaning") for sign in _SIGNS]
    cases += [Case("empty", f"Answer: {text}", "nothing inside") for text in _EMPTY]
    for depth in (10, 60, 180):
        for one, other in (("(", ")"), ("[", "]"), ("{", "}"), ("<<", ">>"), ("\\frac{", "}")):
            nested = _repeated(one, depth) + _repeated(other, depth)
            cases.append(Case("nested brackets", f"Answer: {nested}", "brackets around nothing"))
    found = {case.text: case for case in cases}
    rng = Random(20)
    while len(found) < COUNT:
        length = rng.randint(20, _SHORT)
        text = "".join(chr(rng.choice((rng.randint(1, 31), rng.randint(160, 0xD7FF)))) for _ in range(length))
        found.setdefault(f"Answer: {text}", Case("random signs", f"Answer: {text}", "drawn by chance"))
    return tuple(found.values())


def _repeated(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]
