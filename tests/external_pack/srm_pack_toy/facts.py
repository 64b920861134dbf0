"""The pack's domain: numbers, their doubles, and the evidence for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, Field

from srm_core import Document, Evidence, Kind, Pack, Source, Triple
from srm_core.config import PackConfig
from srm_core.protocols import Knowledge
from srm_core.records import Remark

SOURCE = Source(name="arithmetic", licence="CC0-1.0")
KINDS = ("double", "add")


class Settings(BaseModel):
    """The pack's own settings."""

    largest: int = Field(default=200, ge=10)  # numbers from 0 to this one


PACK = Pack(
    name="toy",
    title="Doubling",
    version="0.1.0",
    intended_use="trying out and testing the SDK",
    out_of_scope="everything else",
    system_prompt="Work it out, then end with a line 'Answer: ' and the number.",
    kinds=(
        Kind(
            name="double",
            title="Doubling",
            book="open",
            anchor="the number doubled",
            shared="what doubling is",
            core=True,
            second_grader="the question's words",
        ),
        Kind(
            name="add",
            title="Adding",
            book="formula",
            anchor="the two numbers, in any order",
            shared="what adding is",
            second_grader="the question's words",
        ),
    ),
    attributes=("name",),
    settings=Settings,
)


def largest(config: PackConfig) -> int:
    """Return the largest number of the domain."""
    return Settings.model_validate(config.own).largest


def documents(largest: int, count: int) -> Iterator[Document]:
    """Yield at most ``count`` sentences."""
    for number in range(min(count, largest + 1)):
        yield Document(text=f"The double of {number} is {2 * number}.", title=f"Number {number}", source=SOURCE)


def without_false(documents: Iterable[Document]) -> Iterator[Document | Remark]:
    """Yield each document, or a remark in its place if it says that a double is what it is not."""
    for document in documents:
        said = re.findall(r"double of (\d+) is (\d+)", document.text)
        wrong = next((number for number, double in said if 2 * int(number) != int(double)), None)
        if wrong is None:
            yield document
        else:
            reason = f"the double of {wrong} is wrong"
            yield Remark(document=document.id, path=document.path, action="filtered", reason=reason)


def triples(largest: int) -> Iterator[Triple]:
    """Yield the double of each number up to ``largest``."""
    for number in range(largest + 1):
        yield Triple(
            subject=f"toy:{number}",
            predicate="toy:double",
            object=str(2 * number),
            datatype="xsd:integer",
            source=SOURCE,
        )


def evidence(question: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the double of each number in ``question``."""
    for number in re.findall(r"\d+", question):
        for fact in knowledge.facts(f"toy:{number}", "toy:double"):
            yield as_evidence(fact)


def as_evidence(fact: Triple) -> Evidence:
    """Return a fact in words."""
    return Evidence(text=f"The double of {fact.subject.removeprefix('toy:')} is {fact.object}.", cites=(fact.id,))
