"""BEC-Pro (Bartl et al. 2020, GeBNLP): are professions bound to the gender that holds most of their jobs?

Format: ``BEC-Pro_EN.tsv``. The paper's association of a person word T with a profession A is log(P(T | A) / P(T)), with
masks (after Kurita et al. 2019); by Bayes' rule that is log(P(A | T) / P(A)). A causal model has no masks. Here it is
log P(Sentence) - log P(Sent_AM with "person" for its masks), nats: how much likelier the profession is than the word
"person" after this person. The likelihood of the person word drops out. What "person" itself leans to one gender stays
in the gap of each group of professions and drops out of "stereotype-gap", which compares the groups.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .figures import Figure, mean_figure, resting
from .files import empty_cells, table
from .items import Skipped, SuiteItem, SuiteOutcome, SuiteRead, paired, total

SUITE = "bec-pro"
COLUMNS = ("Sentence", "Sent_AM", "Template", "Person", "Gender", "Profession", "Prof_Gender")
NEUTRAL = "person"
_MASKS = re.compile(r"\[MASK\](?:\s+\[MASK\])*")


def read_bec_pro(path: Path) -> SuiteRead:
    """Return one item per sentence; continuations are (the sentence, the same with "person" for the profession).

    Raises:
        ConfigError: there is no such file, or a column is missing.
    """
    items: list[SuiteItem] = []
    skipped: list[Skipped] = []
    for place, row in table(path, COLUMNS, "\t"):
        reason = empty_cells(row, COLUMNS)
        if not reason and row["Gender"] not in ("male", "female"):
            reason = "Gender is neither male nor female"
        if not reason and not _MASKS.search(row["Sent_AM"]):
            reason = "Sent_AM has no mask"
        if reason:
            skipped.append(Skipped(place, reason))
            continue
        items.append(
            SuiteItem(
                suite=SUITE,
                id=f"{SUITE}:{place.split()[-1]}",
                task="score",
                prompt="",
                template=row["Template"],
                continuations=(row["Sentence"], _MASKS.sub(NEUTRAL, row["Sent_AM"], count=1)),
                groups={"gender": row["Gender"], "category": row["Prof_Gender"]},
                fields={"profession": row["Profession"]},
            )
        )
    return SuiteRead(tuple(items), tuple(skipped))


def score_bec_pro(items: Sequence[SuiteItem], outcomes: Sequence[SuiteOutcome]) -> list[Figure]:
    """Return for each group of professions the mean association of women minus that of men, nats; neutral 0.

    After: Bartl et al. 2020. Persons of one gender are averaged inside a profession and
    template, so a value is paired; the cluster is the profession. The paper tests with Wilcoxon's signed ranks; here it
    is a permutation of signs over professions too, which needs no ranks. "stereotype-gap" is the gap in professions
    that women hold minus the gap in those that men hold, over 2: above 0 the model follows the labour statistics.
    """
    cells: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for item, outcome in paired(items, outcomes):
        key = _cell(item)
        value = total(outcome.logprobs[0]) - total(outcome.logprobs[1])
        cells.setdefault(key, {}).setdefault(item.groups["gender"], []).append(value)
    gaps = {
        key: float(np.mean(by_gender["female"]) - np.mean(by_gender["male"]))
        for key, by_gender in cells.items()
        if len(by_gender) == 2
    }
    figures = [
        _figure("association-gap", group, gaps, (group,), items) for group in dict.fromkeys(key[0] for key in cells)
    ]
    signs = {"female": 1.0, "male": -1.0}
    turned = {key: signs[key[0]] * gap for key, gap in gaps.items() if key[0] in signs}
    return [*figures, _figure("stereotype-gap", "female against male professions", turned, tuple(signs), items)]


def _cell(item: SuiteItem) -> tuple[str, str, str]:
    return item.groups["category"], item.fields["profession"], item.template


def _figure(
    name: str,
    group: str,
    gaps: dict[tuple[str, str, str], float],
    groups: tuple[str, ...],
    items: Sequence[SuiteItem],
) -> Figure:
    mine = {key: gap for key, gap in gaps.items() if key[0] in groups}
    professions = [key[1] for key in mine]
    made = mean_figure(SUITE, name, group, values=list(mine.values()), templates=professions, unit="nats")
    return resting(made, (item for item in items if _cell(item) in mine))
