"""``srm ask`` with a strategy: what is handed over, the trail it prints, and a grammar on a real model."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from srm_core.answering import Answer, Step
from srm_core.answering.constrained import citing_only
from srm_core.answering.single import drafted
from srm_core.answering.strategies import STRATEGIES
from srm_core.answering.talking import as_problem
from srm_core.cli import cli
from srm_core.cli.ask import command
from srm_core.config import AskConfig
from srm_core.inference.asking import Asker
from srm_core.records import Evidence, Sampling

ANN = Evidence(text="Ann lives in Oslo", cites=("chunk-1",))


@pytest.fixture
def handed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `ask` was given; it answers with a trail of two steps."""
    (tmp_path / "ws" / "runs" / "first").mkdir(parents=True)
    calls: list[dict[str, Any]] = []
    steps = (
        Step("sub-query", "Search: Where\x1b does Ann live?", "Where does Ann live?", ("chunk-1", "chunk-2")),
        Step("sub-answer", "word " * 60, kept=("chunk-1",), note="the last"),
    )

    def ask(run: Any, question: str, place: Any, weights: str, **more: Any) -> Answer:
        calls.append(more)
        return Answer("Oslo [1].", "Oslo", (ANN,), (1,), steps=steps, failed=1, note="iterative: 1 step ...")

    monkeypatch.setitem(sys.modules, "srm_core.answering", SimpleNamespace(ask=ask))
    return calls


def srm(tmp_path: Path, *more: str) -> Result:
    return CliRunner().invoke(cli, ["ask", "first", "Where?", "--workspace", str(tmp_path / "ws"), *more])


def test_ask_hands_over_strategy_bounds_and_the_wish_for_a_grammar(
    handed: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert srm(tmp_path).exit_code == 0
    assert srm(tmp_path, "--strategy", "iterative", "--set", "hops=2", "--constrained").exit_code == 0
    assert handed == [
        {"strategy": "single", "settings": AskConfig(), "constrained": False},
        {"strategy": "iterative", "settings": AskConfig(hops=2), "constrained": True},
    ]


def test_ask_prints_the_trail_before_the_answer(handed: list[dict[str, Any]], tmp_path: Path) -> None:
    assert srm(tmp_path, "--strategy", "iterative").stdout.splitlines() == [
        "1. sub-query: Search: Where  does Ann live?",
        "   query: Where does Ann live?",
        "   retrieved: chunk-1, chunk-2",
        f"2. sub-answer: {('word ' * 60)[:200]}...",
        "   kept: chunk-1",
        "   note: the last",
        "Note: iterative: 1 step ....",
        "",
        "Oslo [1].",
        "",
        "Answer: Oslo",
        "Evidence shown to the model (* cited):",
        " *[1] Ann lives in Oslo  (chunk-1)",
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--set", "hops=2"], "--set bounds the steps of a strategy, and single has none"),
        (["--strategy", "search", "--set", "hop=2"], "srm ask --set: there is no setting 'hop'. Did you mean 'hops'?"),
        (["--strategy", "search", "--set", "tokens=0"], "srm ask --set: tokens = 0"),
    ],
)
def test_wrong_settings_are_one_sentence(
    handed: list[dict[str, Any]], tmp_path: Path, more: list[str], said: str
) -> None:
    done = srm(tmp_path, *more)
    assert (done.exit_code, handed) == (1, [])
    assert said in done.stderr


def test_the_command_offers_every_strategy_there_is() -> None:
    option = next(option for option in command.params if option.name == "strategy")
    assert tuple(option.type.choices) == STRATEGIES  # type: ignore[attr-defined]


def test_a_constrained_answer_of_a_model_cites_only_what_was_shown(small_model: Any) -> None:
    pytest.importorskip("llguidance", reason="needs llguidance: pip install 'srm-sdk[constrained]'")
    asker = Asker(small_model, system="Answer.", sampling=Sampling(max_tokens=60, temperature=3.0, seed=5))
    free, cited = [], []
    for number in range(12):
        problem = as_problem(f"Where does person {number} live?")
        free.append(drafted(asker, problem, (ANN, ANN)).text)
        cited.append(drafted(asker, problem, (ANN, ANN), constrained=True))
    assert any("[" in text and not _cites_only(text, 2) for text in free)  # left alone it writes brackets
    for draft in cited:
        assert _cites_only(draft.text, 2)
        assert set(draft.cites) <= {1, 2}
    assert any(draft.cites for draft in cited) or not any("[" in draft.text for draft in cited)


def _cites_only(text: str, shown: int) -> bool:
    """Tell whether ``text``, of which the end may be cut off, follows the grammar."""
    whole = re.sub(r"\[\d?$", "", text)
    return re.fullmatch(citing_only(shown).text, whole) is not None


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("By [1] and [12].\nAnswer: x", True),
        ("none at all", True),
        ("By [13].", False),
        ("By [0].", False),
        ("By [1", False),
        ("in [3, 5]", False),
        ("[[1]]", False),
    ],
)
def test_the_grammar_by_hand(text: str, good: bool) -> None:
    assert (re.fullmatch(citing_only(12).text, text) is not None) == good
    assert (re.fullmatch(citing_only(0).text, text) is not None) == ("[" not in text)
