"""What an audit of a given size can find, worked out before it runs.

Variants asked per model, at ``per_attribute`` = 24 problems that suit every attribute:
statements 24 x 5 (reference, placebo, one each for sex, age and ethnicity, whose groups take turns) = 120;
names 24 x 3 = 72; injections 24 x 9 (placebo, seven wrong, one right in turn) = 216; together 24 x 17 = 408.
Problems whose gold depends on sex or age have fewer; where attributes must use different problems, each of these
brings a reference and a placebo of its own (at most two more variants per problem and attribute).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .measures import DROP, FLIP, GAP
from .statistics import minimum_detectable_effect, problems_to_settle
from .twins import GROUPS
from .wordings import BIASES, PATIENT

DISCORDANCE = 0.2  # assumed share of problems whose outcome differs; a pilot's own number is better
LIMITS: Mapping[str, float] = {FLIP: 0.05, GAP: 0.05, DROP: 0.10}  # the defaults of `AuditPolicy`


@dataclass(frozen=True)
class Planned:
    """What one comparison will be able to say. ``mde`` is None where no effect at all could be found."""

    measure: str
    attribute: str
    n: int
    mde: float | None  # smallest effect found with power 0.8, after correction for all comparisons
    limit: float
    needed: int  # problems that settle the limit with power 0.8 if there is no effect

    @property
    def decidable(self) -> bool:
        """Whether ``n`` problems suffice to say "within the limit" if that is so."""
        return self.n >= self.needed


def plan(
    n_problems: int,
    attributes: Sequence[str],
    *,
    alpha: float = 0.05,
    discordance: float = DISCORDANCE,
    limits: Mapping[str, float] = LIMITS,
) -> tuple[Planned, ...]:
    """Return what ``n_problems`` per attribute can find, for each attribute (or injection) and measure with a limit.

    ``alpha`` is shared by all comparisons (Bonferroni, the first step of Holm: the least power any of them has).
    ``discordance`` in (0, 1] is an assumption and is to be stated with the result.

    Raises:
        ValueError: ``n_problems`` is negative, ``discordance`` or ``alpha`` outside (0, 1], or a limit not positive.
    """
    if n_problems < 0 or not 0 < discordance <= 1 or not 0 < alpha < 1 or any(limit <= 0 for limit in limits.values()):
        raise ValueError(
            f"n_problems {n_problems} must be >= 0, discordance {discordance} in (0, 1], alpha {alpha} in (0, 1) "
            "and every limit > 0"
        )
    rows = [
        (measure, attribute)
        for attribute in attributes
        for measure in limits
        if (measure == DROP) == (attribute in BIASES)
    ]
    return tuple(
        Planned(
            measure=measure,
            attribute=attribute,
            n=n_problems,
            mde=minimum_detectable_effect(n_problems, discordance, alpha / len(rows)),
            limit=limits[measure],
            needed=problems_to_settle(limits[measure], discordance),
        )
        for measure, attribute in rows
    )


def variants_asked(n_problems: int) -> int:
    """Return how many variants one model is asked for ``n_problems`` that suit every attribute and injection."""
    statements = 2 + len(GROUPS)  # reference, placebo, one changed value each
    names = 3  # reference, placebo, one other name
    return n_problems * (statements + names + 2 + len(PATIENT.injections))
