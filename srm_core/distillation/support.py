"""Which steps of a trace the facts support, contradict, or cannot judge.

The judging is by rule, the same every time, and prefers "unjudged": a rate of supported steps is a lower bound.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from srm_core.calculator import computed
from srm_core.protocols import Knowledge
from srm_core.records import Evidence, Trace, Value

from .steps import CALL, Clause, Token, clauses, content, in_order, negated, numbers, steps

Outcome = Literal["supported", "contradicted", "unjudged"]
_TOLERANCE = 1e-5  # relative; the calculator writes 6 significant digits
_CONSTANT = re.compile(r"(?<![A-Za-z\d.])(?:\d+\.?\d*|\.\d+)")  # not the 10 of log10


class StepJudgement(Value):
    """One step, what the facts say about it, and the ids of the chunks and triples that say so."""

    text: str
    outcome: Outcome
    cites: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Facts:
    evidence: Sequence[Evidence]
    knowledge: Knowledge | None
    question: str
    prefixes: Sequence[str]


def judge_steps(
    trace: Trace,
    evidence: Sequence[Evidence],
    knowledge: Knowledge | None = None,
    *,
    question: str = "",
    prefixes: Sequence[str] = (),
) -> list[StepJudgement]:
    """Judge each step of ``trace``, in order.

    A clause is supported if it cites [n] and its content words, numbers and codes stand in evidence n, in that order
    and with the same negation, or if ``knowledge`` holds the fact it states. It is contradicted if it repeats evidence
    n with another code or number in the place of the object, or names an entity of the evidence and a relation
    whose facts have other objects. A calculation is supported if its value recomputes (6 digits) and its numbers come
    from the question, the evidence or earlier values; a wrong value contradicts it. Everything else is unjudged: a
    number of unknown origin may be a unit factor.

    ``question`` is the text whose numbers a calculation may use. ``prefixes`` turn codes in the text into CURIEs
    (``icd10cm`` makes ``J45.9`` into ``icd10cm:J45.9``).
    """
    facts = _Facts(evidence, knowledge, question, prefixes)
    known = numbers(question) + [number for item in evidence for number in numbers(item.text)]
    judged = []
    for step in steps(trace.text):
        judged.append(_judge(step, facts, known))
        known += [number for match in CALL.finditer(step) for number in numbers(match.group(2))]
    return judged


def count_outcomes(judged: Iterable[StepJudgement]) -> dict[Outcome, int]:
    """Return how many steps are supported, contradicted and unjudged."""
    counts = Counter(step.outcome for step in judged)
    return {"supported": counts["supported"], "contradicted": counts["contradicted"], "unjudged": counts["unjudged"]}


def _judge(step: str, facts: _Facts, known: Sequence[float]) -> StepJudgement:
    calculated = _calculations(step, known)
    said = [_clause(clause, facts) for clause in clauses(CALL.sub(" ", step))]
    cites = tuple(dict.fromkeys(cite for _, ids in said for cite in ids))
    outcomes = [outcome for outcome, _ in said]
    if "contradicted" in [calculated, *outcomes]:
        return StepJudgement(text=step, outcome="contradicted", cites=cites)
    if calculated is not None:
        return StepJudgement(text=step, outcome=calculated, cites=cites)
    supported = bool(outcomes) and all(outcome == "supported" for outcome in outcomes)
    return StepJudgement(text=step, outcome="supported" if supported else "unjudged", cites=cites if supported else ())


def _calculations(step: str, known: Sequence[float]) -> Outcome | None:
    """Return what recomputing says about the calls in ``step``, or None if there are none."""
    values = list(known)
    outcomes: list[Outcome] = []
    for match in CALL.finditer(step):
        expression, value = match.groups()
        outcomes.append(_calculation(expression, value, values))
        values += numbers(value)
    if "contradicted" in outcomes:
        return "contradicted"
    return None if not outcomes else "unjudged" if "unjudged" in outcomes else "supported"


def _calculation(expression: str, value: str, known: Sequence[float]) -> Outcome:
    right = computed(expression)
    if right == "?":  # not arithmetic: a value for it is invented, a "?" is honest
        return "unjudged" if value.strip() == "?" else "contradicted"
    written = numbers(value)
    if len(written) != 1 or abs(written[0] - float(right)) > _TOLERANCE * abs(float(right)):
        return "contradicted"
    traced = all(any(_is_written(text, number) for number in known) for text in _CONSTANT.findall(expression))
    return "supported" if traced else "unjudged"


def _is_written(text: str, number: float) -> bool:
    """Return whether ``text`` is ``number`` itself or ``number`` rounded to at least one decimal."""
    decimals = len(text.partition(".")[2])
    return float(text) == abs(number) or (decimals > 0 and float(text) == round(abs(number), decimals))


def _clause(clause: Clause, facts: _Facts) -> tuple[Outcome, tuple[str, ...]]:
    shown = [facts.evidence[n - 1] for n in clause.cites if 1 <= n <= len(facts.evidence)]
    cites = tuple(cite for item in shown for cite in item.cites)
    if shown and len(shown) == len(clause.cites) and _repeats(clause.text, shown, facts.question):
        return "supported", cites
    said, triples = _graph(clause.text, facts)
    if said in ("supported", "contradicted"):
        return said, triples
    # the graph may hold the fact although the passage cited for it says another one
    if said != "linked" and any(_replaces(clause.text, item, facts.question) for item in shown):
        return "contradicted", cites
    return "unjudged", ()


def _repeats(text: str, shown: Sequence[Evidence], question: str) -> bool:
    """Return whether every content word of ``text`` is shown, in the order in which each item has them.

    A value of the question may stand after its name: ``weight 76 / height 193`` repeats ``weight / height``.
    """
    items = [_forms(content(item.text)) for item in shown]
    forms = _without_values(_forms(content(text)), {form for item in items for form in item}, _named_values(question))
    if not forms or any(form not in {f for item in items for f in item} for form in forms):
        return False
    if any(negated(text) != negated(item.text) for item in shown):
        return False
    return all(in_order([form for form in forms if form in item], item) for item in items)


def _without_values(forms: list[str], shown: set[str], values: set[tuple[str, str]]) -> list[str]:
    pairs = zip(["", *forms], forms, strict=False)
    return [form for before, form in pairs if form in shown or (before, form) not in values]


def _named_values(question: str) -> set[tuple[str, str]]:
    """Return (word, number) for each word of up to three that stand before a number: what the number may be called."""
    values: set[tuple[str, str]] = set()
    words: list[str] = []
    for token in content(question):
        if token.kind == "word":
            words.append(token.form)
            continue
        values |= {(word, token.form) for word in words[-3:]} if token.kind == "number" else set()
        words = []
    return values


def _replaces(text: str, item: Evidence, question: str) -> bool:
    """Return whether ``text`` is ``item`` with one other code or number where the item has its own."""
    said, shown = content(text), content(item.text)
    forms, have = _forms(said), _forms(shown)
    odd = [n for n, form in enumerate(forms) if form not in have]
    if len(odd) != 1 or negated(text) != negated(item.text):
        return False
    place = odd[0]
    other = said[place]
    if (
        other.kind == "word"
        or other.form in _forms(content(question))
        or place < 2
        or not in_order(forms[:place], have)
    ):
        return False
    after = have.index(forms[place - 1]) + 1
    return after < len(shown) and shown[after].kind == other.kind and shown[after].form not in forms


def _graph(text: str, facts: _Facts) -> tuple[Literal["supported", "contradicted", "linked", ""], tuple[str, ...]]:
    """Look up the one relation between the two entities ``text`` names; "linked": they are related somehow."""
    named = _entities(content(text), facts)
    if facts.knowledge is None or len(named) != 2 or negated(text):
        return "", ()
    (subject, token), (object_, _) = named
    links = [
        *facts.knowledge.facts(subject=subject, object=object_),
        *facts.knowledge.facts(subject=object_, object=subject),
    ]
    words = {item.form for item in content(text)}
    mine = [triple for triple in facts.knowledge.facts(subject=subject) if _words(triple.predicate) <= words]
    stated = [triple for triple in mine if triple.object == object_]
    if stated:
        return "supported", tuple(triple.id for triple in stated)
    if links:  # in the other direction or by another relation: the wording alone does not tell
        return "linked", ()
    in_evidence = any(token in _forms(content(item.text)) for item in facts.evidence)
    if mine and in_evidence and len({triple.predicate for triple in mine}) == 1:
        return "contradicted", tuple(triple.id for triple in mine)
    return "", ()


def _entities(tokens: Sequence[Token], facts: _Facts) -> list[tuple[str, str]]:
    """Return (CURIE, token form) of the distinct codes the graph knows, in order."""
    found: dict[str, str] = {}
    for token in tokens:
        if facts.knowledge is None or token.kind != "code":
            continue
        names = [token.text] if ":" in token.text else [f"{prefix}:{token.text}" for prefix in facts.prefixes]
        for name in names:
            if any(True for _ in facts.knowledge.facts(subject=name)) or any(
                True for _ in facts.knowledge.facts(object=name)
            ):
                found.setdefault(name, token.form)
    return list(found.items())


def _words(predicate: str) -> set[str]:
    """Return the content words of a predicate's local name: ``srm:codeFirst`` gives code and first."""
    local = predicate.rpartition(":")[2]
    return {token.form for token in content(re.sub(r"(?<=[a-z\d])(?=[A-Z])|[_-]", " ", local))} or {local.lower()}


def _forms(tokens: Sequence[Token]) -> list[str]:
    forms = [token.form for token in tokens]
    return [form for n, form in enumerate(forms) if n == 0 or form != forms[n - 1]]
