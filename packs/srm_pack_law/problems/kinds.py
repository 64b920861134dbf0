"""Which kinds the pack has, and which of them must cite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from srm_core.config import PackConfig
from srm_core.records import Kind, Problem

from . import (
    citation_normalize,
    court_citation_string,
    court_level,
    court_reporter,
    deadline_backward,
    deadline_days,
    edition_for_year,
    licence_category,
    licence_compatibility,
    licence_spdx_id,
    marginal_rate,
    parent_court,
    reporter_edition_year,
    reporter_name,
    spdx_equivalence,
    standard_deduction,
    statute_parts,
    tax_due,
)

FROM_SEED: Mapping[str, Callable[[int], Iterator[Problem]]] = {
    reporter_edition_year.KIND.name: reporter_edition_year.generate,
    reporter_name.KIND.name: reporter_name.generate,
    edition_for_year.KIND.name: edition_for_year.generate,
    citation_normalize.KIND.name: citation_normalize.generate,
    court_reporter.KIND.name: court_reporter.generate,
    court_citation_string.KIND.name: court_citation_string.generate,
    court_level.KIND.name: court_level.generate,
    parent_court.KIND.name: parent_court.generate,
    statute_parts.KIND.name: statute_parts.generate,
    deadline_days.KIND.name: deadline_days.generate,
    deadline_backward.KIND.name: deadline_backward.generate,
    marginal_rate.KIND.name: marginal_rate.generate,
    spdx_equivalence.KIND.name: spdx_equivalence.generate,
    licence_spdx_id.KIND.name: licence_spdx_id.generate,
    licence_category.KIND.name: licence_category.generate,
    licence_compatibility.KIND.name: licence_compatibility.generate,
}
FROM_FORMULAS: Mapping[str, Callable[[PackConfig], Iterator[Problem]]] = {
    tax_due.KIND.name: tax_due.generate,
    standard_deduction.KIND.name: standard_deduction.generate,
}
OWN: tuple[Kind, ...] = (
    reporter_edition_year.KIND,
    reporter_name.KIND,
    edition_for_year.KIND,
    citation_normalize.KIND,
    court_reporter.KIND,
    court_citation_string.KIND,
    court_level.KIND,
    parent_court.KIND,
    statute_parts.KIND,
    deadline_days.KIND,
    deadline_backward.KIND,
    tax_due.KIND,
    standard_deduction.KIND,
    marginal_rate.KIND,
    spdx_equivalence.KIND,
    licence_spdx_id.KIND,
    licence_category.KIND,
    licence_compatibility.KIND,
)
# A provision decides these: a right answer counts only if it cites a piece of evidence that holds it.
CITED = frozenset(
    {
        reporter_edition_year.KIND.name,
        edition_for_year.KIND.name,
        court_reporter.KIND.name,
        deadline_days.KIND.name,
        deadline_backward.KIND.name,
        tax_due.KIND.name,
        standard_deduction.KIND.name,
        marginal_rate.KIND.name,
        spdx_equivalence.KIND.name,
        licence_compatibility.KIND.name,
    }
)


def all_kinds() -> tuple[Kind, ...]:
    """Return the pack's kinds: its own, and those that the knowledge plugin makes from a corpus."""
    try:
        from srm_knowledge.problems import KINDS as CORPUS_KINDS
    except ImportError:
        return OWN
    return (*OWN, *CORPUS_KINDS)
