"""Questions reworded by a teacher, as an option of the mapping; each rewording is checked, and most doubts refuse it.

The gold stays what the query computes: a teacher words questions here and answers none. Where no rewording holds, the
template stays. Every problem that was to be reworded says in its tags what came of it, so refusals are counted.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from srm_core.distillation.cache import CachedModel
from srm_core.errors import ModelError
from srm_core.host import Host
from srm_core.protocols import Model
from srm_core.records import Message, Problem, Sampling, digest

from .mapping import Paraphrase
from .masking import Template
from .rewording import can_be_checked, refusal
from .wordings import LISTED, SEPARATOR

log = logging.getLogger(__name__)
TAG = "paraphrase"  # of problems that were to be reworded: `KEPT`, or why the template stayed
KEPT = "kept"
UNCHECKED = "the template names no relation, so nothing could be checked"
BATCH = 32  # questions that a teacher is asked together
TOKENS = 120  # of a rewording
_BUCKETS = 10_000
_SYSTEM = (
    "You reword questions. Keep every name, number and quoted phrase letter for letter, ask for exactly the same, and "
    "do not answer. Reply with the reworded question alone, on one line."
)


@dataclass(frozen=True)
class Posed:
    """A problem as its template words it, with what stands in the template's places."""

    problem: Problem
    names: Mapping[str, str]


@contextmanager
def teacher_of(settings: Paraphrase, cache: str) -> Iterator[Model]:
    """Yield the teacher; what it said once is kept in the folder ``cache``, if there is one, and not asked again.

    Raises:
        ModelError: no plugin knows the reference.
    """
    model = Host().load_model(settings.teacher)
    if not cache:
        yield model
        return
    name = f"{digest(settings.teacher)[:16]}.jsonl"
    with CachedModel(model, Path(cache) / "paraphrases" / name) as kept:
        yield kept


def reworded(
    posed: Iterable[Posed], settings: Paraphrase, teacher: Model, *, known: frozenset[str], seed: int
) -> Iterator[Problem]:
    """Yield every problem in order, those that are chosen with the first of their rewordings that holds.

    A problem is chosen by its id, ``settings.share`` of all. ``known`` are the names of all terms, as `spoken`.

    Raises:
        ModelError: the teacher gave another number of rewordings than it was asked for.
    """
    waiting: list[Posed] = []
    counts: Counter[str] = Counter()
    for each in posed:
        waiting.append(each)
        if len(waiting) == BATCH:
            yield from _batch(waiting, settings, teacher, known, seed, counts)
            waiting = []
    yield from _batch(waiting, settings, teacher, known, seed, counts)
    refused = sum(counts.values()) - counts[KEPT]
    if counts:
        why = "; ".join(f"{count}: {reason}" for reason, count in counts.most_common() if reason != KEPT)
        log.info("paraphrases: %d kept, %d refused%s", counts[KEPT], refused, f" ({why})" if why else "")


def template_of(each: Posed, known: frozenset[str]) -> Template:
    """Return what a rewording of the problem is compared with: its question without how a list is to be written."""
    problem = each.problem
    members = problem.answer.split(SEPARATOR)
    return Template(
        question=problem.question.removesuffix(LISTED).strip(),
        shape=problem.tags["shape"],
        names=each.names,
        answers=tuple(dict.fromkeys([problem.answer, *members, *problem.accept, *problem.choices])),
        known=known,
    )


def asking(template: Template) -> tuple[Message, ...]:
    """Return the conversation that asks a teacher for a rewording."""
    there = dict.fromkeys(value for value in template.names.values() if value in template.question)
    kept = ", ".join(f'"{value}"' for value in there)
    user = f"Question: {template.question}\nKeep exactly: {kept}"
    return Message(role="system", content=_SYSTEM), Message(role="user", content=user)


def _batch(
    waiting: Sequence[Posed],
    settings: Paraphrase,
    teacher: Model,
    known: frozenset[str],
    seed: int,
    counts: Counter[str],
) -> Iterator[Problem]:
    templates = {
        each.problem.id: template_of(each, known) for each in waiting if _chosen(each.problem.id, settings.share)
    }
    asked = {number: template for number, template in templates.items() if can_be_checked(template)}
    sampling = Sampling(
        n=settings.samples, max_tokens=TOKENS, temperature=settings.temperature, seed=seed, calculator=False
    )
    said = teacher.generate([asking(template) for template in asked.values()], sampling) if asked else []
    if len(said) != len(asked) or any(len(each) != settings.samples for each in said):
        raise ModelError(f"{teacher.ref} was asked to reword {len(asked)} questions and gave another number")
    offers = {number: [one.text for one in each] for number, each in zip(asked, said, strict=True)}
    for each in waiting:
        template = templates.get(each.problem.id)
        if template is None:
            yield each.problem
            continue
        question, came = _taken(template, offers.get(each.problem.id, []))
        counts[came] += 1
        yield _worded(each.problem, question, came)


def _taken(template: Template, offers: Sequence[str]) -> tuple[str, str]:
    """Return the first rewording that holds and `KEPT`; else "" and why the first was refused."""
    first = ""
    for offer in offers:
        text = offer.strip().removeprefix("Question:").strip().strip('"').strip()
        reason = refusal(template, text)
        if not reason:
            return text, KEPT
        first = first or reason
    return "", first or UNCHECKED


def _worded(problem: Problem, question: str, came: str) -> Problem:
    """Return the problem with another question, if there is one, and what came of it; all else is as it was."""
    fields = {name: getattr(problem, name) for name in Problem.model_fields if name not in ("id", "content")}
    fields["tags"] = {**problem.tags, TAG: came}
    if question:
        fields["question"] = f"{question} {LISTED}" if problem.question.endswith(LISTED) else question
    return Problem(**fields)


def _chosen(number: str, share: float) -> bool:
    """Say whether the problem of that id is among the share that is reworded."""
    return int(digest([TAG, number])[:8], 16) % _BUCKETS < share * _BUCKETS
