"""Small tasks put together from parts: which items of ``xs``, what becomes of each, and what is made of them all.

A task is a composition; its parts are shared by all splits, the composition belongs to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

WORDS = (
    "apple", "pear", "fig", "cat", "horse", "tree", "sun", "river", "stone", "bread", "ant", "cloud", "lamp", "door",
    "ink", "salt", "paper", "glass", "egg", "train", "oak", "field", "moon", "star", "bird", "rope", "tea", "milk",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A phrase of a task and the Python for it; ``wrong`` is the Python with one token changed."""

    phrase: str
    code: str
    wrong: str


@dataclass(frozen=True)
class Fold:
    """What is made of the items: a phrase, one expression for it, and the lines of a loop."""

    phrase: str
    whole: str  # with {each}: "turn for x in xs if keep"
    start: str = ""  # lines of the loop form, if it has one
    step: str = ""
    end: str = ""


@dataclass(frozen=True)
class Spec:
    """One task about numbers or words."""

    fold: Fold
    turn: Part
    keep: Part

    @property
    def anchor(self) -> str:
        """Return the composition's name."""
        return f"{self.fold.phrase} | {self.turn.phrase} | {self.keep.phrase}"

    @property
    def words(self) -> str:
        """Return the task in words."""
        return f"{self.fold.phrase} {self.turn.phrase} of the items {self.keep.phrase}"

    @property
    def one_line(self) -> str:
        """Return the function that solves it, in one line."""
        return f"def f(xs): return {self.fold.whole.format(each=f'{self.turn.code} for x in xs if {self.keep.code}')}"

    def loop(self) -> list[str]:
        """Return the function that solves it, as a loop."""
        return [
            "def f(xs):",
            f"    {self.fold.start}",
            "    for x in xs:",
            f"        if {self.keep.code}:",
            f"            {self.fold.step.format(value=self.turn.code)}",
            f"    {self.fold.end}",
        ]


FOLDS = (
    Fold("a list of", "[{each}]", "out = []", "out.append({value})", "return out"),
    Fold("the set of", "{{{each}}}", "out = set()", "out.add({value})", "return out"),
    Fold("a sorted list of", "sorted({each})"),
)
NUMBER_FOLDS = (
    Fold("the sum of", "sum({each})", "total = 0", "total += {value}", "return total"),
    Fold("the largest, or 0, of", "max(({each}), default=0)"),
    Fold("the smallest, or 0, of", "min(({each}), default=0)"),
)


@cache
def number_turns() -> tuple[Part, ...]:
    """Return what may become of a number."""
    return (
        Part("the squares", "x * x", "x + x"),
        Part("the doubles", "x * 2", "x * 3"),
        Part("the cubes", "x ** 3", "x ** 2"),
        Part("the negatives", "-x", "+x"),
        Part("the sizes without sign", "abs(x)", "int(x)"),
        *(Part(f"{k} more than each", f"x + {k}", f"x - {k}") for k in range(3, 10)),
        *(Part(f"{k} less than each", f"x - {k}", f"x + {k}") for k in range(3, 10)),
        *(Part(f"{k} times each", f"x * {k}", f"x + {k}") for k in range(3, 10)),
        *(Part(f"the rests by {k}", f"x % {k}", f"x // {k}") for k in range(3, 10)),
    )


@cache
def number_keeps() -> tuple[Part, ...]:
    """Return which numbers may be kept."""
    return (
        Part("that are even", "x % 2 == 0", "x % 2 == 1"),
        Part("that are odd", "x % 2 == 1", "x % 2 == 0"),
        Part("that are positive", "x > 0", "x < 0"),
        Part("that are negative", "x < 0", "x > 0"),
        *(Part(f"above {k}", f"x > {k}", f"x < {k}") for k in range(2, 10)),
        *(Part(f"below {k}", f"x < {k}", f"x > {k}") for k in range(2, 10)),
        *(Part(f"divisible by {k}", f"x % {k} == 0", f"x // {k} == 0") for k in range(3, 8)),
        *(Part(f"not equal to {k}", f"x != {k}", f"x == {k}") for k in range(2, 10)),
    )


@cache
def word_turns() -> tuple[Part, ...]:
    """Return what may become of a word."""
    return (
        Part("the capital forms", "x.upper()", "x.lower()"),
        Part("the reversed forms", "x[::-1]", "x[::1]"),
        Part("the first letters", "x[:1]", "x[1:]"),
        Part("the last letters", "x[-1]", "x[:1]"),
        Part("the doubled forms", "x * 2", "x * 3"),
        Part("the lengths", "len(x)", "str(x)"),
        *(Part(f"the first {k} letters", f"x[:{k}]", f"x[{k}:]") for k in (2, 3)),
        *(Part(f"the forms with {c!r} added", f"x + {c!r}", f"{c!r} + x") for c in "sdy"),
    )


@cache
def word_keeps() -> tuple[Part, ...]:
    """Return which words may be kept."""
    return (
        *(Part(f"longer than {k}", f"len(x) > {k}", f"len(x) < {k}") for k in (2, 3, 4)),
        *(Part(f"shorter than {k}", f"len(x) < {k}", f"len(x) > {k}") for k in (4, 5, 6)),
        *(Part(f"with {c!r} in them", f"{c!r} in x", f"{c!r} not in x") for c in "aeiorst"),
        *(Part(f"without {c!r}", f"{c!r} not in x", f"{c!r} in x") for c in "aeiorst"),
        *(Part(f"that start with {c!r}", f"x.startswith({c!r})", f"x.endswith({c!r})") for c in "abcdefprst"),
    )


@cache
def phrase_rules() -> dict[str, str]:
    """Return one rule for each part: its phrase and its Python."""
    found: dict[str, str] = {}
    for fold in (*FOLDS, *NUMBER_FOLDS):
        found[f"fold:{fold.phrase}"] = f"{fold.phrase} them: {fold.whole.format(each='...')}"
    for name, parts in (("turn", (*number_turns(), *word_turns())), ("keep", (*number_keeps(), *word_keeps()))):
        for part in parts:
            found[f"{name}:{part.phrase}"] = f"{part.phrase}: {part.code}"
    return found


def draw_spec(rng: Random, *, loop: bool = False) -> tuple[Spec, bool]:
    """Return a task and whether it is about words; ``loop`` asks for one with a loop form."""
    words = rng.random() < 0.35
    turns, keeps = (word_turns(), word_keeps()) if words else (number_turns(), number_keeps())
    turn = rng.choice(turns)
    folds = (*FOLDS, *(() if words else NUMBER_FOLDS))
    fold = rng.choice([fold for fold in folds if fold.start or not loop])
    return Spec(fold, turn, rng.choice(keeps)), words
