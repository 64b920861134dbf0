"""How a calculator problem is asked: lists of findings, several wordings, and short vignettes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from srm_core.calculator import format_number
from srm_core.formulas.formula import Formula, Input, Inputs, sentence

Shown = Mapping[str, tuple[float, str]]  # inputs given in another unit: value and unit as written

_ARITHMETIC = (
    "Calculate the {title}{unit}. Given: {facts}.",
    "What is the {title}{unit} of a patient with {facts}?",
    "A patient has {facts}. What is the {title}{unit}?",
    "{Facts}. Work out the {title}{unit}.",
    "Find the {title}{unit} from these values: {facts}.",
)
_SCORES = (
    "Work out the {title}. Findings: {facts}.{rest}",
    "What is the {title} of a patient with {facts}?{rest}",
    "A patient has {facts}.{rest} What is the {title}?",
    "{Facts}.{rest} How many points is the {title}?",
)
_CONVERSIONS = (
    "Convert {title} {value} to {to}.",
    "The laboratory reports {title} {value}. What is that in {to}?",
    "{Title}: {value}. Give it in {to}.",
    "How much is {title} of {value} when written in {to}?",
    "A chart lists {title} as {value}; the study form asks for {to}. What should be entered?",
)
_SETTINGS = (
    "is seen in the emergency department",
    "is admitted to the ward",
    "comes to the clinic",
    "is reviewed on rounds",
    "is referred by a general practitioner",
    "is assessed before surgery",
)
_PERSON = {"female": "woman", "male": "man"}
_POSSESSIVE = {"female": "her", "male": "his"}


@dataclass(frozen=True)
class Asked:
    """The words of a question and the people it is about."""

    question: str
    groups: dict[str, str]


def ask(formula: Formula, inputs: Inputs, rng: Random, shown: Shown) -> Asked:
    """Return a question about ``inputs`` in one of several wordings; every third is a vignette about an adult."""
    if formula.family == "conversion":
        return Asked(_conversion(formula, inputs, rng), {})
    if formula.adult and rng.random() < 0.35:
        return _vignette(formula, inputs, rng, shown)
    listed = _listed(formula, inputs, rng, shown, leave_out=())
    wording = rng.choice(_SCORES if formula.family == "score" else _ARITHMETIC)
    question = wording.format(
        title=formula.title, unit=_in_unit(formula), facts=listed, Facts=sentence(listed), rest=_rest(formula, inputs)
    )
    return Asked(question, _groups(inputs.get("sex"), inputs.get("age")))


def _conversion(formula: Formula, inputs: Inputs, rng: Random) -> str:
    source = formula.inputs[0]
    value = f"{format_number(float(inputs[source.name]))} {source.unit}"
    wording = rng.choice(_CONVERSIONS)
    return wording.format(title=formula.title, Title=sentence(formula.title), value=value, to=formula.unit)


def _vignette(formula: Formula, inputs: Inputs, rng: Random, shown: Shown) -> Asked:
    sex = str(inputs.get("sex", rng.choice(tuple(_PERSON))))
    age = float(inputs.get("age", float(rng.randint(18, 90))))
    listed = _listed(formula, inputs, rng, shown, leave_out=("sex", "age"))
    findings = f" Findings: {listed}." if listed else ""
    years = format_number(age)
    article = "An" if years.startswith(("8", "11", "18")) else "A"
    question = (
        f"{article} {years}-year-old {_PERSON[sex]} {rng.choice(_SETTINGS)}.{findings}{_rest(formula, inputs)} "
        f"What is {_POSSESSIVE[sex]} {formula.title}{_in_unit(formula)}?"
    )
    return Asked(question, _groups(sex, age))


def _groups(sex: float | str | None, age: float | str | None) -> dict[str, str]:
    groups = {"sex": str(sex)} if sex is not None else {}
    return {**groups, "age": format_number(float(age))} if age is not None else groups


def _in_unit(formula: Formula) -> str:
    return f" in {formula.unit}" if formula.unit and formula.family == "arithmetic" else ""


def _rest(formula: Formula, inputs: Inputs) -> str:
    unsaid = any(source.kind == "flag" and source.name not in inputs for source in formula.inputs)
    return " Findings not named are absent." if unsaid else ""


def _listed(formula: Formula, inputs: Inputs, rng: Random, shown: Shown, *, leave_out: tuple[str, ...]) -> str:
    said = [source for source in formula.inputs if source.name in inputs and source.name not in leave_out]
    if not any(source.optional for source in said):
        rng.shuffle(said)
    return ", ".join(_finding(source, inputs[source.name], shown) for source in said)


def _finding(source: Input, value: float | str, shown: Shown) -> str:
    if source.kind == "flag":
        return source.label if value == "yes" else source.absent
    if isinstance(value, str):
        return f"{source.label} {value}"
    number, unit = shown.get(source.name, (value, source.unit))
    return f"{source.label} {format_number(number)} {unit}".rstrip()
