"""Surface forms of the gold: the same right answer as people and models write it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from srm_core.prompts import LETTERS
from srm_core.records import FormulaKey, Problem

from .cases import Case
from .numbers import rounded, with_unit, written
from .truth import (
    SAID,
    is_decision,
    is_literal,
    is_name,
    is_symbolic,
    loose,
    option_of,
    outside,
    plain_number,
    without_cites,
)
from .unit_names import spelled


def gold_forms(problem: Problem) -> list[Case]:
    """Return completions that give the right answer, each once; the prompt asks for a line ``Answer: ...``."""
    problem, cites = without_cites(problem)
    gold = problem.answer.strip()
    code = is_literal(gold) or problem.key.type == "tests"
    cases = [
        Case("plain", f"Answer: {gold}", "the gold"),
        Case("label", f"answer: {gold}", "the label in lower case"),
        Case("spaces", f"By the facts given.\n\n  Answer:   {gold}  \n", "the gold after words, with spaces"),
    ]
    if code:
        cases.append(Case("code", f"Answer: `{gold}`", "the gold marked as code"))
    else:
        cases.append(Case("bold", f"Answer: **{gold}**", "the gold in bold"))
        cases += [Case("cited", f"Answer: {gold} [1]", "the gold and the number of its evidence")] * (not cites)
    if not (code or cites or gold.endswith(".") or is_symbolic(gold) or (gold.isalpha() and gold.isupper())):
        cases.append(Case("full stop", f"Answer: {gold}.", "the gold as a sentence ends"))
    cases += [Case("accepted form", f"Answer: {form}", "an accepted form of the problem") for form in problem.accept]
    cases += [*_numbers(problem), *_options(problem), *_words(problem, gold)]
    forms = {case.text: case for case in cases}
    if not cites:
        return list(forms.values())
    accepted = {f"Answer: {form}" for form in problem.accept}
    return [case if text in accepted else replace(case, text=f"{text.rstrip()}{cites}") for text, case in forms.items()]


def arguable_forms(problem: Problem) -> Iterator[Case]:
    """Yield forms that people would take but the contract does not promise: measured, never counted as rejects."""
    gold = problem.answer.strip()
    yield Case("bold label", f"**Answer:** {gold}", "the label in bold")
    yield Case("next line", f"Answer:\n{gold}", "the answer on the line after its label")
    yield Case("boxed", f"Answer: \\boxed{{{gold}}}", "LaTeX around the answer")
    yield Case("sentence", f"Answer: The answer is {gold}.", "a sentence around the answer")
    yield Case("quoted", f'Answer: "{gold}"', "quotation marks around the answer")


def _numbers(problem: Problem) -> Iterator[Case]:
    gold = plain_number(problem.answer)
    key = problem.key
    if gold is None or not isinstance(key, FormulaKey):
        return
    value, unit = gold[0], key.unit
    digits = written(value, 9)
    more = f"{digits}0" if "." in digits else f"{digits}.0"
    if unit or key.low < key.high:  # 4.0 is not certainly a digit
        yield Case("decimals", f"Answer: {with_unit(more, unit)}", "one decimal more, a zero")
    for family, number in (("rounded", rounded(value, 3)), ("inside the band", _between(key, value))):
        if number != value and _inside(key, number):
            text = with_unit(written(number), unit)
            yield Case(family, f"Answer: {text}", f"inside the band [{key.low:g}, {key.high:g}]")
    if abs(value) >= 1000:
        whole, point, rest = digits.partition(".")
        text = with_unit(f"{int(whole):,}{point}{rest}", unit)
        yield Case("thousands", f"Answer: {text}", "a comma between thousands")
        yield Case("thousands", f"Answer: {with_unit(digits, unit)}", "no comma between thousands")
    if value < 0:
        yield Case("minus", f"Answer: {with_unit('−' + digits[1:], unit)}", "the minus sign of Unicode")
    if unit:
        if unit.casefold() in problem.question.casefold() and not _SCALES & set(unit.split()):
            yield Case("no unit", f"Answer: {digits}", "the unit the question asks for is left out")
        yield Case("hard space", f"Answer: {digits}\u00a0{unit}", "a space that does not break before the unit")
        for words in spelled(unit):
            yield Case("spelled unit", f"Answer: {digits} {words}", "the unit in words")


_SCALES = frozenset({"thousand", "million", "billion", "trillion"})  # a number without its scale may mean another one


def _between(key: FormulaKey, value: float) -> float:
    return rounded(value + 0.4 * (key.high - value), 5)


def _inside(key: FormulaKey, number: float) -> bool:
    return key.low <= number <= key.high and not outside(key, float(written(number)))


def _options(problem: Problem) -> Iterator[Case]:
    place = option_of(problem)
    if place is None or place >= len(LETTERS):
        return
    choice, letter = problem.choices[place], LETTERS[place]
    if sum(loose(each) == loose(choice) for each in problem.choices) == 1:
        yield Case("option's text", f"Answer: {choice}", "the text of the right option")
    if any(len(loose(each)) <= 1 for each in problem.choices):
        return  # a letter may be meant as the text of an option
    yield Case("letter", f"Answer: {letter}", "the letter of the right option")
    yield Case("letter", f"Answer: ({letter})", "the letter in brackets")
    yield Case("letter", f"Answer: {letter}.", "the letter as the prompt writes it")
    yield Case("letter", f"Answer: **{letter}**", "the letter in bold")
    yield Case("letter", f"Answer: {letter.lower()}", "the letter in lower case")
    yield Case("letter and text", f"Answer: {letter}. {choice}", "the option as the prompt writes it")
    yield Case("letter and text", f"Answer: {letter}) {choice}", "letter and text")


def _words(problem: Problem, gold: str) -> Iterator[Case]:
    accepted = {form.strip() for form in problem.accept}
    declared = any(form != gold and form.casefold() == gold.casefold() for form in accepted)
    said = gold.casefold() in SAID
    if declared or said or (is_name(gold) and not is_decision(problem) and not isinstance(problem.key, FormulaKey)):
        yield Case("lower case", f"Answer: {gold.lower()}", "case carries no meaning in words")
        yield Case("upper case", f"Answer: {gold.upper()}", "case carries no meaning in words")
    if said:
        yield Case("capital", f"Answer: {gold.capitalize()}.", "case carries no meaning in words")
