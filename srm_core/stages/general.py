"""General ability of base and student on the same items, by the likelihood of the choices; part of stage evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..general.items import SUITE, asked, general_items, probabilities
from ..prompts import LETTERS
from ..protocols import Scorer
from ..records import Attempt, Completion, Problem, Reward, Sampling, Score, Verdict
from ..reports.general import DECODING, PROBABILITY, probability_scores
from ..reports.scoring import Graded, scores_of
from ..store import read_records, write_records
from .context import Context
from .students import Students

BASE = "base-zero"


def general_scores(context: Context, out: Path, students: Students) -> list[Score]:
    """Return the scores of ``evaluate.general`` items, kept in ``general.jsonl``; a finished model is not asked again.

    Of each model accuracy (the likeliest choice is right) and the mean probability of the right choice, by kind and
    over all items, and the student's paired difference from the base. A model that cannot score gives none.
    """
    items = general_items(context.config.evaluate.general)
    attempts: list[Attempt] = []
    if not items:
        return []
    for arm in (BASE, students.final):
        kept = out / f"general-{arm}.cache"
        if not kept.exists():
            model = students.base() if arm == BASE else students.student(arm)
            found = _ask(context, model, model.ref, arm, items) if isinstance(model, Scorer) else []
            if not found:
                return []
            write_records(kept, found)
        attempts += read_records(kept, Attempt)
    write_records(out / "general-items.jsonl", items)
    write_records(out / "general.jsonl", attempts)
    by_id = {item.id: item for item in items}
    graded = [Graded(SUITE, DECODING, by_id[attempt.problem], attempt, None) for attempt in attempts]
    seed = context.config.seed
    return [
        *scores_of(graded, {}, final=students.final, seed=seed),
        *probability_scores(graded, base=BASE, final=students.final, seed=seed),
    ]


def _ask(context: Context, model: Scorer, ref: str, arm: str, items: Sequence[Problem]) -> list[Attempt]:
    size = max(1, context.config.evaluate.batch // 4)
    attempts: list[Attempt] = []
    for start in range(0, len(items), size):
        batch = items[start : start + size]
        pairs = [(asked(item), choice) for item in batch for choice in item.choices]
        given = model.score([talk for talk, _ in pairs], [choice for _, choice in pairs])
        if given is None:
            return []
        summed = iter(sum(tokens) for tokens in given)
        attempts += [_attempt(ref, arm, item, [next(summed) for _ in item.choices]) for item in batch]
        context.progress(f"evaluate: {SUITE}, {arm}", min(start + size, len(items)), len(items))
    return attempts


def _attempt(ref: str, arm: str, item: Problem, summed: Sequence[float]) -> Attempt:
    shares = probabilities(summed)
    chosen = max(range(len(shares)), key=shares.__getitem__)
    right = LETTERS.index(item.answer)
    return Attempt(
        parents=(item.id,),
        problem=item.id,
        model=ref,
        arm=arm,
        sampling=Sampling(),
        completion=Completion(text=item.choices[chosen], finished=True, tokens=0, logprobs=(summed[chosen],)),
        verdict=Verdict(correct=chosen == right),
        rewards=(Reward(name=PROBABILITY, value=shares[right]),),
    )
