"""Which exception a short program raises, or none."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import NOTHING, raised_by, raises_key
from srm_pack_code.specs import WORDS

KIND = Kind(
    name="exception_name",
    title="the exception that a short program raises, or none",
    book="open",
    anchor="the program, whatever its variables are called",
    shared="the rules of the exceptions",
    core=True,
    second_grader="an interpreter of our own that walks the syntax tree",
)
ASKS = (
    "Which exception does this code raise? Say none if it raises nothing.",
    "Name the exception that is raised, or none.",
    "How does this end: with which exception, or none?",
    "This code runs. Which exception comes, or none?",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    template, rule, said = rng.choice(_CASES)(rng)
    code, names = named(template, ("u", "v"), rng)
    raised = raised_by(code)
    if raised == NOTHING and rng.random() < 0.6:
        return None  # else it would be the most frequent answer by far
    rules = (rule,)
    outcome = f"so {raised}" if raised != NOTHING else "so nothing is raised"
    return Draft(
        ask=rng.choice(ASKS),
        code=code,
        answer=raised,
        anchor=template,
        key=raises_key(code, raised),
        rules=rules,
        steps=f"{said.format_map(names)} [@{rule}], {outcome}",
    )


Case = tuple[str, str, str]  # program, rule, what decides


def _divide(rng: Random) -> Case:
    a = rng.randint(2, 30)
    b = rng.choice((a, a, rng.randint(1, 30)))
    op = rng.choice(("/", "//", "%"))
    n = rng.randint(2, 50)
    return f"{{u}} = {a}\n{{v}} = {n} {op} ({{u}} - {b})", "ZeroDivisionError", f"{{u}} - {b} is {a - b}"


def _index(rng: Random) -> Case:
    items = [rng.randint(1, 60) for _ in range(rng.randint(2, 4))]
    index = len(items) + rng.choice((-2, -1, 0, 0, 1))
    return f"{{u}} = {items}\n{{v}} = {{u}}[{index}]", "IndexError", f"{{u}} has the indexes 0 to {len(items) - 1}"


def _key(rng: Random) -> Case:
    words = rng.sample(WORDS, 3)
    asked = rng.choice((words[0], words[2]))
    values = {words[0]: rng.randint(1, 9), words[1]: rng.randint(1, 9)}
    written = repr(values).replace("{", "{{").replace("}", "}}")
    there = "is" if asked in values else "is not"
    return f"{{u}} = {written}\n{{v}} = {{u}}[{asked!r}]", "KeyError", f"{asked!r} {there} a key of {{u}}"


def _number(rng: Random) -> Case:
    text = rng.choice((rng.choice(WORDS), str(rng.randint(1, 9999)), f"{rng.randint(1, 99)}.{rng.randint(1, 9)}"))
    said = "is" if text.isdigit() else "is not"
    return f"{{u}} = {text!r}\n{{v}} = int({{u}})", "ValueError", f"{text!r} {said} a whole number"


def _seek(rng: Random) -> Case:
    items = rng.sample(range(1, 60), 3)
    wanted = rng.choice((items[1], rng.randint(61, 90)))
    there = "is" if wanted in items else "is not"
    call = rng.choice(("index", "remove"))
    return f"{{u}} = {items}\n{{u}}.{call}({wanted})", "ValueError", f"{wanted} {there} in {{u}}"


def _add(rng: Random) -> Case:
    number, text = rng.randint(1, 99), rng.choice(WORDS)
    right = rng.choice(("{v}", "{v}", "str({v})"))
    said = "a text and a number cannot be added" if right == "{v}" else "both are texts"
    return f"{{u}} = {text!r}\n{{v}} = {number}\nprint({{u}} + {right})".replace("print", "len"), "TypeError", said


def _method(rng: Random) -> Case:
    value, call, has = rng.choice(
        (
            (str([rng.randint(1, 60), 2]), f"append({rng.randint(1, 60)})", True),
            (f"({rng.randint(1, 60)}, {rng.randint(1, 60)})", f"append({rng.randint(1, 60)})", False),
            (repr(rng.choice(WORDS)), "upper()", True),
            (str(rng.randint(1, 999)), "upper()", False),
            (repr(rng.choice(WORDS)), f"append({rng.choice(WORDS)!r})", False),
        )
    )
    name = call.partition("(")[0]
    said = f"the type of {{u}} has {'a' if has else 'no'} method {name}"
    return f"{{u}} = {value}\n{{u}}.{call}", "AttributeError", said


def _name(rng: Random) -> Case:
    value, by = rng.randint(1, 99), rng.randint(2, 9)
    used = rng.choice(("{u}", "{v}", "{v}"))
    said = "every name has a value" if used == "{u}" else "{v} has no value yet"
    return f"{{u}} = {value}\n{{u}} = {used} * {by}", "NameError", said


def _next(rng: Random) -> Case:
    items = [rng.randint(1, 99)][: rng.choice((0, 1))] + [rng.randint(1, 99) for _ in range(rng.randint(0, 1))]
    takes = rng.randint(1, 2)
    lines = "\n".join(["next({u})"] * takes)
    return f"{{u}} = iter({items})\n{lines}", "StopIteration", f"{len(items)} items, next is called {takes} times"


def _assertion(rng: Random) -> Case:
    a, b = rng.randint(1, 20), rng.randint(1, 20)
    op = rng.choice(("<", ">"))
    return f"{{u}} = {a}\nassert {{u}} {op} {b}", "AssertionError", f"{a} {op} {b} is {a < b if op == '<' else a > b}"


_CASES = (_divide, _index, _key, _number, _seek, _add, _method, _name, _next, _assertion)
