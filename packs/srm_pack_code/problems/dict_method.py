"""What a dict holds or gives after some changes."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import value_key, value_of
from srm_pack_code.specs import WORDS

KIND = Kind(
    name="dict_method",
    title="what a dict gives after a change",
    book="open",
    anchor="the dict, the change and what is asked",
    shared="the rules of the methods",
    second_grader="an interpreter of our own that walks the syntax tree (the method itself is Python's)",
)
ASKS = (
    "What is {e} after this code?",
    "Give {e} at the end.",
    "Which value has {e} when the code has run?",
    "This code runs. Write {e} as Python shows it.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    keys = rng.sample(WORDS, 5)
    table = {key: rng.randint(1, 30) for key in keys[:3]}
    known, maybe, value = rng.choice(keys[:3]), rng.choice(keys), rng.randint(31, 60)
    line, rule = rng.choice(
        (
            (f"{{v}}[{maybe!r}] = {value}", "dict_set"),
            (f"{{v}}.pop({known!r})", "dict_pop"),
            (f"{{v}}.setdefault({maybe!r}, {value})", "setdefault"),
            (f"{{v}}.update({{{{{maybe!r}: {value}}}}})", "update"),
            (f"del {{v}}[{known!r}]", "del_k"),
        )
    )
    asked = rng.choice(keys)
    expression, rule_asked = rng.choice(
        (
            (f"{{v}}.get({asked!r}, 0)", "dict_get"),
            ("list({v})", "dict_list"),
            ("list({v}.values())", "dict_values"),
            (f"{asked!r} in {{v}}", "dict_in"),
            ("len({v})", "dict_len"),
        )
    )
    written = repr(table).replace("{", "{{").replace("}", "}}")
    template = f"{{v}} = {written}\n{line}"
    code, names = named(template, ("v",), rng)
    asked_for = expression.format_map(names)
    now: dict[str, Any] = value_of(code, names["v"])
    value = value_of(code, asked_for)
    return Draft(
        ask=rng.choice(ASKS).format(e=asked_for),
        code=code,
        answer=repr(value),
        anchor=f"{template}\n{expression}",
        key=value_key(code, asked_for, value),
        rules=(rule, rule_asked),
        steps=f"{names['v']} is {now} [@{rule}]; {asked_for} [@{rule_asked}] is {value!r}",
    )
