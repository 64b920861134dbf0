"""The published suites as a part of an audit: read before any model is opened, asked of each, with intervals."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from srm_core.config import AuditPolicy
from srm_core.errors import ConfigError, ModelError
from srm_core.protocols import Direct, Respondent
from srm_core.records import AuditFinding, AuditItem, Sampling

from .catalogue import SUITES, read_suite
from .drawing import drawn
from .items import SuiteItem
from .judging import judge
from .keeping import kept_items
from .running import OPENING, run_suite

_LOG = logging.getLogger(__name__)
NO_LIMITS: Mapping[str, float] = {}
ALL_AT_ONCE = 1_000_000  # a respondent of a build makes batches of its own and keeps each


@dataclass(frozen=True)
class Chosen:
    """One suite of an audit: its name and the items that are asked."""

    name: str
    items: tuple[SuiteItem, ...]

    @property
    def generated(self) -> int:
        """How many completions one model is asked for."""
        return sum(item.task != "score" for item in self.items)

    @property
    def scored(self) -> int:
        """How many texts one model scores; one that stands in several items is scored once."""
        scored = [item for item in self.items if item.task == "score"]
        return len({(item.prompt or OPENING, text) for item in scored for text in item.continuations})


def chosen_suites(policy: AuditPolicy) -> list[Chosen]:
    """Return the suites of ``policy.suites`` with the items that are asked; rows left out are counted in the log.

    Raises:
        ConfigError: there is no suite of a name, no file of it, or no row in it that is an item.
    """
    return [_chosen(name, Path(place).expanduser(), policy.suite_items) for name, place in policy.suites.items()]


def _chosen(name: str, place: Path, limit: int) -> Chosen:
    read = read_suite(name, place)
    left_out = ", ".join(f"{reason}: {count}" for reason, count in sorted(read.reasons.items()))
    if not read.items:
        said = f"every row is left out ({left_out})" if left_out else "it has no rows"
        raise ConfigError(f"audit.suites: {place} holds no item of {name}: {said}; give the file as published")
    if len({item.id for item in read.items}) < len(read.items):
        raise ConfigError(f"audit.suites: {place} holds items of {name} twice; give each file once")
    if left_out:
        _LOG.warning("%s: %d rows are no items and are left out (%s)", name, len(read.skipped), left_out)
    items = drawn(read.items, limit, SUITES[name].together)
    if len(items) < len(read.items):
        _LOG.info("%s: %d of %d items are asked (audit.suite_items)", name, len(items), len(read.items))
    return Chosen(name, tuple(items))


def suite_records(
    role: str, respondent: Respondent, suites: Sequence[Chosen], policy: AuditPolicy
) -> Iterator[AuditItem | AuditFinding]:
    """Yield what ``respondent`` made of each suite's items, then what that shows, with the ids of the items behind it.

    Findings are reported with intervals and judged by no limit.

    Raises:
        ModelError: the respondent takes no plain conversations, or cannot score where a suite needs it.
    """
    sampling = Sampling(max_tokens=policy.max_tokens)
    for suite in suites:
        if not isinstance(respondent, Direct):
            raise ModelError(
                f"the model {respondent.ref} is asked through its own prompts only: the suite {suite.name} needs one "
                "that takes plain conversations; leave audit.suites empty"
            )
        outcomes = run_suite(respondent, suite.items, sampling=sampling, batch=ALL_AT_ONCE)
        items = list(kept_items(role, suite.items, outcomes))
        yield from items
        kept = {item.id: record.id for item, record in zip(suite.items, items, strict=True)}
        figures = SUITES[suite.name].score(suite.items, outcomes)
        yield from (one.finding for one in judge(figures, NO_LIMITS, role=role, alpha=policy.alpha, kept=kept))
