"""What an f-string with a format gives."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import value_key, value_of
from srm_pack_code.specs import WORDS

KIND = Kind(
    name="format_spec",
    title="the text that an f-string with a format gives",
    book="open",
    anchor="the value and the format",
    shared="the rules of the formats",
    second_grader="an interpreter of our own that walks the syntax tree (the format itself is Python's)",
)
ASKS = (
    "What does {e} give?",
    "Which text is {e}?",
    "Write what Python shows for {e}.",
    "Format it: {e}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    number, decimal = rng.randint(1, 999), rng.randint(1, 99999) / 1000
    word, width = rng.choice(WORDS), rng.randint(6, 9)
    large, small, share = rng.randint(1000, 9_999_999), rng.randint(2, 40), rng.randint(1, 999) / 1000
    value, spec, rule, said = rng.choice(
        (
            (number, f"0{width - 2}d", "fmt_zeros", f"{number} has {len(str(number))} digits, {width - 2} are wanted"),
            (decimal, f".{rng.randint(1, 2)}f", "fmt_fixed", f"{decimal} rounded"),
            (word, f">{width}", "fmt_right", f"{len(word)} letters, {max(0, width - len(word))} blanks before"),
            (word, f"*<{width}", "fmt_left_fill", f"{len(word)} letters, {max(0, width - len(word))} stars behind"),
            (word, f"-^{width}", "fmt_center", f"{len(word)} letters, {max(0, width - len(word))} dashes around"),
            (large, ",", "fmt_comma", "groups of three from the right"),
            (small, "x", "fmt_hex", f"{small} is {small // 16} times 16 and {small % 16}"),
            (small, "b", "fmt_binary", f"{small} in powers of two"),
            (share, ".1%", "fmt_percent", f"100 times {share}"),
            (number, "+d", "fmt_sign", "the sign first"),
        )
    )
    code, names = named(f"{{v}} = {value!r}", ("v",), rng)
    expression = f"f'{{{names['v']}:{spec}}}'"
    text = value_of(code, expression)
    return Draft(
        ask=rng.choice(ASKS).format(e=expression),
        code=code,
        answer=repr(text),
        anchor=f"{value!r}:{spec}",
        key=value_key(code, expression, text),
        rules=(rule,),
        steps=f"{spec} [@{rule}]: {said}: {text!r}",
    )
