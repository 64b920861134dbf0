"""Independent graders: the libraries of the field, or another route, and a number reader of their own.

Nothing here is shared with the gold functions, the worked solutions or `srm_pack_finance.verify`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from srm_core.formulas.reading import plain_tokens
from srm_core.records import ChoiceKey, FormulaKey, GraphKey, Problem, Trace, Verdict

from . import second_identifiers as ids
from .problems.kinds import CALCULATED

_POWERS = {"thousand": 3, "million": 6, "billion": 9}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def second_opinion(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the second grader's verdict, or None for kinds that have none."""
    answer = trace.answer
    if answer is None:
        return None
    grader = _GRADERS.get(problem.kind)
    if grader is not None:
        return _verdict(grader(problem, answer))
    if problem.kind in _RECOMPUTED and isinstance(problem.key, FormulaKey):
        value = _RECOMPUTED[problem.kind](problem, problem.key)
        return _verdict(_near(answer, problem.key, value))
    return None


def _verdict(correct: bool) -> Verdict:
    return Verdict(correct=correct, reason="" if correct else "the second grader disagrees")


def _near(answer: str, key: FormulaKey, value: float) -> bool:
    """Say whether the one number of ``answer`` is ``value``, within the width of the key's band around it."""
    numbers, words = plain_tokens(re.sub(r"[$€£()]", " ", answer.replace("bp", " bp ")))
    if len(numbers) != 1:
        return False
    wanted = [word for word in key.unit.split() if word in _POWERS]
    stated = [word for word in words if word in _POWERS]
    if wanted and not stated:
        return False
    power = sum(_POWERS[word] for word in stated) - sum(_POWERS[word] for word in wanted)
    negative = re.search(r"\(\s*[$€£]?\s*[\d.,]+", answer) is not None
    number = float((-abs(numbers[0]) if negative else numbers[0]) * Decimal(10) ** power)
    if words & {"%", "bp", "years", "days", "eur", "gbp"} - {word.casefold() for word in key.unit.split()}:
        return False
    width = (key.high - key.low) / 2 + 1e-7 * max(1.0, abs(value))
    return abs(number - value) <= width


def _calculated(problem: Problem, key: FormulaKey) -> float:
    from .second_formulas import recomputed

    return recomputed(key.formula, {name: value for name, value in key.inputs.items() if isinstance(value, float)})


def _from_evidence(problem: Problem, key: FormulaKey) -> float:
    from .second_statements import from_evidence

    return from_evidence(problem.question, [item.text for item in problem.evidence], key.formula)


def _counted(problem: Problem, key: FormulaKey) -> float:
    from .second_dates import quantlib_days

    return quantlib_days(key.formula, str(key.inputs["start"]), str(key.inputs["end"]))


def _accrued(problem: Problem, key: FormulaKey) -> float:
    from .second_dates import accrued

    return accrued(key.formula.removeprefix("accrued_"), str(key.inputs["start"]), str(key.inputs["end"]),
                   float(key.inputs["face"]), float(key.inputs["coupon"]))  # fmt: skip


def _minor(problem: Problem, key: FormulaKey) -> float:
    from iso4217 import Currency

    factor = Decimal(10) ** int(Currency(str(key.inputs["currency"])).exponent or 0)
    amount = Decimal(repr(key.inputs["amount"]))
    return float(amount * factor if key.formula == "to_minor" else amount / factor)


def _series(problem: Problem, key: FormulaKey) -> float:
    import numpy as np

    shown = [found for item in problem.evidence if (found := re.search(r"closed at ([\d.]+) on (\S+?)\.?$", item.text))]
    closes = np.array([float(found[1]) for found in sorted(shown, key=lambda found: found[2])])
    if key.formula == "series_return":
        return float(100 * np.expm1(np.log(closes[-1]) - np.log(closes[0])))
    return float(100 - 100 * closes[-1] / closes.max()) if key.formula == "series_drop" else float(closes.mean())


def _bare(answer: str) -> str:
    return re.sub(r"[\s.*-]", "", answer).upper()


def _luhn(problem: Problem, answer: str) -> bool:
    payload = _payload(problem)
    said = _bare(answer)
    return len(said) in (1, len(payload) + 1) and said.isdigit() and _completes(payload, said, ids.luhn_sum)


def _isin(problem: Problem, answer: str) -> bool:
    payload, said = _payload(problem), _bare(answer)
    return len(said) in (1, 12) and said[-1:].isdigit() and _completes(payload, said, ids.isin_sum)


def _completes(payload: str, said: str, total: Callable[[str], int]) -> bool:
    whole = said if len(said) > 1 else payload + said
    return whole.startswith(payload) and total(whole) % 10 == 0


def _payload(problem: Problem) -> str:
    return str(problem.key.inputs["payload"]) if isinstance(problem.key, FormulaKey) else ""


def _iban(problem: Problem, answer: str) -> bool:
    if not isinstance(problem.key, FormulaKey):
        return False
    country, account = str(problem.key.inputs["country"]), str(problem.key.inputs["account"])
    said = _bare(answer)
    whole = f"{country}{said}{account}" if re.fullmatch(r"\d\d", said) else said
    fits = whole.startswith(country) and whole.endswith(account) and len(whole) == len(account) + 4
    return fits and whole.isalnum() and ids.iban_remainder(whole) == 1


def _passes(problem: Problem, answer: str) -> bool:
    number = re.search(r"\d{8,}", problem.question)
    letter = {"A": "VALID", "B": "INVALID"}.get(_bare(answer), _bare(answer))
    if number is None or not isinstance(problem.key, ChoiceKey):
        return False
    return letter == ("VALID" if ids.luhn_sum(number.group()) % 10 == 0 else "INVALID")


def _settles(problem: Problem, answer: str) -> bool:
    from .second_dates import settlement

    if not isinstance(problem.key, GraphKey):
        return False
    code, _, day = problem.key.bindings["day"].partition(":")[2].partition(".")
    said = _DATE.findall(answer)
    return len(said) == 1 and said[0] == settlement(code, day, problem.key.query.count("nextSession"))


def _currency(problem: Problem, answer: str) -> bool:
    from .second_tables import currency_answer

    return answer.strip(" .*") == currency_answer(problem.question)


_GRADERS: dict[str, Callable[[Problem, str], bool]] = {
    "luhn_digit": _luhn,
    "luhn_valid": _passes,
    "isin_digit": _isin,
    "iban_digits": _iban,
    "settlement_date": _settles,
    "currency_code": _currency,
}
_RECOMPUTED: dict[str, Callable[[Problem, FormulaKey], float]] = {
    **{kind.name: _calculated for kind in CALCULATED},
    **dict.fromkeys(("statement_ratio", "percent_change", "accounting_identity"), _from_evidence),
    "day_count": _counted,
    "accrued_interest": _accrued,
    "minor_units": _minor,
    "price_series": _series,
}
