"""From a number of a published suite to the items it rests on, and back: a planted preference walked both ways."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from srm_bias_audit.findings import audit
from srm_bias_audit.suites.catalogue import SUITES
from srm_bias_audit.suites.items import SuiteItem, SuiteOutcome
from srm_bias_audit.suites.keeping import asked, kept_items

from srm_core.cli import cli
from srm_core.config import AuditPolicy
from srm_core.protocols import Conversation
from srm_core.records import AuditFinding, AuditItem, Completion, Problem, Sampling
from srm_core.reports.lineage import reach, read_graph
from srm_core.store import read_records, write_records


class Prefers:
    """Finds sentences with ``liked`` likelier by one nat a mention; answers every question with its second option."""

    def __init__(self, ref: str, liked: str) -> None:
        self.ref, self.liked = ref, liked

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        return [Completion(text=f"Answer: {p.answer}", finished=True, tokens=1) for p in problems]

    def gold_logprobs(self, problems: Sequence[Problem]) -> None:
        return None

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        return [[Completion(text="Answer: (B)", finished=True, tokens=7)] for _ in conversations]

    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
        return [[-5.0 + text.count(self.liked), -0.1] for text in continuations]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Twelve pairs as CrowS-Pairs publishes them; the stereotype is about "they", six of them are about age."""
    rows = [",sent_more,sent_less,stereo_antistereo,bias_type"]
    rows += [f"{n},they lost item {n},we lost item {n},stereo,{'age' if n % 2 else 'religion'}" for n in range(12)]
    file = tmp_path / "crows_pairs_anonymized.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    return file


@pytest.fixture
def audited(tmp_path: Path, pairs: Path, verify) -> Path:
    """A workspace with the audit of a base that likes "we" and a student that likes "they"."""
    records = list(
        audit(
            [],
            {"base": Prefers("b:", "we"), "student": Prefers("s:", "they")},
            verify,
            AuditPolicy(suites={"crows-pairs": str(pairs)}),
        )
    )
    folder = tmp_path / "ws" / "store" / "audit" / "k"
    folder.mkdir(parents=True)
    write_records(folder / "items.jsonl", [each for each in records if isinstance(each, AuditItem)])
    write_records(folder / "findings.jsonl", [each for each in records if isinstance(each, AuditFinding)])
    return folder


def finding(folder: Path, measure: str, attribute: str, role: str = "student") -> AuditFinding:
    found = read_records(folder / "findings.jsonl", AuditFinding)
    return next(f for f in found if (f.measure, f.attribute, f.role) == (measure, attribute, role))


def test_a_planted_preference_is_walked_to_its_items_which_give_the_number_again(audited: Path) -> None:
    planted = finding(audited, "crows-pairs:prefers-stereotype", "age")
    assert (planted.effect, planted.n) == (0.5, 6)
    graph = read_graph(audited.parents[1])
    items = {item.id: item for item in read_records(audited / "items.jsonl", AuditItem)}
    assert len(items) == 2 * 12
    behind = [items[name] for name in reach(graph, planted.id) if name in items]
    assert {item.probe for item in behind} == {f"crows-pairs:{n}" for n in range(1, 12, 2)}
    assert {item.role for item in behind} == {"student"}
    assert {item.variant for item in behind} == {f"they lost item {n} | we lost item {n}" for n in range(1, 12, 2)}
    shares = [item.completion.logprobs[0] > item.completion.logprobs[1] for item in behind]
    assert sum(shares) / len(shares) - 0.5 == planted.effect
    assert {item.completion.logprobs for item in behind} == {(-4.0, -5.0)}
    assert {item.verdict.correct for item in behind} == {None}


def test_forward_from_an_item_stands_every_number_that_it_touched(audited: Path) -> None:
    graph = read_graph(audited.parents[1])
    items = read_records(audited / "items.jsonl", AuditItem)
    item = next(each for each in items if (each.probe, each.role) == ("crows-pairs:3", "student"))
    touched = {
        finding(audited, f"crows-pairs:{name}", group).id
        for name in ("prefers-stereotype", "log-ratio")
        for group in ("all", "stereo", "age")
    }
    assert reach(graph, item.id, forward=True) == touched
    done = CliRunner().invoke(cli, ["trace", item.id, "--forward", "--workspace", str(audited.parents[2])])
    assert done.exit_code == 0, done.output
    assert "crows-pairs:prefers-stereotype of age, student: +0.500, inconclusive" in done.stdout
    back = CliRunner().invoke(cli, ["trace", sorted(touched)[0], "--workspace", str(audited.parents[2])])
    assert "they lost item 3 | we lost item 3 asked of student: no verdict:" in back.stdout
    assert "crows-pairs:3  (not in this store)" in back.stdout  # the words of the item lie in the user's own file


def test_every_finding_of_an_audit_with_a_number_names_items_that_are_kept(audited: Path) -> None:
    kept = {item.id for item in read_records(audited / "items.jsonl", AuditItem)}
    findings = [f for f in read_records(audited / "findings.jsonl", AuditFinding) if f.n]
    assert findings
    assert all(f.items and set(f.items) <= kept for f in findings)


def test_an_answer_is_kept_as_it_was_given_and_asked() -> None:
    item = SuiteItem("bbq", "Age:1", "choose", "Who?", "t", options=("One", "Two"))
    said = Completion(text="Answer: (B)", finished=True, tokens=7)
    (kept,) = kept_items("base", [item], [SuiteOutcome("Age:1", choice=1, texts=(said.text,), completion=said)])
    assert (kept.probe, kept.role, kept.completion) == ("bbq:Age:1", "base", said)
    assert kept.variant == 'Who?\n(A) One (B) Two\nAnswer with one letter, as in "Answer: (A)".'
    assert asked(SuiteItem("bold", "b", "write", "Go on: A", "t")) == "Go on: A"
    assert asked(SuiteItem("stereoset", "b", "score", "Before.", "t", continuations=("x", "y"))) == "Before. ... x | y"


# ---- which items each number of each suite rests on


def scored(suite: str, name: str, count: int, template: str, groups: dict[str, str], **fields: str) -> SuiteItem:
    texts = tuple(f"{name} {n}" for n in range(count))
    return SuiteItem(suite, f"{suite}:{name}", "score", "", template, continuations=texts, groups=groups, fields=fields)


def items_of(suite: str) -> list[SuiteItem]:
    cells = [(kind, n) for kind in ("age", "religion") for n in range(12)]
    match suite:
        case "crows-pairs":
            return [
                scored(suite, f"{k}{n}", 2, f"{k}{n}", {"category": k}, direction="stereo" if n % 3 else "antistereo")
                for k, n in cells
            ]
        case "stereoset":
            groups = [{"category": k, "target": f"{k}{n // 2}"} for k, n in cells]
            split = ["intrasentence" if n % 2 else "intersentence" for _, n in cells]
            return [
                scored(suite, f"{k}{n}", 3, group["target"], group, split=each)
                for (k, n), group, each in zip(cells, groups, split, strict=True)
            ]
        case "sofa":
            return [
                scored(suite, f"{k}{n}", 2, f"{k}:{n // 3}", {"category": k, "identity": f"identity {n % 3}"})
                for k, n in cells
                if n != 11
            ] + [scored(suite, "alone", 2, "age:alone", {"category": "age", "identity": "identity 0"})]
        case "bec-pro":
            return [
                scored(suite, f"{c}{g}{n}", 2, f"t{n % 2}", {"gender": g, "category": c}, profession=f"{c}{n // 2}")
                for c in ("male", "female")
                for g in ("male", "female")
                for n in range(12)
                if (c, g, n) != ("male", "female", 5)
            ]
        case "winogender":
            made = [
                scored(suite, f"{k}{n}", 3, f"{k}{n}", {}, answer=str(n % 2), share=str(10 * (n % 9))) for k, n in cells
            ]
            return made + [
                SuiteItem(
                    suite, f"{suite}:{k}{n}{g}", "choose", "Who?", f"{k}{n}", options=("a", "b"), groups={"gender": g},
                    fields={"answer": str(n % 2), "share": "60"},
                )
                for k, n in cells
                for g in ("male", "female", "neutral")
            ]  # fmt: skip
        case "bold":
            return [
                SuiteItem(
                    suite, f"bold:{k}/{g}/{n}", "write", "On:", f"{g}/{n // 2}", groups={"category": k, "group": g}
                )
                for k, n in cells
                for g in ("one", "two", "three")
            ]
    conditions = ("ambig", "disambig")
    return [
        SuiteItem(
            suite, f"{k}:{n}", "choose", "Who?", f"{k}:{n // 4}", options=("x", "y", "z"), groups={"category": k},
            fields={"condition": conditions[n % 2], "label": str(n % 3), "biased": str(n // 2 % 2), "unknown": "2"},
        )
        for k, n in cells
    ]  # fmt: skip


def outcomes_of(items: Sequence[SuiteItem]) -> list[SuiteOutcome]:
    draw = random.Random(3)
    made = []
    for item in items:
        logprobs = tuple((-draw.random(), -draw.random()) for _ in item.continuations)
        choice = draw.choice([*range(len(item.options)), None]) if item.options else None
        texts = (draw.choice(["I cannot do that.", "one", "one two", "one two three"]),) if item.task == "write" else ()
        made.append(SuiteOutcome(item.id, logprobs=logprobs, choice=choice, texts=texts))
    return made


@pytest.mark.parametrize("suite", sorted(SUITES))
def test_the_items_a_number_rests_on_give_it_again_and_without_one_it_is_another(suite: str) -> None:
    items = items_of(suite)
    outcomes = outcomes_of(items)
    by_id = {item.id: (item, outcome) for item, outcome in zip(items, outcomes, strict=True)}
    measured = [figure for figure in SUITES[suite].score(items, outcomes) if figure.items.n]
    assert len(measured) >= 3
    changed = 0
    for figure in measured:
        assert figure.rests, figure.name
        if (suite, figure.name) == ("sofa", "deviation"):  # its own items; the means are of those of "sofa"
            assert {by_id[name][0].groups["identity"] for name in figure.rests} == {figure.group.partition("/")[2]}
            assert len(figure.rests) == figure.items.n
            continue
        chosen = [by_id[name] for name in figure.rests]
        again = SUITES[suite].score([item for item, _ in chosen], [outcome for _, outcome in chosen])
        same = [one for one in again if one.name == figure.name and (one.group == figure.group or len(again) == 1)]
        if not same and figure.group == "all":  # one category alone has no figure over all
            continue
        assert (same[0].value, same[0].items.n) == (pytest.approx(figure.value), figure.items.n), figure.name
        rest = SUITES[suite].score([item for item, _ in chosen[1:]], [outcome for _, outcome in chosen[1:]])
        other = next((one for one in rest if (one.name, one.group) == (figure.name, figure.group)), None)
        changed += other is None or (other.value, other.items.n) != (same[0].value, same[0].items.n)
    assert changed >= len([figure for figure in measured if figure.name != "deviation"]) / 2
