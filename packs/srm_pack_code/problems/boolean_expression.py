"""Is a condition with and, or, not and comparisons True or False?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import value_key, value_of

KIND = Kind(
    name="boolean_expression",
    title="whether a condition is True or False",
    book="open",
    anchor="the values and the condition",
    shared="the rules of and, or and not",
    core=True,
    second_grader="an interpreter of our own that walks the syntax tree",
)
ASKS = (
    "Is {e} True or False?",
    "What is {e}?",
    "Give the truth value of {e}.",
    "Evaluate {e}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems; True is as frequent as False."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    wanted = rng.random() < 0.5
    while True:
        draft = _drawn(rng)
        if (draft.answer == "True") == wanted:
            return draft


def _drawn(rng: Random) -> Draft:
    values = [rng.randint(0, 20) for _ in range(3)]
    table = dict(zip("uvw", values, strict=True))
    atoms = [_atom(rng, table) for _ in range(3)]
    negated = rng.randrange(3) if rng.random() < 0.6 else -1
    words = [rng.choice(("and", "or")) for _ in range(2)]
    parts = [f"not {atom}" if n == negated else atom for n, atom in enumerate(atoms)]
    count = 3 if rng.random() < 0.5 else 2
    form = " ".join([parts[0], *(f"{words[n]} {parts[n + 1]}" for n in range(count - 1))])
    program = "\n".join(f"{{{name}}} = {value}" for name, value in table.items())
    code, names = named(program, ("u", "v", "w"), rng)
    expression = form.format_map(names)
    value = value_of(code, expression)
    rules = [*dict.fromkeys(words[: count - 1]), *(["not"] if 0 <= negated < count else [])]
    known = {name: str(number) for name, number in table.items()}
    truths = [bool(value_of(code, part.format_map(names))) for part in parts[:count]]
    said = [
        f"{part.format_map(names)}: {part.format_map(known)} is {truth}"
        for part, truth in zip(parts, truths, strict=False)
    ]
    return Draft(
        ask=rng.choice(ASKS).format(e=expression),
        code=code,
        answer=repr(value),
        anchor=f"{values} {form}",
        key=value_key(code, expression, value),
        rules=tuple(rules),
        steps=f"{'; '.join(said)}; {' '.join(f'[@{rule}]' for rule in rules)}: {_reduced(truths, words)}",
    )


def _reduced(truths: Sequence[bool], words: Sequence[str]) -> str:
    """Return the truth values as they are joined, "and" first: "True or False and True = True or False = True"."""
    left, between = list(truths), list(words[: len(truths) - 1])
    shown = [_joined(left, between)]
    while between:
        place = between.index("and") if "and" in between else 0
        one, other = left[place], left.pop(place + 1)
        left[place] = (one and other) if between.pop(place) == "and" else (one or other)
        shown.append(_joined(left, between))
    return " = ".join(shown)


def _joined(truths: Sequence[bool], words: Sequence[str]) -> str:
    return " ".join([str(truths[0]), *(f"{word} {truth}" for word, truth in zip(words, truths[1:], strict=True))])


def _atom(rng: Random, table: dict[str, int]) -> str:
    one, other = rng.sample(sorted(table), 2)
    compared = f"{{{other}}}" if rng.random() < 0.5 else str(rng.randint(0, 20))
    return f"{{{one}}} {rng.choice(('<', '>', '<=', '>=', '==', '!='))} {compared}"
