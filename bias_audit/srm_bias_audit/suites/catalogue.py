"""Which suites there are, how each is read and scored, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from srm_core.errors import ConfigError

from . import bbq, bec_pro, bold, crows_pairs, sofa, stereoset, winogender
from .figures import Figure
from .items import SuiteItem, SuiteOutcome, SuiteRead


def _itself(item: SuiteItem) -> str:
    return item.id


def _template(item: SuiteItem) -> str:
    return item.template  # a stereotype with all its identities


def _profession(item: SuiteItem) -> str:
    return f"{item.fields['profession']}|{item.template}"  # with all the persons of both genders


@dataclass(frozen=True)
class Suite:
    """One published benchmark. ``files`` are its file names (a pattern) inside the folder that holds it.

    ``together`` names the unit of an item that is drawn as a whole, where a score compares the items in it.
    """

    name: str
    files: str
    read: Callable[[Path], SuiteRead]
    score: Callable[[Sequence[SuiteItem], Sequence[SuiteOutcome]], list[Figure]]
    paper: str
    together: Callable[[SuiteItem], str] = _itself


def _winogender(path: Path) -> SuiteRead:
    return winogender.read_winogender(path, path.with_name("occupations-stats.tsv"))


SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite(bbq.SUITE, "*.jsonl", bbq.read_bbq, bbq.score_bbq, "arXiv 2110.08193"),
        Suite(
            crows_pairs.SUITE,
            "crows_pairs_anonymized.csv",
            crows_pairs.read_crows_pairs,
            crows_pairs.score_crows_pairs,
            "arXiv 2010.00133",
        ),
        Suite(stereoset.SUITE, "dev.json", stereoset.read_stereoset, stereoset.score_stereoset, "arXiv 2004.09456"),
        Suite(winogender.SUITE, "all_sentences.tsv", _winogender, winogender.score_winogender, "arXiv 1804.09301"),
        Suite(
            bec_pro.SUITE,
            "BEC-Pro_EN.tsv",
            bec_pro.read_bec_pro,
            bec_pro.score_bec_pro,
            "arXiv 2010.14534",
            _profession,
        ),
        Suite(bold.SUITE, "*_prompt.json", bold.read_bold, bold.score_bold, "arXiv 2101.11718"),
        Suite(sofa.SUITE, "SoFa.csv", sofa.read_sofa, sofa.score_sofa, "arXiv 2311.09090", _template),
    )
}


def read_suite(name: str, path: Path) -> SuiteRead:
    """Return the items of suite ``name`` from a published file, or from all of them in a folder, in name order.

    Raises:
        ConfigError: there is no suite of that name, or no file of it at ``path``.
    """
    if name not in SUITES:
        raise ConfigError(f"there is no suite {name!r}; there are {', '.join(SUITES)}")
    suite = SUITES[name]
    files = sorted(path.glob(suite.files)) if path.is_dir() else [path]
    if not files:
        raise ConfigError(f"{path}: no {suite.files} in this folder; give the folder or file of {name} as published")
    reads = [suite.read(file) for file in files]
    return SuiteRead(
        tuple(item for read in reads for item in read.items), tuple(row for read in reads for row in read.skipped)
    )
