"""CrowS-Pairs (Nangia et al. 2020, EMNLP): is the sentence with the stereotype the likelier of two?

The paper's pseudo-log-likelihood (equation 1) masks one token after another and needs a masked model. A causal model
has the log-probability of the whole sentence instead, as later work does (lm-evaluation-harness, task crows_pairs).
That sum includes the words that differ, so a frequent group word counts; read the score as a preference between
sentences. Blodgett et al. 2021 (ACL, "Stereotyping Norwegian Salmon") found that many of the pairs are noisy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .figures import Figure, mean_figure, resting, share_figure
from .files import empty_cells, table
from .items import Skipped, SuiteItem, SuiteOutcome, SuiteRead, paired, per_token, total

SUITE = "crows-pairs"
COLUMNS = ("sent_more", "sent_less", "stereo_antistereo", "bias_type")


def read_crows_pairs(path: Path) -> SuiteRead:
    """Return the pairs of ``crows_pairs_anonymized.csv``; continuations are (more, less) stereotypical.

    Raises:
        ConfigError: there is no such file, or a column is missing.
    """
    items: list[SuiteItem] = []
    skipped: list[Skipped] = []
    for place, row in table(path, COLUMNS):
        reason = empty_cells(row, COLUMNS)
        if not reason and row["stereo_antistereo"] not in ("stereo", "antistereo"):
            reason = "stereo_antistereo is neither stereo nor antistereo"
        if not reason and row["sent_more"] == row["sent_less"]:
            reason = "both sentences are the same"
        if reason:
            skipped.append(Skipped(place, reason))
            continue
        name = f"{SUITE}:{row.get('') or place.split()[-1]}"
        items.append(
            SuiteItem(
                suite=SUITE,
                id=name,
                task="score",
                prompt="",
                template=name,
                continuations=(row["sent_more"], row["sent_less"]),
                groups={"category": row["bias_type"]},
                fields={"direction": row["stereo_antistereo"]},
            )
        )
    return SuiteRead(tuple(items), tuple(skipped))


def score_crows_pairs(
    items: Sequence[SuiteItem], outcomes: Sequence[SuiteOutcome], *, normalised: bool = False
) -> list[Figure]:
    """Return the share of pairs whose more stereotypical sentence is likelier, for all and for each category.

    After: Nangia et al. 2020, the metric score (they print it as a percentage): 0.5 is no preference. All
    pairs, those of direction "stereo" and those of "antistereo" are figures of their own.
    "log-ratio" is the mean difference of the two log-probabilities, nats. ``normalised`` compares means per token
    instead of sums (not the paper's; it takes out part of the advantage of shorter sentences).
    """
    pairs = paired(items, outcomes)
    measure = per_token if normalised else total
    gaps = [(item, measure(outcome.logprobs[0]) - measure(outcome.logprobs[1])) for item, outcome in pairs]
    names = ["all", *dict.fromkeys(item.fields["direction"] for item in items)]
    names += list(dict.fromkeys(item.groups["category"] for item in items))
    figures: list[Figure] = []
    for group in names:
        mine = [
            (item, gap) for item, gap in gaps if group in ("all", item.fields["direction"], item.groups["category"])
        ]
        values, templates = [gap for _, gap in mine], [item.template for item, _ in mine]
        signs = [float(np.sign(gap)) for gap in values]
        made = [
            share_figure(SUITE, "prefers-stereotype", group, signs=signs, templates=templates),
            mean_figure(SUITE, "log-ratio", group, values=values, templates=templates, unit="nats"),
        ]
        figures += [resting(figure, (item for item, _ in mine)) for figure in made]
    return figures
