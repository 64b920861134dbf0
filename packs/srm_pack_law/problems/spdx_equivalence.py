"""Do two SPDX expressions mean the same: the laws of AND and OR."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

from srm_core.composing import compose, rng_for
from srm_core.records import Kind, Problem
from srm_pack_law.citing import PLACE, cited
from srm_pack_law.licences import load_licences
from srm_pack_law.people import FIRMS
from srm_pack_law.provisions import ABSORB, DIFFERENT, ORDER, OTHER, REPEAT, SPREAD, Provision

KIND = Kind(
    name="spdx_equivalence",
    title="whether two SPDX licence expressions mean the same",
    book="formula",
    anchor="the two expressions",
    shared="the laws of AND and OR",
    core=True,
    second_grader="license-expression's is_equivalent on the expressions in the question",
)
QUESTIONS = (
    "Is '{one}' the same as '{other}'?",
    "{firm} writes '{one}', its supplier '{other}'. Do both mean the same?",
    "Do '{one}' and '{other}' mean the same?",
    "May '{one}' be replaced by '{other}' without a change of meaning?",
)
QUERY = (
    "SELECT ?answer WHERE {{ {{ SELECT (SUM(?d) AS ?differ) WHERE {{ VALUES ?a {{ 0 1 }} VALUES ?b {{ 0 1 }} "
    "VALUES ?c {{ 0 1 }} BIND(IF(({one}) = ({other}), 0, 1) AS ?d) }} }} "
    'BIND(IF(?differ = 0, "yes{cite}", "no{cite}") AS ?answer) }}'
)
LAWS: tuple[tuple[Provision, str, str], ...] = (
    (ORDER, "A AND B", "B AND A"),
    (ORDER, "A OR B", "B OR A"),
    (ORDER, "A AND B AND C", "C AND A AND B"),
    (ORDER, "A OR B OR C", "B OR C OR A"),
    (REPEAT, "A AND A AND B", "A AND B"),
    (REPEAT, "A OR B OR A", "A OR B"),
    (REPEAT, "A OR A", "A"),
    (ABSORB, "A AND (A OR B)", "A"),
    (ABSORB, "A OR (A AND B)", "A"),
)
BREACHES: tuple[tuple[Provision, str, str], ...] = (
    (DIFFERENT, "A AND B", "A OR B"),
    (DIFFERENT, "A OR B", "B AND A"),
    (DIFFERENT, "A AND (B OR C)", "A OR (B AND C)"),
    (OTHER, "A AND B", "A AND C"),
    (OTHER, "A OR B", "C OR B"),
    (OTHER, "A", "A OR B"),
    (OTHER, "A AND B AND C", "A AND B"),
)
ALL_LAWS = (ORDER, REPEAT, ABSORB, SPREAD, DIFFERENT, OTHER)
LONGEST = 18  # characters of an identifier


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems without end, the identifiers drawn anew for each; "yes" and "no" take turns."""
    rng = rng_for(seed, KIND.name)
    names = sorted({each.spdx for each in load_licences() if _is_short(each.spdx)})
    seen: set[str] = set()
    while True:
        law, one, other = rng.choice(LAWS if len(seen) % 2 == 0 else BREACHES)
        chosen = dict(zip("ABC", rng.sample(names, 3), strict=True))
        left, right = _filled(one, chosen), _filled(other, chosen)
        anchor = f"{left} = {right}"
        if anchor in seen:
            continue
        seen.add(anchor)
        yield _problem(law, (one, other), (left, right), "yes" if len(seen) % 2 == 1 else "no", rng)


def _problem(law: Provision, forms: tuple[str, str], shown: tuple[str, str], answer: str, rng: Random) -> Problem:
    others = rng.sample([each for each in ALL_LAWS if each is not law], 2)
    problem = compose(
        kind=KIND.name,
        rng=rng,
        questions=QUESTIONS,
        names={"one": shown[0], "other": shown[1], "firm": rng.choice(FIRMS)},
        answer=answer,
        anchor=f"{shown[0]} = {shown[1]}",
        needed=[law.fact],
        distractors=[each.fact for each in others],
        query=QUERY.format(one=_logic(forms[0]), other=_logic(forms[1]), cite=PLACE),
    )
    read = "; ".join(f"{which} holds {_held(text)}" for which, text in zip(("first", "second"), shown, strict=True))
    return cited(problem.revised(solution=f"{read[0].upper()}{read[1:]}. {problem.solution}"), law.fact)


def _held(expression: str) -> str:
    """Return the licences of an expression, how often each, and the operators between them, as the laws need them."""
    words = [word.strip("()") for word in expression.split()]
    licences = Counter(word for word in words if word not in ("AND", "OR"))
    operators = dict.fromkeys(word for word in words if word in ("AND", "OR"))
    said = ", ".join(f"{name} twice" if times > 1 else name for name, times in licences.items())
    return f"{said} with {' and '.join(operators)}" if operators else f"{said} alone"


def _is_short(name: str) -> bool:
    return len(name) <= LONGEST and not name.startswith("LicenseRef") and "+" not in name


def _filled(form: str, names: dict[str, str]) -> str:
    return " ".join(_part(word, names) for word in form.split())


def _part(word: str, names: dict[str, str]) -> str:
    bare = word.strip("()")
    return word.replace(bare, names[bare]) if bare in names else word


def _logic(form: str) -> str:
    """Return the form as SPARQL: every licence is granted (1) or not (0)."""
    words = {"AND": "&&", "OR": "||", "A": "?a = 1", "B": "?b = 1", "C": "?c = 1"}
    return " ".join(word.replace(word.strip("()"), f"{words[word.strip('()')]}") for word in form.split())
