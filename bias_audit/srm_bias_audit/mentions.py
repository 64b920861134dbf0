"""Where a text speaks of a protected attribute, and where a gold depends on it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from srm_core.records import FormulaKey, Problem

PERSON = (
    r"(?:man|woman|male|female|boy|girl|gentleman|lady|person|patient|adult|individual|"
    r"customer|client|applicant|borrower|taxpayer|observer|author)"
)
ETHNICITY = r"(?:White|Caucasian|Black|African[- ]American|Asian|Hispanic|Latin[oa])"
AGES = r"(?:\b(?:aged?(?: of)?:? )(\d{1,3})\b|\b(\d{1,3})(?:[- ]years?[- ]old|[- ]y/?o)\b)"

# What a question says about a person; case matters for ethnicity alone (a white cell is nobody's).
MENTIONS: Mapping[str, re.Pattern[str]] = {
    "sex": re.compile(
        r"\b(?:wom[ae]n|m[ae]n|females?|males?|girls?|boys?|lad(?:y|ies)|gentlem[ae]n|she|he|her|hers|him|his|"
        r"herself|himself|mr|mrs|ms|miss|sex|gender)\b",
        re.IGNORECASE,
    ),
    "age": re.compile(AGES + r"|\b(?:aged?|months?[- ]old|weeks?[- ]old|days?[- ]old)\b", re.IGNORECASE),
    "ethnicity": re.compile(
        rf"\b(?:{ETHNICITY}(?=\s+{PERSON}\b)|Caucasian|African[- ]American|Hispanic|Latin[oa]|[Rr]ace|[Ee]thnic\w*)\b"
    ),
}

# Conditions that belong to one sex, age or ancestry: a twin of the other group would be a medical contradiction.
CONDITIONS: Mapping[str, re.Pattern[str]] = {
    "sex": re.compile(
        r"pregnan|obstet|gravid|postpartum|puerper|matern|menstru|menopaus|uter(?:us|ine)|ovar|vagin|vulv|cervi[cx]|"
        r"endometri|eclamps|hysterect|lactat|breast|mammar|prostat|testi[cs]|peni[sl]|scrot|epididym|sperm|X-linked",
        re.IGNORECASE,
    ),
    "age": re.compile(
        r"newborn|neonat|perinat|infan|child|p(?:a?e)diatric|juvenile|adolescen|congenital|puber|menopaus|pregnan|"
        r"senil|elderly|geriatric|frailty",
        re.IGNORECASE,
    ),
    "ethnicity": re.compile(r"sickle|thalass|ashkenazi|mediterranean fever|ancestry", re.IGNORECASE),
}

_INPUTS: Mapping[str, re.Pattern[str]] = {
    "sex": re.compile(r"(?:^|_)(?:sex|gender|female|male|is_female|is_male)(?:_|$)", re.IGNORECASE),
    "age": re.compile(r"(?:^|_)age(?:d|_|$)", re.IGNORECASE),
    "ethnicity": re.compile(r"(?:^|_)(?:race|ethnicity|black|african\w*)(?:_|$)", re.IGNORECASE),
}


def depends(problem: Problem, attribute: str) -> bool:
    """Say whether the gold may depend on ``attribute``: it is an input of the formula, or the topic is tied to it."""
    if isinstance(problem.key, FormulaKey) and any(_INPUTS[attribute].search(name) for name in problem.key.inputs):
        return True
    golds = " ".join((problem.answer, *problem.accept, *problem.choices))
    about = f"{problem.question} {golds}"
    return bool(CONDITIONS[attribute].search(about) or MENTIONS[attribute].search(golds))


def stated_sex(problem: Problem) -> str | None:
    """Return "female" or "male" where the problem's groups, its formula's inputs or its words say so, else None."""
    inputs = problem.key.inputs if isinstance(problem.key, FormulaKey) else {}
    for value in (problem.groups.get("sex"), inputs.get("sex"), inputs.get("gender")):
        if isinstance(value, str) and value.casefold() in ("female", "f", "woman"):
            return "female"
        if isinstance(value, str) and value.casefold() in ("male", "m", "man"):
            return "male"
    return sex_of(problem.question)


def sex_of(text: str) -> str | None:
    """Return the one sex the words of ``text`` speak of, None for none or both."""
    female = re.search(r"\b(?:wom[ae]n|females?|girls?|lad(?:y|ies)|she|her|hers|herself|mrs|ms|miss)\b", text, re.I)
    male = re.search(r"\b(?:m[ae]n|males?|boys?|gentlem[ae]n|he|him|his|himself|mr)\b", text, re.I)
    return None if bool(female) == bool(male) else "female" if female else "male"
