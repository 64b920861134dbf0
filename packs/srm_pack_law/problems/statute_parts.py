"""Title, section or subsection of a citation of the U.S. Code or the Code of Federal Regulations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from srm_core.composing import compose, literal, places, rng_for
from srm_core.records import Kind, Problem
from srm_pack_law.people import party
from srm_pack_law.provisions import CFR_FORM, USC_FORM

KIND = Kind(
    name="statute_parts",
    title="title, section or subsection of a statute citation",
    book="formula",
    anchor="the citation",
    shared="the two lines that state the form of a citation",
    core=True,
    second_grader="citeurl's tokens of the citation in the question",
)
QUESTIONS = (
    "Which {part} does {cite} name?",
    "{party} relies on {cite}. Which {part} is that?",
    "Read the {part} from {cite}.",
    "Counsel for {party} cites {cite}. What is the {part}?",
    "{cite}: which {part}?",
)
SECTIONS = ("1983", "1331", "1332", "1291", "552a", "2000e-5", "300aa-1", "1692e", "77z-1", "78u-4", "1396r-8")
PATTERN = r"^(\\S+) .*§ ([^(]+)(\\(.*)?$"
GROUP = {"title": 1, "section": 2, "subsection": 3, "paragraph": 3}
QUERY = 'SELECT ?answer WHERE {{ $form srm:provision ?text BIND(REPLACE({cite}, "{pattern}", "${group}") AS ?answer) }}'


@dataclass(frozen=True)
class Citation:
    """A citation and its parts; ``inner`` is empty or in brackets."""

    title: str
    code: str
    section: str
    inner: str

    @property
    def text(self) -> str:
        """Return it as written."""
        return f"{self.title} {self.code} § {self.section}{self.inner}"


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems without end; each citation is asked about once."""
    rng = rng_for(seed, KIND.name)
    seen: set[str] = set()
    while True:
        citation = _draw(rng)
        if citation.text not in seen:
            seen.add(citation.text)
            yield _problem(citation, rng)


def _draw(rng: Random) -> Citation:
    inner = "".join(f"({rng.choice(level)})" for level in ("abcdefgh", "123456", "AB")[: rng.choice((0, 1, 1, 2, 3))])
    if rng.random() < 0.5:
        section = rng.choice(SECTIONS) if rng.random() < 0.4 else str(rng.randint(1, 9999))
        return Citation(str(rng.randint(1, 52)), "U.S.C.", section, inner)
    section = f"{rng.randint(1, 1999)}.{rng.randint(1, 999)}"
    return Citation(str(rng.randint(1, 50)), "C.F.R.", section, inner)


def _problem(citation: Citation, rng: Random) -> Problem:
    federal = citation.code == "U.S.C."
    inner = "subsection" if federal else "paragraph"
    parts = ["title", "section", "section", *([inner, inner] if citation.inner else [])]
    part = rng.choice(parts)
    said = {"title": citation.title, "section": citation.section, inner: citation.inner}
    form, other = (USC_FORM, CFR_FORM) if federal else (CFR_FORM, USC_FORM)
    problem = compose(
        kind=KIND.name,
        rng=rng,
        questions=QUESTIONS,
        names={"part": part, "cite": citation.text, "party": party(rng)},
        answer=said[part],
        anchor=citation.text,
        needed=[],
        distractors=[form.fact, other.fact],
        query=QUERY.format(cite=literal(citation.text), pattern=PATTERN, group=GROUP[part]),
        bindings={"form": form.triple.subject},
    )
    place = places(problem)[form.text]
    read = ", ".join(f"{name} {value}" for name, value in said.items() if value)
    solution = f"{citation.text} [{place}]: {read}.\nAnswer: {said[part]}"
    return problem.revised(solution=solution, facts=form.fact.cites, parents=form.fact.cites)
