"""What a list holds after two changes."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import value_key, value_of

KIND = Kind(
    name="list_method",
    title="what a list holds after two changes",
    book="open",
    anchor="the list and the changes",
    shared="the rules of the methods",
    core=True,
    second_grader="an interpreter of our own that walks the syntax tree (the method itself is Python's)",
)
ASKS = (
    "What is {v} after this code?",
    "Which items has {v} at the end? Give the list.",
    "Give {v} after all lines.",
    "This code runs. Write {v} as Python shows it.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def change(rng: Random, size: int, items: list[int]) -> tuple[str, str, str]:
    """Return a line that changes the list ``{v}`` of ``size`` items, its rule, and what it does."""
    index, value = rng.randrange(size), rng.randint(1, 40)
    line, rule = rng.choice(
        (
            (f"{{v}}.append({value})", "append"),
            ("{v}.pop()", "pop"),
            (f"{{v}}.pop({index})", "pop_i"),
            (f"{{v}}.insert({index}, {value})", "insert"),
            (f"{{v}}.remove({rng.choice(items)})", "remove"),
            ("{v}.reverse()", "reverse"),
            ("{v}.sort()", "sort"),
            (f"{{v}}.extend([{value}, {rng.randint(1, 40)}])", "extend"),
            (f"del {{v}}[{index}]", "del_i"),
            (f"{{v}}[{index}] = {value}", "set_i"),
            (f"{{v}} = {{v}} + [{value}, 1]", "list_plus"),
        )
    )
    said = {"del_i": f"the item at {index} goes", "set_i": f"the item at {index} becomes {value}"}
    return line, rule, said.get(rule, line)


def _make(rng: Random) -> Draft | None:
    items = [rng.randint(1, 40) for _ in range(rng.choice((3, 3, 4)))]
    lines, rules, steps, now = [f"{{v}} = {items}"], [], [], items
    for _ in range(2):
        line, rule, said = change(rng, len(now), now)
        lines.append(line)
        now = value_of("\n".join(lines).format(v="v"), "v")
        if len(now) < 2:
            return None  # [7] would read as a citation
        rules.append(rule)
        steps.append(f"{said} [@{rule}]: {now}")
    template = "\n".join(lines)
    code, names = named(template, ("v",), rng)
    return Draft(
        ask=rng.choice(ASKS).format_map(names),
        code=code,
        answer=repr(now),
        anchor=template,
        key=value_key(code, names["v"], now),
        rules=tuple(rules),
        steps="; ".join(steps).format_map(names),
    )
