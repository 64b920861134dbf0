"""The card measures what it says: a pack whose errors are known, and verifiers broken on purpose."""

from __future__ import annotations

import json
import time
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from srm_core import Problem, Trace, Verdict, hookimpl
from srm_core.cli.verifier import command
from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.host import Host
from srm_core.traces import parse_trace
from srm_core.verify import verify_answer
from srm_core.verifying.card import blind_spot_lines, brief_rows, error_lines, heading, markdown, refusal, rows, shown
from srm_core.verifying.judging import Judge, in_process
from srm_core.verifying.measuring import code_of, measure
from srm_core.verifying.posing import posed
from srm_core.verifying.records import KindCard, VerifierCard

pytestmark = pytest.mark.usefixtures("srm_alone")
TOY = Path(__file__).parents[1] / "external_pack"


@pytest.fixture
def toy(srm_install: Callable[[Path], None]) -> Host:
    srm_install(TOY)
    return Host("toy")


@pytest.fixture
def problems(toy: Host) -> tuple[Problem, ...]:
    with posed(toy, per_kind=60) as made:
        return made.problems


def with_verifier(host: Host, verify: Callable[[Problem, Trace], Verdict]) -> Host:
    def srm_verify(problem: Problem, trace: Trace) -> Verdict:
        return verify(problem, trace)

    module = types.ModuleType("breaker")
    module.srm_verify = hookimpl(srm_verify)  # type: ignore[attr-defined]
    host.register(module, "breaker")
    return host


def of(card: VerifierCard, kind: str) -> KindCard:
    return next(each for each in card.kinds if each.kind == kind)


def by_core(problem: Problem, texts: Sequence[str]) -> list[Verdict]:
    def one(trace: Trace) -> Verdict:
        verdict = None if trace.answer is None else verify_answer(problem, trace)
        return verdict or Verdict(correct=False)

    return [one(parse_trace(text)) for text in texts]


def test_a_strict_verifier_accepts_nothing_wrong_and_its_rejects_are_named(
    toy: Host, problems: tuple[Problem, ...]
) -> None:
    double = of(measure(toy, problems), "double")
    assert double.false_accepts.count == 0
    assert double.false_accepts.n >= 600
    refused = {form for form, rate in double.by_form.items() if rate.count}
    assert refused == {"bold", "cited"}  # the toy pack takes digits and nothing else
    assert double.false_rejects.count == 2 * double.problems == len(double.rejected_wrongly)
    assert double.verdict == "fail"
    assert double.garbage.n == 200
    assert (double.garbage.accepted, double.garbage.failed) == (0, 0)


def test_the_cores_verifier_passes(toy: Host, problems: tuple[Problem, ...]) -> None:
    card = measure(toy, problems, judge=by_core)
    assert [kind.verdict for kind in card.kinds] == ["pass", "pass"]
    assert card.passed
    assert card.false_accept_limit() <= 0.005
    assert refusal(card, 0.005) == ""


def test_a_verifier_that_looks_for_the_gold_anywhere_is_found_out(toy: Host, problems: tuple[Problem, ...]) -> None:
    lenient = with_verifier(toy, lambda problem, trace: Verdict(correct=problem.answer in (trace.answer or "")))
    broken = _judge_of(lenient, "breaker")
    card = measure(toy, problems, judge=broken)
    double = of(card, "double")
    assert refusal(card, 0.005).startswith(
        f"the verifiers accept wrong answers: double {double.false_accepts.count} of"
    )
    assert refusal(card, 1.0) == ""
    assert double.by_family["two answers"].value == pytest.approx(6 / 7, abs=0.1)  # of 7 layouts one has two lines
    assert double.by_family["negation"].value == 1.0
    assert double.verdict == "fail"
    assert double.touched == double.problems
    assert any("negation" in spot for spot in double.blind_spots)


def _judge_of(host: Host, plugin: str) -> Judge:
    """Return the judge that asks one plugin's verifier, because the host asks the pack's first."""
    function = next(f for hook, name, f in host.implementations() if hook == "srm_verify" and name == plugin)

    def judge(problem: Problem, texts: Sequence[str]) -> list[Verdict]:
        return [function(problem, trace) for trace in map(parse_trace, texts)]

    return judge


def test_a_verifier_that_raises_abstains_and_that_is_counted(problems: tuple[Problem, ...], toy: Host) -> None:
    def failing(problem: Problem, texts: Sequence[str]) -> list[Verdict]:
        return [Verdict(correct=None, reason="it raised")] * len(texts)

    double = of(measure(toy, problems, judge=failing), "double")
    assert double.abstained == double.false_accepts.n + double.false_rejects.n
    assert double.false_accepts.count == 0  # no reward
    assert double.false_rejects.value == 1.0
    assert double.garbage.failed == 200
    assert double.verdict == "fail"


def test_a_kind_without_problems_is_not_measured(toy: Host, problems: tuple[Problem, ...]) -> None:
    card = measure(toy, [problem for problem in problems if problem.kind == "double"], most=60)
    add = of(card, "add")
    assert add.verdict == "not measured"
    assert "nothing is known" in add.blind_spots[0]
    assert rows(card)[1][1:5] == ("not measured", "0", "not measured", "")
    assert brief_rows(card)[1][1:5] == ("not measured", "0", "", "")
    assert "add" not in refusal(card, 1e-6)
    assert [kind.kind for kind in measure(toy, problems, kinds=["double"], most=60).kinds] == ["double"]


def test_too_few_texts_never_pass(toy: Host, problems: tuple[Problem, ...]) -> None:
    few = of(measure(toy, problems[:20], judge=by_core, most=100), "double")
    assert few.false_accepts.n == 100
    assert few.verdict == "fail"
    assert any("fewer than 600" in spot for spot in few.blind_spots)


def test_the_same_problems_give_the_same_card(toy: Host, problems: tuple[Problem, ...]) -> None:
    one, other = (measure(toy, problems, most=500) for _ in range(2))
    fields = [_without_times(card) for card in (one, other)]
    assert fields[0] == fields[1]
    assert one.id == other.id


def _without_times(card: VerifierCard) -> str:
    dumped = card.model_dump(mode="json", exclude={"seconds", "content"})
    for kind in dumped["kinds"]:
        kind["garbage"].pop("slowest")
    return json.dumps(dumped)


def test_the_card_is_named_by_the_code_of_the_verifiers(toy: Host) -> None:
    before = code_of(toy)
    assert len(before) == 16
    assert code_of(with_verifier(toy, lambda problem, trace: Verdict(correct=False))) != before


def test_the_card_survives_json_and_reads_as_markdown(toy: Host, problems: tuple[Problem, ...]) -> None:
    card = measure(toy, problems, most=700)
    assert VerifierCard.model_validate_json(card.model_dump_json()) == card
    page = markdown(card)
    assert heading(card) in page
    assert "| double | fail | 60 | 0/700 [0.00, 0.53] % | 0.43 % |" in page
    assert "## Known blind spots" in page
    for kind in card.kinds:
        lines = list(error_lines(kind))
        assert any("the gold in bold" in line for line in lines)
        assert all(line in page.replace("\\|", "|").replace("&lt;", "<") for line in lines)
    assert any(line.startswith("double, add: ") for line in blind_spot_lines(card))


def test_hostile_texts_are_shown_on_one_line() -> None:
    assert shown("a\nb") == "'a\\nb'"
    assert "\u202e" not in shown("x\u202ey")
    assert len(shown("9" * 1_000_000)) < 200


def test_measuring_is_cheap(toy: Host, problems: tuple[Problem, ...]) -> None:
    begun = time.process_time()
    measure(toy, problems, most=1500)
    assert time.process_time() - begun < 10  # two kinds; what training may spend before it starts


def test_the_graph_gives_further_right_answers(toy: Host) -> None:
    with posed(toy, ("double",), per_kind=3) as made:
        assert [made.right(problem) for problem in made.problems] == [{problem.answer} for problem in made.problems]
        assert {problem.kind for problem in made.problems} == {"double"}


def test_an_unknown_kind_is_refused(toy: Host) -> None:
    with pytest.raises(ConfigError, match="no kind 'halve'; it has: double, add"), posed(toy, ("halve",)):
        pass


def test_in_this_process_the_host_judges(toy: Host, problems: tuple[Problem, ...]) -> None:
    problem = problems[0]
    verdicts = in_process(toy)(problem, [f"Answer: {problem.answer}", "Answer: no number", ""])
    assert [verdict.correct for verdict in verdicts] == [True, False, False]


def test_the_command_prints_writes_and_exits_with_1(toy: Host, tmp_path: Path) -> None:
    out = tmp_path / "card"
    arguments = ["card", "toy", "--kind", "double", "--per-kind", "40", "--out", str(out)]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 1
    assert "double: refused 'Answer: **" in done.output
    assert "blind spot: double:" in done.output
    card = VerifierCard.model_validate_json((out / "card.json").read_text(encoding="utf-8"))
    assert [kind.kind for kind in card.kinds] == ["double"]
    assert card.seconds_limit == 5.0
    assert (out / "card.md").read_text(encoding="utf-8").startswith("# Verifier card: toy\n")


def test_problems_of_kinds_the_pack_does_not_declare_are_left_out(toy: Host, problems: tuple[Problem, ...]) -> None:
    stray = problems[0].model_copy(update={"kind": "stray"})
    card = measure(toy, [stray], most=10)
    assert [(kind.kind, kind.problems) for kind in card.kinds] == [("double", 0), ("add", 0)]
    assert card.false_accept_limit() == 1.0


def test_the_packs_settings_are_those_of_a_small_build(toy: Host) -> None:
    with posed(toy, per_kind=5, seed=3) as made:
        expected = list(toy.problems(made.knowledge, PackConfig(per_kind=5, seed=3)))
    assert [problem.id for problem in made.problems] == [problem.id for problem in expected]


def test_reinforcement_does_not_start_on_a_verifier_that_accepts_near_misses(
    toy: Host, problems: tuple[Problem, ...]
) -> None:
    from types import SimpleNamespace

    from srm_core.config import BuildConfig
    from srm_core.errors import TrainingError
    from srm_core.stages.train import _require_trust

    told: list[str] = []
    context: Any = SimpleNamespace(
        host=toy, config=BuildConfig(pack="toy"), progress=lambda said, *_: told.append(said)
    )
    train = [problem for problem in problems if problem.split == "train"]
    _require_trust(context, train)
    assert "near misses" in told[0]
    context.host = SimpleNamespace(
        pack=toy.pack,
        plugins_digest=toy.plugins_digest,
        verify=lambda problem, text, evidence: Verdict(correct=problem.answer in text),
    )
    with pytest.raises(TrainingError, match=r"the verifiers accept wrong answers: .* leave grpo out of train.methods"):
        _require_trust(context, train)
