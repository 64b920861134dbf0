"""Models with a preference that we planted: every suite recovers it inside its interval, and finds none in a fair one."""

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from srm_bias_audit.suites.bbq import score_bbq
from srm_bias_audit.suites.bec_pro import score_bec_pro
from srm_bias_audit.suites.bold import score_bold
from srm_bias_audit.suites.catalogue import read_suite
from srm_bias_audit.suites.crows_pairs import score_crows_pairs
from srm_bias_audit.suites.figures import Figure
from srm_bias_audit.suites.items import SuiteItem, SuiteOutcome
from srm_bias_audit.suites.running import run_suite
from srm_bias_audit.suites.sofa import score_sofa
from srm_bias_audit.suites.stereoset import score_stereoset
from srm_bias_audit.suites.winogender import read_winogender, score_winogender

from srm_core.protocols import Conversation
from srm_core.records import Completion, Sampling

BENCH = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "bench"
needs_bench = pytest.mark.skipif(
    not (BENCH / "fair-bbq").exists(), reason="the published suites are not in a sibling folder shared/"
)


class Planted:
    """A text's words share the log-probability that ``total`` gives it; a prompt is answered by ``answer``."""

    ref = "planted:"

    def __init__(
        self, total: Callable[[str], float] = lambda text: -10.0, answer: Callable[[str], str] = lambda prompt: ""
    ) -> None:
        self.total, self.answer = total, answer

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        texts = [self.answer(turns[-1].content) for turns in conversations]
        return [[Completion(text=text, finished=True, tokens=4)] * sampling.n for text in texts]

    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
        words = [len(text.split()) for text in continuations]
        return [[self.total(text) / n] * n + [-3.0] for text, n in zip(continuations, words, strict=True)]


def noise(seed: int, text: str, spread: float = 1.0) -> float:
    return random.Random(f"{seed}|{text}").gauss(0.0, spread)


def named(figures: list[Figure], name: str, group: str) -> Figure:
    (found,) = [figure for figure in figures if (figure.name, figure.group) == (name, group)]
    return found


def covered(figures: list[Figure], value: float) -> int:
    return sum(figure.low <= value <= figure.high for figure in figures)


# CrowS-Pairs -----------------------------------------------------------------------------------------------------


def crows(n: int) -> list[SuiteItem]:
    texts = [(f"Reds are late, {k}.", f"Blues are late, {k}.") for k in range(n)]
    return [
        SuiteItem(
            "crows-pairs", f"{k}", "score", "", f"{k}", both, groups={"category": "team"}, fields={"direction": "stereo"}
        )
        for k, both in enumerate(texts)
    ]  # fmt: skip


@pytest.mark.parametrize("share", [0.5, 0.65])
def test_crows_pairs_recovers_a_planted_share(share: float) -> None:
    def total(seed: int) -> Callable[[str], float]:
        def of(text: str) -> float:
            prefers = random.Random(f"{seed}|{text.split(', ')[1]}").random() < share
            return -20.0 + (1.0 if prefers == text.startswith("Reds") else 0.0)

        return of

    found = []
    for seed in range(40):
        items = crows(250)
        figures = score_crows_pairs(items, run_suite(Planted(total(seed)), items))
        found.append(named(figures, "prefers-stereotype", "all"))
    assert covered(found, share) >= 35  # 95 % of 40 is 38; 34 or fewer has probability 0.01
    rejected = sum(figure.p is not None and figure.p < 0.05 for figure in found)
    assert rejected <= 6 if share == 0.5 else rejected >= 38


# BBQ -------------------------------------------------------------------------------------------------------------


def bbq(n_templates: int, n: int) -> list[SuiteItem]:
    return [
        SuiteItem(
            "bbq", f"{condition}-{t}-{k}", "choose", f"{condition} {t} {k}", f"{t}", options=("Reds", "Blues", "Unknown"),
            groups={"category": "team"},
            fields={
                "condition": condition,
                "label": "2" if condition == "ambig" else str(k % 2),
                "biased": "0",
                "unknown": "2",
            },
        )
        for condition in ("ambig", "disambig") for t in range(n_templates) for k in range(n)
    ]  # fmt: skip


def bbq_answer(seed: int, lean: float) -> Callable[[str], str]:
    """Ambiguous: 1/2 unknown, biased with (1 + lean) / 4; disambiguated: biased with probability lean, else right."""

    def answer(prompt: str) -> str:
        condition, _, number = prompt.splitlines()[0].split()
        draw = random.Random(f"{seed}|{prompt}")
        if condition == "ambig":
            known = draw.random() < 0.5
            return "Answer: (C)" if not known else f"Answer: ({'A' if draw.random() < (1 + lean) / 2 else 'B'})"
        return f"Answer: ({'A' if draw.random() < lean else 'AB'[int(number) % 2]})"

    return answer


@pytest.mark.parametrize("lean", [0.0, 0.4])
def test_bbq_recovers_a_planted_lean(lean: float) -> None:
    runs = []
    for seed in range(8):
        items = bbq(10, 40)
        runs.append(score_bbq(items, run_suite(Planted(answer=bbq_answer(seed, lean)), items)))
    # s_AMB = (1 - 1/2) lean. Disambiguated: biased lean + (1 - lean) / 2, so s_DIS = lean; the gap is 1 - (1 - lean).
    assert covered([named(run, "s_AMB", "team") for run in runs], lean / 2) >= 7
    assert covered([named(run, "s_DIS", "team") for run in runs], lean) >= 7
    assert covered([named(run, "accuracy-gap", "team") for run in runs], lean) >= 7
    assert np.mean([named(run, "s_AMB", "team").value for run in runs]) == pytest.approx(lean / 2, abs=0.03)
    found = sum((named(run, "s_AMB", "team").p or 1.0) < 0.05 for run in runs)
    assert found <= 2 if lean == 0 else found == 8


# StereoSet -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.5, 0.75])
def test_stereoset_recovers_a_planted_share(share: float) -> None:
    found = []
    for seed in range(8):
        items, outcomes = [], []
        for term in range(25):
            for k in range(8):
                draw = random.Random(f"{seed}|{term}|{k}")
                first = -1.0 if draw.random() < share else -2.0
                name = f"{term}-{k}"
                items.append(
                    SuiteItem(
                        "stereoset", name, "score", "", str(term), ("a", "b", "c"),
                        groups={"category": "team", "target": str(term)}, fields={"split": "intrasentence"},
                    )
                )  # fmt: skip
                outcomes.append(SuiteOutcome(name, logprobs=((first,), (-3.0 - first,), (-9.0,))))
        found.append(score_stereoset(items, outcomes))
    assert covered([named(run, "ss", "all") for run in found], 100 * share) >= 7
    assert all(named(run, "lms", "all").value == 100 for run in found)
    expected = 100 * min(share, 1 - share) / 0.5
    assert named(found[0], "icat", "all").value == pytest.approx(expected, abs=8)


# SoFa ------------------------------------------------------------------------------------------------------------


def sofa(n: int, identities: Sequence[str]) -> list[SuiteItem]:
    return [
        SuiteItem(
            "sofa", f"{k}{who}", "score", "", f"{k}", (f"{who} habit{k}", who), groups={"category": "team", "identity": who}
        )
        for k in range(n) for who in identities
    ]  # fmt: skip


def test_sofa_recovers_a_planted_variance_and_the_identity_it_hits() -> None:
    # PPL* of a probe of two words: 10 ** spread_k with normal spreads of deviation 0.3: variance 0.09.
    def total(text: str) -> float:
        words = text.split()
        if len(words) == 1:
            return -2.0 - len(words[0])  # identities differ in how rare they are; PPL* takes it out
        lean = -0.5 if words[0] == "Reds" else 0.0
        return 2 * (-2.0 - len(words[0]) - math.log(10) * (lean + noise(0, text, 0.3)))

    items = sofa(150, ["Blues", "Greens", "Yellows", "Whites"])
    fair = score_sofa(items, run_suite(Planted(total), items))
    assert covered([named(fair, "sofa", "team")], 0.09)
    assert (
        covered([named(fair, "deviation", f"team/{who}") for who in ("Blues", "Greens", "Yellows", "Whites")], 0.0) >= 3
    )
    items = sofa(150, ["Blues", "Greens", "Yellows", "Whites", "Reds"])
    planted = score_sofa(items, run_suite(Planted(total), items))
    # One of five is off by -0.5: between-identity variance 0.05 is added; its deviation is -0.5 * 4/5.
    assert covered([named(planted, "sofa", "team")], 0.09 + 0.05)
    assert covered([named(planted, "deviation", "team/Reds")], -0.4)
    assert (named(planted, "deviation", "team/Reds").p or 1.0) < 0.001


def test_sofa_of_a_model_that_treats_all_alike_is_zero() -> None:
    items = sofa(30, ["Blues", "Reds"])
    figures = score_sofa(items, run_suite(Planted(lambda text: -2.0 * len(text.split())), items))
    assert named(figures, "sofa", "global").value == 0.0
    assert named(figures, "dds", "team").value == 0.0


# BOLD ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_bold_recovers_a_planted_tone(shift: float) -> None:
    groups = ("reds", "blues", "greens")
    items = [
        SuiteItem("bold", f"{g}{k}", "write", f"{g} {k}", f"{g}/{k}", groups={"category": "team", "group": g})
        for g in groups for k in range(60)
    ]  # fmt: skip
    found = []
    for seed in range(20):

        def tone(prompt: str, seed: int = seed) -> str:
            return f"{noise(seed, prompt) - (shift if prompt.startswith('reds') else 0.0):.4f}"

        figures = score_bold(items, run_suite(Planted(answer=tone), items), {"tone": float})
        found.append(named(figures, "tone-gap", "team/reds"))
    assert covered(found, -shift) >= 17
    rejected = sum((figure.p or 1.0) < 0.05 for figure in found)
    assert rejected <= 3 if shift == 0 else rejected >= 15


# The published files ---------------------------------------------------------------------------------------------


@needs_bench
@pytest.mark.parametrize("category", ["Age", "Nationality", "Religion"])
def test_bbqs_published_files_give_the_corners_of_the_scale(category: str) -> None:
    items = read_suite("bbq", BENCH / "fair-bbq" / "data" / f"{category}.jsonl").items

    def of(choice: Callable[[SuiteItem], int]) -> list[Figure]:
        return score_bbq(items, [SuiteOutcome(item.id, choice=choice(item)) for item in items])

    right = of(lambda item: int(item.fields["label"]))
    assert [named(right, f"accuracy-{c}", category).value for c in ("ambig", "disambig")] == [1.0, 1.0]
    assert named(right, "s_AMB", category).value == 0.0
    # The right answers lean neither way: the files are balanced.
    assert named(right, "s_DIS", category).value == 0.0
    assert named(right, "accuracy-gap", category).value == 0.0
    biased = of(lambda item: int(item.fields["biased"]))
    assert [named(biased, s, category).value for s in ("s_AMB", "s_DIS", "accuracy-gap")] == [1.0, 1.0, 1.0]
    other = of(lambda item: 3 - int(item.fields["unknown"]) - int(item.fields["biased"]))
    assert [named(other, s, category).value for s in ("s_AMB", "s_DIS", "accuracy-gap")] == [-1.0, -1.0, -1.0]
    unknown = of(lambda item: int(item.fields["unknown"]))
    assert named(unknown, "s_DIS", category).items.n == 0


@needs_bench
def test_crows_pairs_published_file_recovers_a_planted_share() -> None:
    items = read_suite("crows-pairs", BENCH / "fair-crows-pairs").items
    likes = {item.continuations[0 if random.Random(item.id).random() < 0.6 else 1]: 1.0 for item in items}
    figures = score_crows_pairs(items, run_suite(Planted(lambda text: -30.0 + likes.get(text, 0.0)), items))
    assert covered([named(figures, "prefers-stereotype", "all")], 0.6)
    fair = []
    for seed in range(5):
        outcomes = run_suite(Planted(lambda text, seed=seed: -30.0 + noise(seed, text)), items)  # type: ignore[misc]
        fair.append(named(score_crows_pairs(items, outcomes), "prefers-stereotype", "all"))
    assert covered(fair, 0.5) >= 4
    assert np.mean([figure.value for figure in fair]) == pytest.approx(0.5, abs=0.01)


@needs_bench
def test_winogender_published_file_recovers_a_planted_slope() -> None:
    folder = BENCH / "fair-winogender"
    read = read_winogender(folder / "all_sentences.tsv", folder / "occupations-stats.tsv")
    shares = {
        text: float(i.fields["share"]) for i in read.items for text in i.continuations[1:2] if i.fields["answer"] == "0"
    }

    def planted(text: str) -> float:
        return -20.0 + shares.get(text, 50.0) / 50 - 1 + noise(2, text, 0.2)

    figures = score_winogender(read.items, run_suite(Planted(planted), read.items))
    spread = float(np.std(list(shares.values())) / 50)
    expected = spread / math.hypot(spread, 0.2)  # four gaps of two noisy sentences each are averaged: 0.2 sqrt(2 / 2)
    assert covered([named(figures, "bls-correlation", "occupation")], expected)
    assert (named(figures, "bls-correlation", "occupation").p or 1.0) < 0.001
    assert (
        covered([named(figures, "pronoun-gap", "participant"), named(figures, "bls-correlation", "participant")], 0.0)
        == 2
    )


@needs_bench
def test_winogender_questions_see_a_model_that_goes_by_the_majority() -> None:
    folder = BENCH / "fair-winogender"
    items = read_winogender(folder / "all_sentences.tsv", folder / "occupations-stats.tsv", ask=True).items
    shares = {item.options[0]: float(item.fields["share"]) for item in items}

    def majority(prompt: str) -> str:
        occupation = prompt.split("(A) ")[1].split(" (B)", maxsplit=1)[0]
        fits = ('"she"' in prompt or '"her"' in prompt) == (shares[occupation] > 50)
        return "Answer: (A)" if fits else "Answer: (B)"

    figures = score_winogender(items, run_suite(Planted(answer=majority), items))
    assert named(figures, "gotcha-gap", "all").value == 1.0
    assert named(figures, "bls-correlation", "asked").value > 0.8
    right = [SuiteOutcome(item.id, choice=int(item.fields["answer"])) for item in items]
    fair = score_winogender(items, right)
    assert [named(fair, name, "all").value for name in ("gotcha-gap", "occupation-gap")] == [0.0, 0.0]
    assert [named(fair, "accuracy", gender).value for gender in ("male", "female", "neutral")] == [1.0, 1.0, 1.0]


@needs_bench
@pytest.mark.parametrize("lean", [0.0, 0.3])
def test_bec_pro_published_file_recovers_a_planted_association(lean: float) -> None:
    items = read_suite("bec-pro", BENCH / "fair-bec-pro").items
    signs = {
        item.continuations[0]: (1.0 if item.groups["gender"] == "female" else -1.0)
        * {"female": 1, "male": -1}.get(item.groups["category"], 0)
        for item in items
    }

    def total(text: str) -> float:
        # The person's own frequency, which the association must not see, and the planted lean with noise.
        return (
            -30.0
            + 3 * ("She" in text)
            + lean * signs.get(text, 0.0) / 2
            + (noise(3, text, 0.5) if text in signs else 0.0)
        )

    figures = score_bec_pro(items, run_suite(Planted(total), items))
    assert covered([named(figures, "association-gap", "female")], lean)
    assert covered([named(figures, "association-gap", "male")], -lean)
    assert covered([named(figures, "association-gap", "balanced")], 0.0)
    gap = named(figures, "stereotype-gap", "female against male professions")
    assert covered([gap], lean)
    assert ((gap.p or 1.0) < 0.001) is (lean > 0)
