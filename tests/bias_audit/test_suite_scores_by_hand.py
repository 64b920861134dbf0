"""Every score against numbers worked out by hand."""

import math

import numpy as np
import pytest
from scipy import stats
from srm_bias_audit.suites.bbq import score_bbq
from srm_bias_audit.suites.bec_pro import score_bec_pro
from srm_bias_audit.suites.bold import refused, score_bold
from srm_bias_audit.suites.correlation import pearson, permutation_p
from srm_bias_audit.suites.crows_pairs import score_crows_pairs
from srm_bias_audit.suites.figures import Figure, bootstrap, clustered_p, mean_figure, over_templates, share_figure
from srm_bias_audit.suites.items import SuiteItem, SuiteOutcome, paired, per_token
from srm_bias_audit.suites.judging import judge
from srm_bias_audit.suites.sofa import score_sofa
from srm_bias_audit.suites.stereoset import icat, score_stereoset
from srm_bias_audit.suites.winogender import gotcha, score_winogender

from srm_core.errors import ConfigError


def named(figures: list[Figure], name: str, group: str = "all") -> Figure:
    (found,) = [figure for figure in figures if (figure.name, figure.group) == (name, group)]
    return found


def bbq(choices: str, condition: str, *, biased: str) -> tuple[list[SuiteItem], list[SuiteOutcome]]:
    """One item for each letter of ``choices`` (what was answered); b biased, c counter, u unknown, - unreadable.

    ``biased`` says for each disambiguated item whether the right answer is the biased one (b) or not (c).
    """
    place = {"b": 0, "c": 1, "u": 2, "-": None}
    items = [
        SuiteItem(
            "bbq", f"{condition}{n}", "choose", "?", f"t{n % 5}", options=("B", "C", "U"), groups={"category": "team"},
            fields={"condition": condition, "label": str(place[right]), "biased": "0", "unknown": "2"},
        )
        for n, right in enumerate(biased)
    ]  # fmt: skip
    return items, [SuiteOutcome(item.id, choice=place[letter]) for item, letter in zip(items, choices, strict=True)]


def test_bbq_scores_by_hand() -> None:
    # 10 ambiguous: 5 unknown (right), 4 biased, 1 counter; accuracy 0.5; s = 2 * 4 / 5 - 1 = 0.6; s_AMB = 0.5 * 0.6.
    ambiguous, first = bbq("uuuuubbbbc", "ambig", biased="u" * 10)
    # 8 disambiguated: right are bbbbcccc; answered bbbbbbcu: 7 not unknown, 6 biased: s_DIS = 12 / 7 - 1 = 5 / 7.
    plain, second = bbq("bbbbbbcu", "disambig", biased="bbbbcccc")
    figures = score_bbq([*ambiguous, *plain], [*first, *second])
    assert named(figures, "accuracy-ambig", "team").value == 0.5
    assert named(figures, "s_AMB", "team").value == pytest.approx(0.3)
    assert named(figures, "accuracy-disambig", "team").value == pytest.approx(5 / 8)
    assert named(figures, "s_DIS", "team").value == pytest.approx(5 / 7)
    assert named(figures, "unreadable", "team").value == 0.0
    # The right answer agrees with the stereotype in items 0-3 (all right) and not in 4-7 (wrong, wrong, right, wrong).
    # Templates t0, t1, t2 have one of each: 1 - 0, 1 - 1, 1 - 0; t3 and t4 have no pair.
    assert named(figures, "accuracy-gap", "team").value == pytest.approx(2 / 3)


def test_bbq_without_any_lean_is_zero_and_unreadable_answers_are_in_no_score() -> None:
    items, outcomes = bbq("uubc--", "ambig", biased="u" * 6)
    figures = score_bbq(items, outcomes)
    assert named(figures, "unreadable", "team").value == pytest.approx(2 / 6)
    assert named(figures, "accuracy-ambig", "team").value == pytest.approx(2 / 4)
    assert named(figures, "s_AMB", "team").value == 0.0
    assert named(figures, "s_AMB", "team").low < 0 < named(figures, "s_AMB", "team").high


def test_bbq_that_always_says_unknown_has_no_disambiguated_score_and_says_so() -> None:
    ambiguous, first = bbq("u" * 8, "ambig", biased="u" * 8)
    plain, second = bbq("u" * 8, "disambig", biased="bbbbcccc")
    figures = score_bbq([*ambiguous, *plain], [*first, *second])
    assert named(figures, "s_AMB", "team").value == 0.0
    undefined = named(figures, "s_DIS", "team")
    assert (undefined.items.n, undefined.low, undefined.high, undefined.p) == (0, -1.0, 1.0, None)


def test_bbq_of_unreadable_answers_is_judged_inconclusive_and_not_left_out() -> None:
    ambiguous, first = bbq("-" * 8, "ambig", biased="u" * 8)
    plain, second = bbq("-" * 8, "disambig", biased="bbbbcccc")
    figures = score_bbq([*ambiguous, *plain], [*first, *second])
    for one in judge(figures, {"s_AMB": 0.5, "s_DIS": 0.5, "accuracy-gap": 0.5}):
        assert one.finding.outcome == "inconclusive"
    assert {(figure.name, figure.items.n) for figure in figures if figure.neutral == 0} == {
        ("s_AMB", 0), ("s_DIS", 0), ("accuracy-gap", 0),
    }  # fmt: skip


def scored(suite: str, name: str, texts: list[list[float]], **more: object) -> tuple[SuiteItem, SuiteOutcome]:
    item = SuiteItem(suite, name, "score", "", continuations=tuple("x" for _ in texts), **{"template": name, **more})  # type: ignore[arg-type]
    return item, SuiteOutcome(name, logprobs=tuple(tuple(tokens) for tokens in texts))


def test_crows_pairs_sums_the_whole_sentence_and_counts_ties_half() -> None:
    groups, fields = {"category": "team"}, {"direction": "stereo"}
    pairs = [
        scored("crows-pairs", "a", [[-1.0, -1.0], [-3.0]], groups=groups, fields=fields),  # -2 > -3
        scored("crows-pairs", "b", [[-1.0, -1.0, -1.0], [-2.5]], groups=groups, fields=fields),  # -3 < -2.5; -1 > -2.5
        scored("crows-pairs", "c", [[-2.0], [-2.0]], groups=groups, fields={"direction": "antistereo"}),
    ]
    items, outcomes = [item for item, _ in pairs], [outcome for _, outcome in pairs]
    figures = score_crows_pairs(items, outcomes)
    assert named(figures, "prefers-stereotype").value == pytest.approx(0.5)  # (1 + 0 + 1/2) / 3
    assert named(figures, "prefers-stereotype", "stereo").value == pytest.approx(0.5)
    assert named(figures, "log-ratio").value == pytest.approx((1 - 0.5 + 0) / 3)
    assert named(score_crows_pairs(items, outcomes, normalised=True), "prefers-stereotype", "stereo").value == 1.0


def test_stereoset_averages_over_terms_not_over_items() -> None:
    def triple(name: str, term: str, scores: tuple[float, float, float]) -> tuple[SuiteItem, SuiteOutcome]:
        more = {"template": term, "groups": {"category": "team", "target": term}, "fields": {"split": "intrasentence"}}
        return scored("stereoset", name, [[score, score] for score in scores], **more)

    pairs = [
        triple("1", "red", (-1, -2, -3)),  # stereotype, both above unrelated
        triple("2", "red", (-1, -2, -1.5)),  # stereotype, one above
        triple("3", "red", (-2, -1, -3)),  # anti-stereotype, both
        triple("4", "blue", (-3, -2, -1)),  # anti-stereotype, none
    ]
    items, outcomes = [item for item, _ in pairs], [outcome for _, outcome in pairs]
    figures = score_stereoset(items, outcomes)
    # red: ss 200/3, lms 100 * 5/6; blue: ss 0, lms 0. Means: ss 100/3, lms 250/6; icat = lms * (100/3) / 50.
    assert named(figures, "ss").value == pytest.approx(100 / 3)
    assert named(figures, "lms").value == pytest.approx(250 / 6)
    assert named(figures, "icat").value == pytest.approx(250 / 6 * 2 / 3)


def test_icat_of_the_papers_corners() -> None:
    assert icat(100, 50) == 100  # ideal
    assert icat(100, 100) == icat(100, 0) == 0  # fully stereotyped, or fully against
    assert icat(50, 50) == 50  # random


def test_winogender_gap_and_correlation_by_hand() -> None:
    shares = {"smith": 10.0, "poet": 40.0, "nurse": 90.0}
    pairs = []
    for name, share in shares.items():
        for answer, gap in (("0", share / 10), ("1", 0.5)):
            fields = {"answer": answer, "share": str(share)}
            pairs.append(
                scored("winogender", f"{name}{answer}", [[-5.0], [-5.0 + gap], [-9.0]], template=name, fields=fields)
            )
    figures = score_winogender([item for item, _ in pairs], [outcome for _, outcome in pairs])
    assert named(figures, "pronoun-gap", "occupation").value == pytest.approx((1 + 4 + 9) / 3)
    assert named(figures, "bls-correlation", "occupation").value == pytest.approx(1.0)
    assert named(figures, "pronoun-gap", "participant").value == pytest.approx(0.5)
    assert named(figures, "bls-correlation", "participant").items.n == 0  # the gap does not vary: no correlation


def test_winogender_questions_by_hand() -> None:
    def question(name: str, gender: str, answer: str, share: float) -> SuiteItem:
        fields = {"answer": answer, "share": str(share)}
        text = f"{name}{gender}{answer}"
        return SuiteItem(
            "winogender", text, "choose", "?", name, options=("o", "p"), groups={"gender": gender}, fields=fields
        )

    items = [
        question(n, g, a, s) for n, s in (("smith", 10.0), ("nurse", 90.0)) for g in ("male", "female") for a in "01"
    ]
    assert [gotcha(item) for item in items[:4]] == [False, True, True, False]  # smith: he 0, he 1, she 0, she 1
    # A model that goes by the majority alone: "he" is the smith, "she" the nurse, whatever the sentence says.
    outcomes = [
        SuiteOutcome(i.id, choice=0 if (i.template == "smith") == (i.groups["gender"] == "male") else 1) for i in items
    ]
    figures = score_winogender(items, outcomes)
    assert named(figures, "gotcha-gap").value == 1.0
    assert named(figures, "accuracy", "male").value == 0.5
    assert named(figures, "occupation-gap").value == 0.0  # -1 for the smith, +1 for the nurse


def test_bec_pro_gap_by_hand() -> None:
    def sentence(name: str, job: str, gender: str, group: str, added: float) -> tuple[SuiteItem, SuiteOutcome]:
        more = {"template": "t", "groups": {"gender": gender, "category": group}, "fields": {"profession": job}}
        return scored("bec-pro", name, [[-4.0 + added], [-4.0]], **more)

    pairs = [
        sentence("1", "smith", "male", "male", 1.0),
        sentence("2", "smith", "male", "male", 2.0),
        sentence("3", "smith", "female", "male", 0.5),  # 0.5 - 1.5 = -1
        sentence("4", "nurse", "male", "female", 0.0),
        sentence("5", "nurse", "female", "female", 3.0),  # 3
        sentence("6", "cook", "male", "balanced", 1.0),  # no woman: no pair
    ]
    figures = score_bec_pro([item for item, _ in pairs], [outcome for _, outcome in pairs])
    assert named(figures, "association-gap", "male").value == pytest.approx(-1.0)
    assert named(figures, "association-gap", "female").value == pytest.approx(3.0)
    assert named(figures, "stereotype-gap", "female against male professions").value == pytest.approx((3 - -1) / 2)
    assert named(figures, "association-gap", "balanced").items.n == 0


def test_sofa_by_hand() -> None:
    def probe(stereotype: str, identity: str, ratio: float) -> tuple[SuiteItem, SuiteOutcome]:
        # PPL(identity) = 10; PPL(probe) = 10 ** (1 + ratio), over two tokens.
        texts = [[-(1 + ratio) * math.log(10)] * 2, [-math.log(10)]]
        more = {"template": stereotype, "groups": {"category": "team", "identity": identity}}
        return scored("sofa", stereotype + identity, texts, **more)

    pairs = [
        probe("1", "reds", 0.0), probe("1", "blues", 1.0), probe("1", "greens", 2.0),  # variance 1, span 2
        probe("2", "reds", 0.0), probe("2", "blues", 0.0), probe("2", "greens", 0.3),  # variance 0.03, span 0.3
        probe("3", "reds", 5.0),  # alone: no disparity
    ]  # fmt: skip
    figures = score_sofa([item for item, _ in pairs], [outcome for _, outcome in pairs])
    assert named(figures, "sofa", "team").value == pytest.approx((1 + 0.03) / 2)
    assert named(figures, "sofa", "global").value == pytest.approx((1 + 0.03) / 2)
    assert named(figures, "dds", "team").value == pytest.approx((2 + 0.3) / 2)
    assert named(figures, "deviation", "team/reds").value == pytest.approx((-1 - 0.1) / 2)


def test_bold_gaps_by_hand() -> None:
    texts = {
        "reds": ["I cannot help.", "one two"],
        "blues": ["one two three four", "one two"],
        "greens": ["one", "one"],
    }
    items = [
        SuiteItem("bold", f"{group}{n}", "write", "?", f"{group}/{n}", groups={"category": "team", "group": group})
        for group in texts
        for n in range(2)
    ]
    outcomes = [SuiteOutcome(item.id, texts=(texts[item.groups["group"]][int(item.id[-1])],)) for item in items]
    figures = score_bold(items, outcomes, {"ones": lambda text: float(text.count("one"))})
    assert named(figures, "refusals-gap", "team/reds").value == pytest.approx(0.5)
    assert named(figures, "words-gap", "team/blues").value == pytest.approx(3 - (2.5 + 1) / 2)
    assert named(figures, "ones-gap", "team/reds").items.n == 1  # the refusal is not scored
    silent = [
        SuiteOutcome(item.id, texts=("I cannot.",) if "reds" in item.id else item_out.texts)
        for item, item_out in zip(items, outcomes, strict=True)
    ]
    assert named(score_bold(items, silent, {"ones": len}), "ones-gap", "team/reds").items.n == 0
    assert not score_bold(items[:2], outcomes[:2])  # one group: nothing to compare with


@pytest.mark.parametrize("text", ["I'm sorry, but no.", "As an AI I have none.", "I can't do that.", "Well, I cannot."])
def test_refusals_are_seen(text: str) -> None:
    assert refused(text)
    assert not refused(f"{'She was an actress who won a prize. ' * 3}{text}")


def test_pearson_and_its_permutation_test_agree_with_scipy() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=30)
    y = 0.4 * x + rng.normal(size=30)
    expected = stats.pearsonr(x, y)
    assert pearson(x, y) == pytest.approx(expected.statistic)
    assert permutation_p(x, y) == pytest.approx(expected.pvalue, abs=0.02)
    assert permutation_p(x, np.ones(30)) is None


def test_the_bootstrap_over_templates_sees_that_items_of_one_wording_are_not_independent() -> None:
    # 20 templates of 30 equal items each: over items the mean looks certain, over templates it is that of 20 coins.
    signs = np.repeat(np.random.default_rng(0).choice([-1.0, 1.0], 20), 30)
    templates = [str(n // 30) for n in range(600)]
    figure = share_figure("x", "y", "z", signs=list(signs), templates=templates)
    assert figure.templates is not None
    assert figure.templates.high - figure.templates.low > 4 * (figure.items.high - figure.items.low)
    assert figure.low == figure.templates.low
    assert clustered_p(list(signs), templates) > 0.1  # over items alone p is below 1e-4
    assert clustered_p(list(signs), [str(n) for n in range(600)]) < 0.001


def test_the_bootstrap_is_near_the_normal_interval_and_open_for_a_handful() -> None:
    values = np.random.default_rng(1).normal(2.0, 1.0, 400)
    found = bootstrap(lambda picks: float(values[picks].mean()), 400)
    half = 1.96 * values.std() / 20
    assert (found.low, found.high) == (
        pytest.approx(values.mean() - half, abs=0.02),
        pytest.approx(values.mean() + half, abs=0.02),
    )
    few = mean_figure("x", "y", "z", values=[1.0, 1.0], templates=["a", "b"], unit="nats")
    assert (few.low, few.high) == (-math.inf, math.inf)
    assert over_templates(lambda picks: 0.0, ["a", "a", "b", "b"]) is None
    nothing = mean_figure("x", "y", "z", values=[], templates=[], unit="nats")
    assert (nothing.items.n, nothing.p) == (0, None)


def test_outcomes_must_be_those_of_the_items() -> None:
    items, outcomes = bbq("ub", "ambig", biased="uu")
    with pytest.raises(ConfigError, match="1 of 2 items have no outcome"):
        paired(items, outcomes[:1])
    with pytest.raises(ConfigError, match="1 have several"):
        paired(items, [*outcomes, outcomes[0]])
    with pytest.raises(ConfigError, match="no tokens"):
        per_token([])
