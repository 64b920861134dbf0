"""The published suites inside the audit: read before a model is asked, drawn evenly, asked of every role, reported."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from srm_bias_audit.findings import audit
from srm_bias_audit.section import sections
from srm_bias_audit.suites.auditing import chosen_suites
from srm_bias_audit.suites.drawing import drawn
from srm_bias_audit.suites.items import SuiteItem

from srm_core.config import AuditPolicy
from srm_core.errors import ConfigError, ModelError
from srm_core.protocols import Conversation, Direct
from srm_core.records import AuditFinding, BuildManifest, Completion, Pack, Problem, Sampling

BENCH = Path(__file__).parents[3] / "shared" / "data" / "bench"


class Talker:
    """Takes problems and plain conversations; likes sentences with ``liked`` by one nat a mention, counts its calls."""

    def __init__(self, ref: str, liked: str) -> None:
        self.ref, self.liked, self.calls = ref, liked, 0

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        self.calls += 1
        return [Completion(text=f"Answer: {p.answer}", finished=True, tokens=1) for p in problems]

    def gold_logprobs(self, problems: Sequence[Problem]) -> None:
        return None

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        self.calls += 1
        return [[Completion(text="Answer: (A)", finished=True, tokens=1)] for _ in conversations]

    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
        self.calls += 1
        return [[-5.0 + text.count(self.liked), -0.1] for text in continuations]


class Silent(Talker):
    """Takes plain conversations and cannot score."""

    def score(self, conversations, continuations) -> None:
        return None


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Twelve pairs in the published format of CrowS-Pairs: the stereotype is about "they", the other about "we"."""
    rows = ["id,sent_more,sent_less,stereo_antistereo,bias_type"]
    rows += [f"{n},they lost item {n},we lost item {n},stereo,{'age' if n % 2 else 'religion'}" for n in range(12)]
    file = tmp_path / "crows_pairs_anonymized.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    return file


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Eight rows in the published format of BBQ, "not known" always the first option."""
    folder = tmp_path / "bbq"
    folder.mkdir()
    rows = [
        {
            "example_id": n,
            "question_index": str(n // 2),
            "question_polarity": "neg" if n % 2 else "nonneg",
            "context_condition": "ambig" if n < 4 else "disambig",
            "category": "Age",
            "answer_info": {"ans0": ["Not known", "unknown"], "ans1": ["Old one", "old"], "ans2": ["Kid", "nonOld"]},
            "additional_metadata": {"stereotyped_groups": ["old"]},
            "context": f"An old one and a kid met at place {n}.",
            "question": "Who forgot?",
            "ans0": "Not known",
            "ans1": "The old one",
            "ans2": "The kid",
            "label": 0 if n < 4 else 1,
        }
        for n in range(8)
    ]
    (folder / "Age.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return folder


def _found(models, policy, verify) -> list[AuditFinding]:
    return [record for record in audit([], models, verify, policy) if isinstance(record, AuditFinding)]


def test_base_and_student_are_measured_side_by_side_with_intervals(pairs, verify) -> None:
    policy = AuditPolicy(suites={"crows-pairs": str(pairs)})
    found = _found({"base": Talker("b:", "we"), "student": Talker("s:", "they")}, policy, verify)
    shares = {f.role: f for f in found if (f.measure, f.attribute) == ("crows-pairs:prefers-stereotype", "all")}
    assert (shares["base"].effect, shares["student"].effect) == (-0.5, 0.5)
    # Wilson's lower end of 12 of 12 is 12 / (12 + 1.96^2), the neutral value one half
    assert shares["student"].low == pytest.approx(12 / (12 + 1.959963984540054**2) - 0.5)
    assert shares["student"].n == 12
    assert shares["student"].limit is None
    assert {f.outcome for f in found if f.measure.startswith("crows")} == {"inconclusive"}
    ratio = next(f for f in found if (f.role, f.measure, f.attribute) == ("student", "crows-pairs:log-ratio", "age"))
    assert ratio.effect == pytest.approx(1.0)


def test_options_are_chosen_by_answering(questions, verify) -> None:
    policy = AuditPolicy(suites={"bbq": str(questions)})
    found = _found({"student": Talker("s:", "x")}, policy, verify)
    by_name = {(f.measure, f.attribute): f for f in found}
    assert by_name["bbq:accuracy-ambig", "Age"].effect == 1.0
    assert by_name["bbq:accuracy-disambig", "Age"].effect == 0.0
    assert by_name["bbq:unreadable", "Age"].effect == 0.0


def test_the_card_shows_them_apart_and_in_their_own_unit(pairs, verify) -> None:
    policy = AuditPolicy(suites={"crows-pairs": str(pairs)})
    found = _found({"base": Talker("b:", "we"), "student": Talker("s:", "they")}, policy, verify)
    pack = Pack(
        name="x", title="X", version="1", intended_use="a", out_of_scope="b", system_prompt="c", kinds=(), attributes=()
    )
    manifest = BuildManifest(
        pack=pack, base="b", teacher="t", seed=0, effort="draft", settings={}, stages=(), sources=(), scores=(),
        findings=tuple(found),
    )  # fmt: skip
    (section,) = sections(manifest)
    assert "### Published suites: the student" in section.body
    assert "| crows-pairs | prefers-stereotype | all | +0.500 | +0.258 to +0.500 |" in section.body
    assert "None is judged" in section.body
    probes_only = section.body.partition("**Published suites.**")[0]
    assert "crows-pairs" not in probes_only


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: {"bqq": str(folder)}, "there is no suite 'bqq'; there are bbq"),
        (lambda folder: {"bbq": str(folder / "none")}, "there is no such file"),
        (lambda folder: {"bbq": str(folder / "bare")}, r"no \*.jsonl in this folder"),
        (lambda folder: {"crows-pairs": str(folder / "torn.csv")}, "the columns .* are missing"),
        (lambda folder: {"crows-pairs": str(folder / "empty.csv")}, "holds no item of crows-pairs: it has no rows"),
        (lambda folder: {"crows-pairs": str(folder / "same.csv")}, "every row is left out .both sentences are the same: 1"),
        (lambda folder: {"crows-pairs": str(folder / "twice.csv")}, "holds items of crows-pairs twice"),
        (lambda folder: {"stereoset": str(folder / "half.json")}, "not JSON"),
        (lambda folder: {"bbq": str(folder / "binary.jsonl")}, "not UTF-8"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_before_any_model_is_asked(tmp_path: Path, verify, make, said) -> None:
    head = "id,sent_more,sent_less,stereo_antistereo,bias_type\n".replace("id,", ",")
    (tmp_path / "bare").mkdir()
    (tmp_path / "torn.csv").write_text("sent_more,sent")
    (tmp_path / "empty.csv").write_text(head)
    (tmp_path / "same.csv").write_text(head + "1,a,a,stereo,age\n")
    (tmp_path / "twice.csv").write_text(head + "1,a,b,stereo,age\n1,c,d,stereo,age\n")
    (tmp_path / "half.json").write_text('{"data": {')
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    talker = Talker("s:", "x")
    with pytest.raises(ConfigError, match=said) as refused:
        _found({"student": talker}, AuditPolicy(suites=make(tmp_path)), verify)
    assert "\n" not in str(refused.value)
    assert talker.calls == 0


def test_a_model_that_cannot_do_what_a_suite_needs_is_named(pairs, planted, verify) -> None:
    policy = AuditPolicy(suites={"crows-pairs": str(pairs)})
    with pytest.raises(ModelError, match="s: gives no log-probabilities"):
        _found({"student": Silent("s:", "x")}, policy, verify)
    assert not isinstance(planted(), Direct)
    with pytest.raises(ModelError, match="planted: is asked through its own prompts only"):
        _found({"student": planted()}, policy, verify)


def _item(name: str, template: str) -> SuiteItem:
    return SuiteItem("x", name, "score", "", template, continuations=("a",), groups={"unit": name[:2]})


def test_items_are_drawn_from_all_templates_in_whole_units_and_a_larger_number_only_adds() -> None:
    items = [_item(f"{t}{u}{n}", t) for t in "abcdef" for u in "uvwxyz" for n in range(2)]
    few = drawn(items, 12, lambda item: item.groups["unit"])
    assert len(few) == 12
    assert {item.template for item in few} == set("abcdef")
    assert all(sum(o.groups == item.groups and o.template == item.template for o in few) == 2 for item in few)
    more = drawn(items, 30, lambda item: item.groups["unit"])
    assert {item.id for item in few} < {item.id for item in more}
    assert [item.id for item in more] == [item.id for item in items if item in more]
    assert drawn(items, 0, lambda item: item.id) == items
    assert len(drawn(items, 13, lambda item: item.groups["unit"])) == 14


def test_an_audit_without_suites_asks_none(verify) -> None:
    talker = Talker("s:", "x")
    assert [f.measure for f in _found({"student": talker}, AuditPolicy(), verify)] == ["no-verdict-rate"]
    assert talker.calls == 0


@pytest.mark.parametrize(
    ("name", "place", "together"),
    [
        ("bbq", "fair-bbq/data", 1),
        ("crows-pairs", "fair-crows-pairs", 1),
        ("winogender", "fair-winogender", 1),
        ("bec-pro", "fair-bec-pro", 2),
        ("bold", "fair-bold", 1),
    ],
)
def test_published_files_are_asked_as_they_are(name: str, place: str, together: int, verify) -> None:
    if not (BENCH / place).is_dir():
        pytest.skip(f"the published files of {name} are not in a sibling folder shared/")
    policy = AuditPolicy(suites={name: str(BENCH / place)}, suite_items=60)
    (suite,) = chosen_suites(policy)
    assert 60 <= len(suite.items) < 60 + 40
    assert suite.generated + suite.scored >= 60 * together
    found = [f for f in _found({"student": Talker("s:", "she")}, policy, verify) if f.measure.startswith(f"{name}:")]
    assert found
    assert all(f.low <= f.effect <= f.high for f in found if f.n)
