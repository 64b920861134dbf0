"""Which kinds the pack has, how each is made, and what an answer to it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from srm_core.records import Kind, Problem

from . import (
    boolean_expression,
    dict_method,
    exception_name,
    fill_in_the_middle,
    format_spec,
    list_method,
    loop_trace,
    predict_output,
    repair,
    slice_result,
    sorting_key,
    str_method,
    trace_values,
    write_function,
)

MODULES = (
    predict_output,
    loop_trace,
    trace_values,
    slice_result,
    str_method,
    list_method,
    dict_method,
    boolean_expression,
    format_spec,
    sorting_key,
    exception_name,
    repair,
    fill_in_the_middle,
    write_function,
)
OWN: tuple[Kind, ...] = tuple(module.KIND for module in MODULES)
GENERATORS: Mapping[str, Callable[[int], Iterator[Problem]]] = {module.KIND.name: module.generate for module in MODULES}
MBPP = ("mbpp", "mbpp-sanitized")  # suites, graded like written functions
ANSWER_IS: Mapping[str, str] = {
    **{kind.name: "value" for kind in OWN},
    predict_output.KIND.name: "printed",
    exception_name.KIND.name: "name",
    repair.KIND.name: "numbered line",
    fill_in_the_middle.KIND.name: "line",
    write_function.KIND.name: "program",
    **dict.fromkeys(MBPP, "program"),
}
CODE_KINDS = frozenset(name for name, answer in ANSWER_IS.items() if answer in ("numbered line", "line", "program"))


def all_kinds() -> tuple[Kind, ...]:
    """Return the pack's kinds: its own, and those that the knowledge plugin makes from a corpus."""
    try:
        from srm_knowledge.problems import KINDS as CORPUS_KINDS
    except ImportError:
        return OWN
    return (*OWN, *CORPUS_KINDS)
