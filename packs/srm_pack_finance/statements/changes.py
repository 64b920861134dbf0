"""Formulas that compare two years of one line, each with a gold function of its own.

Text: Penman, Financial Statement Analysis and Security Valuation, chapter 10 (trend analysis).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from srm_core.formulas.formula import Formula, Input, Inputs, plain

from .ratios import AMOUNT

_TEXT = "Penman, Financial Statement Analysis and Security Valuation, chapter 10"
_NEW, _OLD = Input("new", "new"), Input("old", "old")


def _of(
    name: str, title: str, unit: str, statement: str, template: str, *, held_out: bool = False, tolerance: float = 0.005
) -> Formula:
    return plain(name, title, unit, (_NEW, _OLD), statement, template, _TEXT, tolerance=tolerance, core=True,
                 held_out=held_out)  # fmt: skip


CHANGES = (
    _of("percent_change", "percent change", "%", "100 * (new - old) / old", "100*({new}-{old})/{old}"),
    _of("change", "change", AMOUNT, "new - old", "{new}-{old}", tolerance=1e-4),
    _of("average", "average", AMOUNT, "(new + old) / 2", "({new}+{old})/2", tolerance=1e-4),
    _of("growth_rate", "compound growth rate over two years", "%", "100 * (sqrt(new / old) - 1)",
        "100*(sqrt({new}/{old})-1)", held_out=True),
)  # fmt: skip
QUESTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "percent_change": (
        "What is the percent change of {company}'s {line} from {old} to {new}?",
        "By how many percent did {company}'s {line} change between {old} and {new}?",
        "{company}: percentage change in {line}, {old} to {new}?",
        "Compute the change in percent of {line} at {company} from {old} to {new}.",
    ),
    "change": (
        "By how much did {company}'s {line} change from {old} to {new}? State the scale.",
        "What is the change in {company}'s {line} between {old} and {new}, with its scale?",
        "{company}: change in {line}, {old} to {new}? Give the scale too.",
        "Compute the change of {line} at {company} from {old} to {new}, scale included.",
    ),
    "average": (
        "What is the average of {company}'s {line} in {old} and {new}? State the scale.",
        "Average {line} of {company} over {old} and {new}, with its scale?",
        "{company}: mean {line} of {old} and {new}? Give the scale too.",
        "Compute the average {line} at {company} for {old} and {new}, scale included.",
    ),
    "growth_rate": (
        "What is the compound growth rate of {company}'s {line} over the two years from {old} to {new}?",
        "At which compound yearly rate did {company}'s {line} grow from {old} to {new}?",
        "{company}: compound growth rate of {line}, {old} to {new}?",
        "Compute the compound growth rate over two years of {line} at {company}, {old} to {new}.",
    ),
})  # fmt: skip
VALUES: Mapping[str, Callable[[Inputs], float]] = MappingProxyType({
    "percent_change": lambda v: (float(v["new"]) / float(v["old"]) - 1) * 100,
    "change": lambda v: (round(float(v["new"]) * 10) - round(float(v["old"]) * 10)) / 10,
    "average": lambda v: (round(float(v["new"]) * 10) + round(float(v["old"]) * 10)) / 20,
    "growth_rate": lambda v: ((float(v["new"]) / float(v["old"])) ** 0.5 - 1) * 100,
})  # fmt: skip
