"""What a method of a text gives."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import value_key, value_of
from srm_pack_code.specs import WORDS

KIND = Kind(
    name="str_method",
    title="what a method of a text gives",
    book="open",
    anchor="the text and the call",
    shared="the rules of the methods",
    core=True,
    second_grader="an interpreter of our own that walks the syntax tree (the method itself is Python's)",
)
ASKS = (
    "What does {e} give?",
    "What is the value of {e}?",
    "Write what Python shows for {e}.",
    "Work out {e}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    word, other = rng.sample(WORDS, 2)
    letter = rng.choice(word) if rng.random() < 0.7 else rng.choice("xz")
    mixed = "".join(c.upper() if rng.random() < 0.5 else c for c in word)
    three = rng.sample(WORDS, 3)
    mark = rng.choice((",", "-", "/", ";"))
    text, call, rule, said = rng.choice(
        (
            (mixed, "upper()", "upper", "every letter a capital"),
            (mixed, "lower()", "lower", "every letter small"),
            (mixed, "capitalize()", "capitalize", f"first letter {word[0].upper()!r}"),
            (mixed, "swapcase()", "swapcase", "each letter the other way"),
            (word, f"replace({letter!r}, {other[0]!r})", "replace", f"each {letter!r} becomes {other[0]!r}"),
            (word, f"find({letter!r})", "find", _letters(word)),
            (word, f"rfind({letter!r})", "rfind", _letters(word)),
            (word, f"count({letter!r})", "count", _letters(word)),
            (mark.join(three), f"split({mark!r})", "split", f"the parts between {mark!r}"),
            (mark, f"join({three!r})", "join", f"{mark!r} between the words"),
            (f"{mark * 2}{word}{mark}", f"strip({mark!r})", "strip", f"no {mark!r} at the ends"),
            (f"{mark * 2}{word}{mark}", f"lstrip({mark!r})", "lstrip", f"no {mark!r} at the start"),
            (word, f"startswith({rng.choice((word[:2], other[:2]))!r})", "startswith", f"it begins {word[:2]!r}"),
            (word, f"endswith({rng.choice((word[-2:], other[-2:]))!r})", "endswith", f"it ends {word[-2:]!r}"),
            (str(rng.randint(1, 999)), f"zfill({rng.randint(3, 6)})", "zfill", "zeros in front"),
            (word, f"removesuffix({rng.choice((word[-2:], other[-1:]))!r})", "removesuffix", f"it ends {word[-2:]!r}"),
            (mark.join(three), f"partition({mark!r})", "partition", f"cut at the first {mark!r}"),
        )
    )
    code, names = named(f"{{s}} = {text!r}", ("s",), rng)
    expression = f"{names['s']}.{call}"
    value = value_of(code, expression)
    return Draft(
        ask=rng.choice(ASKS).format(e=expression),
        code=code,
        answer=repr(value),
        anchor=f"{text!r}.{call}",
        key=value_key(code, expression, value),
        rules=(rule,),
        steps=f"{call.partition('(')[0]} [@{rule}]: {said}, so {value!r}",
    )


def _letters(word: str) -> str:
    return " ".join(f"{n} {letter}" for n, letter in enumerate(word))
