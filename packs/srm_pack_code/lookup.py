"""Rules for a free question, in the words the student was trained on: the operators, methods and phrases in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from srm_core.protocols import Knowledge
from srm_core.records import Evidence, Problem

from .rules import PREDICATE, rule_triple, rules

MOST = 6
# What in a question or its code calls for a rule; in this order.
_SIGNS: tuple[tuple[str, str], ...] = (
    (r"\+=", "plus_assign"),
    (r"-=", "minus_assign"),
    (r"\*=", "times_assign"),
    (r"//", "floordiv"),
    (r"\w %(?! ?[)}])", "mod"),
    (r"\*\*", "pow"),
    (r"range\(\w+\)", "range_n"),
    (r"range\(\w+, ", "range_ab"),
    (r"\belse:", "if_else"),
    (r"\bwhile ", "while"),
    (r"\bfor \w+ in (?!range)", "for"),
    (r"\[\d+:\d+\]", "slice_ab"),
    (r"\[\d+:\]", "slice_from"),
    (r"\[:\d+\]", "slice_to"),
    (r"\[::\d+\]", "slice_step"),
    (r"\[::-1\]", "slice_reverse"),
    (r"\[-\d+:\]", "slice_last"),
    (r"\[:-\d+\]", "slice_but_last"),
    (r"\w\[-\d+\]", "index_negative"),
    (r"\bsorted\(.*reverse=True", "sorted_reverse"),
    (r"\bsorted\((?!.*reverse)", "sorted"),
    (r"key=len", "key_len"),
    (r"key=abs", "key_abs"),
    (r"key=lambda \w: \w\[1\]", "key_second"),
    (r"key=lambda \w: \w\[-1\]", "key_last"),
    (r"key=lambda \w: \w %", "key_mod"),
    (r"key=lambda \w: -", "key_minus"),
    (r"(?<!\w)not (?!in\b)\w+ [<>=!]", "not"),
    (r"[\d\w] and (?:not )?\w+ [<>=!]", "and"),
    (r"\w or (?:not )?\w+ [<>=!]", "or"),
    (r"= \w+ \+ [a-z]", "concat"),
    (r"\.pop\(\)", "pop"),
    (r"\.pop\(\d", "pop_i"),
    (r"\.pop\('", "dict_pop"),
    (r"del \w+\[\d", "del_i"),
    (r"; \w+\[\d+\] = ", "set_i"),
    (r"= \w+ \+ \[", "list_plus"),
    (r"; \w+\['\w+'\] = ", "dict_set"),
    (r"del \w+\['", "del_k"),
    (r"\blist\(\w+\)", "dict_list"),
    (r"\blist\(\w+\.values", "dict_values"),
    (r"'\w+' in \w+ ?(?:[?.]|;|at|after|has|as|when|the)", "dict_in"),
    (r"\blen\(\w+\)", "dict_len"),
    (r"\{\w+:0\dd\}", "fmt_zeros"),
    (r"\{\w+:\.\df\}", "fmt_fixed"),
    (r"\{\w+:>\d", "fmt_right"),
    (r"\{\w+:\*<\d", "fmt_left_fill"),
    (r"\{\w+:-\^\d", "fmt_center"),
    (r"\{\w+:,\}", "fmt_comma"),
    (r"\{\w+:x\}", "fmt_hex"),
    (r"\{\w+:b\}", "fmt_binary"),
    (r"\{\w+:\.\d%\}", "fmt_percent"),
    (r"\{\w+:\+d\}", "fmt_sign"),
    (r"exception.*[/%] \(", "ZeroDivisionError"),
    (r"exception.*\[\d+\]$", "IndexError"),
    (r"exception.*\['\w+'\]$", "KeyError"),
    (r"exception.*(?:int\(|\.index\(|\.remove\()", "ValueError"),
    (r"exception.*\w \+ ", "TypeError"),
    (r"exception.*\.(?:append|upper)\(", "AttributeError"),
    (r"exception.*next\(", "StopIteration"),
    (r"exception.*assert ", "AssertionError"),
    (r"exception.*= \w+ \* ", "NameError"),
)
_METHOD = re.compile(r"\.(?!pop)(\w+)\(")


def evidence_for(problem: Problem, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield at most six rules that the question calls for; the gold is never read."""
    known = {fact.subject for fact in knowledge.facts(predicate=PREDICATE)}
    for name in list(dict.fromkeys(_called_for(problem.question)))[:MOST]:
        triple = rule_triple(name)
        if triple.subject in known:
            yield Evidence(text=f"{triple.object}.", cites=(triple.id,))


def _called_for(question: str) -> Iterator[str]:
    flat = question.replace("\n", " ; ")
    for phrase, name in _phrases():
        if phrase in question:
            yield name
    for method in _METHOD.findall(question):
        yield from (each for each in (method, f"dict_{method}") if each in rules())
    for sign, name in _SIGNS:
        if re.search(sign, flat):
            yield name


@cache
def _phrases() -> list[tuple[str, str]]:
    """Return the phrases of small tasks, the longest first."""
    from .specs import phrase_rules

    found = [(name.partition(":")[2], name) for name in phrase_rules()]
    return sorted(found, key=lambda pair: -len(pair[0]))
