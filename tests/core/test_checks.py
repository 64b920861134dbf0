"""The conformance checks pass a whole pack and find each broken promise by name."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from srm_core import (
    Attempt,
    Chunk,
    Document,
    Evidence,
    FormulaKey,
    GraphKey,
    Kind,
    Message,
    Problem,
    Sampling,
    Source,
    Trace,
    Triple,
    Verdict,
    hookimpl,
)
from srm_core.config import AuditPolicy, PackConfig, TrainConfig
from srm_core.host import Host
from srm_core.prompts import conversation
from srm_core.protocols import Knowledge
from srm_core.records import AuditFinding, AuditItem, BuildManifest, Completion, Score
from srm_core.testing import checks
from srm_core.testing.checks import CheckResult, pack_checks, run_checks
from srm_core.testing.fakes import DictKnowledge, FakeModel
from srm_core.testing.sample import sample_of

pytestmark = pytest.mark.usefixtures("srm_alone")
TOY = Path(__file__).parents[1] / "external_pack"
SOURCE = Source(name="arithmetic", licence="CC0-1.0")


@pytest.fixture
def toy(srm_install: Callable[[Path], None]) -> Host:
    srm_install(TOY)
    return Host("toy")


def broken_by(host: Host, **functions: Any) -> Host:
    """Return the host with a plugin on top that breaks a promise."""
    module = types.ModuleType("breaker")
    for name, function in functions.items():
        vars(module)[name] = hookimpl(function)
    host.register(module, "breaker")
    return host


def an_odd_problem(**changes: Any) -> Problem:
    fields: dict[str, Any] = {
        "kind": "add",
        "question": "What is 1 plus 2?",
        "answer": "3",
        "anchor": "odd",
        "key": FormulaKey(formula="add", inputs={"one": 1, "other": 2}, low=3, high=3),
    }
    return Problem(**(fields | changes))


# ---- the whole pack


def test_the_toy_pack_keeps_every_promise(toy: Host) -> None:
    assert run_checks(toy) == [CheckResult(check.__name__, passed=True) for check in pack_checks()]


def test_every_check_says_what_it_means_if_it_fails() -> None:
    for check in pack_checks():
        assert len((check.__doc__ or "").split()) > 8, check.__name__


# ---- each broken promise


def test_a_verifier_that_accepts_everything_is_found(toy: Host) -> None:
    broken_by(toy, srm_verify=lambda: Verdict(correct=True))
    failed = {result.name: result.message for result in run_checks(toy) if not result.passed}
    assert "'Answer: ?' is accepted where the gold is" in failed["check_other_answers_fail"]
    assert "is accepted where the gold is" in failed["check_hedged_answers_fail"]


def test_a_verifier_that_looks_for_the_gold_in_the_answer_is_found(toy: Host) -> None:
    def srm_verify(problem: Problem, trace: Trace) -> Verdict:
        return Verdict(correct=problem.answer in (trace.answer or ""))

    broken_by(toy, srm_verify=srm_verify)
    with pytest.raises(AssertionError, match=r"'Answer: \d+ or \d+' is accepted where the gold is"):
        checks.check_hedged_answers_fail(toy)


def test_a_verifier_that_crashes_on_other_answers_is_found(toy: Host) -> None:
    broken_by(toy, srm_verify=lambda problem, trace: Verdict(correct=int(trace.answer) == int(problem.answer)))
    with pytest.raises(
        AssertionError, match=r"the verifier fails on 'Answer: \?': srm_verify of plugin 'breaker' raised"
    ):
        checks.check_other_answers_fail(toy)


def test_a_verifier_that_rejects_the_gold_is_found(toy: Host) -> None:
    broken_by(toy, srm_verify=lambda: Verdict(correct=False, reason="never"))
    with pytest.raises(AssertionError, match=r"the gold '\d+' is not accepted: never"):
        checks.check_gold_answers_verify(toy)
    with pytest.raises(AssertionError, match="its solution does not verify: never"):
        checks.check_solutions_verify(toy)


@pytest.mark.parametrize(
    ("check", "changes", "message"),
    [
        (checks.check_kinds_are_declared, {"kind": "odd"}, "is of kind 'odd', which the pack does not declare"),
        (checks.check_solutions_verify, {"solution": "Answer: 4"}, "its solution does not verify"),
        (checks.check_solutions_verify, {"solution": "It is 3."}, "no single 'Answer:' line"),
        (checks.check_gold_answers_verify, {"accept": ("three",)}, "the gold 'three' is not accepted"),
        (
            checks.check_keys_reproduce_the_gold,
            {"key": FormulaKey(formula="add", inputs={}, low=4, high=5)},
            r"the gold '3' is outside \[4, 5\]",
        ),
        (
            checks.check_keys_reproduce_the_gold,
            {"kind": "odd", "key": GraphKey(query="SELECT ?answer WHERE { $n $p ?answer }", bindings={"n": "toy:-1"})},
            "its query finds nothing; the gold is '3'",
        ),
        (checks.check_cited_records_exist, {"kind": "odd", "facts": ("triple-0",)}, "cites triple-0, which the knowl"),
        (checks.check_second_graders_agree, {"question": "What is 1 plus 1?"}, "the second grader does not accept"),
    ],
)
def test_a_bad_problem_is_found(
    toy: Host, check: checks.Check, changes: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "LOOKUPS", 10**6)
    broken_by(toy, srm_problems=lambda: iter([an_odd_problem(**changes)]))
    with pytest.raises(AssertionError, match=message):
        check(toy)


def test_a_question_in_two_splits_is_found(toy: Host) -> None:
    twins = [an_odd_problem(anchor="left", split="train"), an_odd_problem(anchor="right", split="test")]
    broken_by(toy, srm_problems=lambda: twins)
    message = r"the question 'What is 1 plus 2\?' is in the splits train and test"
    with pytest.raises(AssertionError, match=message):
        checks.check_splits_share_nothing(toy)


def test_an_anchor_in_two_splits_is_found(toy: Host) -> None:
    twins = [an_odd_problem(split="train"), an_odd_problem(question="And 1 plus 2?", split="dev")]
    broken_by(toy, srm_problems=lambda: twins)
    with pytest.raises(AssertionError, match="the anchor 'add' is in the splits train and dev"):
        checks.check_splits_share_nothing(toy)


def test_problems_that_differ_between_two_passes_are_found(toy: Host) -> None:
    passes = iter(range(9))
    broken_by(toy, srm_problems=lambda: [an_odd_problem(question=f"pass {next(passes)}?")])
    with pytest.raises(AssertionError, match=r"a second pass yields problem-.* where the first yielded problem-"):
        checks.check_problems_are_stable(toy)


def test_a_problem_that_comes_twice_is_found(toy: Host) -> None:
    broken_by(toy, srm_problems=lambda: [an_odd_problem(), an_odd_problem()])
    with pytest.raises(AssertionError, match=r"\(add\) is yielded twice"):
        checks.check_problems_are_stable(toy)


def test_a_pack_that_ignores_per_kind_is_found(toy: Host) -> None:
    broken_by(toy, srm_problems=lambda: [an_odd_problem(question=f"{n}?") for n in range(31)])
    with pytest.raises(AssertionError, match=r"kind 'add' has 61 problems where config\.per_kind is 30"):
        checks.check_kinds_are_declared(toy)


@pytest.mark.parametrize("licence", ["unknown", "None", " TODO "])
def test_an_unlicensed_document_is_found(toy: Host, licence: str) -> None:
    broken_by(toy, srm_documents=lambda: [Document(text="a", source=Source(name="web", licence=licence))])
    with pytest.raises(AssertionError, match="of source 'web' has the licence"):
        checks.check_sources_are_licensed(toy)


def test_an_annotation_that_disagrees_is_found(toy: Host) -> None:
    def srm_documents(config: dict[str, str]) -> Iterator[Document]:
        yield from ()

    broken_by(toy, srm_documents=srm_documents)
    message = r"srm_documents of plugin 'breaker' takes config as dict\[str, str\]; the specification says PackConfig"
    with pytest.raises(AssertionError, match=message):
        checks.check_annotations_agree(toy)


def test_evidence_that_looks_at_the_gold_is_found(toy: Host) -> None:
    def srm_evidence(problem: Problem, knowledge: Knowledge) -> Iterator[Evidence]:
        for fact in list(knowledge.facts())[:1]:
            yield Evidence(text=f"It is {problem.answer}.", cites=(fact.id,))

    broken_by(toy, srm_evidence=srm_evidence)
    with pytest.raises(AssertionError, match="its evidence changes when its gold answer is hidden"):
        checks.check_evidence_ignores_the_gold(toy)


def test_an_attribute_without_a_probe_is_found(toy: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy, "_pack", toy.pack().model_copy(update={"attributes": ("name", "age")}))
    with pytest.raises(AssertionError, match="declares the attribute 'age', but no probe varies it"):
        checks.check_probes_cover_the_attributes(toy)


def test_a_pack_without_a_core_kind_is_found(toy: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = Kind(name="double", title="t", book="open", anchor="a", shared="s")
    monkeypatch.setattr(toy, "_pack", toy.pack().model_copy(update={"kinds": (kind,)}))
    with pytest.raises(AssertionError, match="has no core kind"):
        checks.check_kinds_are_declared(toy)


def test_a_kind_that_names_a_second_grader_without_one_is_found(toy: Host) -> None:
    toy._registry.table["srm_second_opinion"].clear()
    with pytest.raises(AssertionError, match="names a second grader, but srm_second_opinion yields nothing"):
        checks.check_second_graders_agree(toy)


def test_a_heavy_import_is_found(toy: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rdflib.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "srm_pack_toy").mkdir()
    (tmp_path / "srm_pack_toy" / "__init__.py").write_text("")
    (tmp_path / "srm_pack_toy" / "hooks.py").write_text("import rdflib")
    with pytest.raises(AssertionError, match=r"importing srm_pack_toy\.hooks loads rdflib; import it inside"):
        checks.check_importing_the_hooks_is_light(toy)
    (tmp_path / "srm_pack_toy" / "hooks.py").write_text("1 / 0")
    with pytest.raises(AssertionError, match="in a fresh process fails: ZeroDivisionError"):
        checks.check_importing_the_hooks_is_light(toy)


def test_without_a_sample_the_checks_that_need_one_are_left_out(toy: Host) -> None:
    broken_by(toy, srm_problems=lambda: 1 / 0)
    results = run_checks(toy)
    assert [result.name for result in results if not result.passed] == ["check_a_sample_can_be_made"]
    assert "srm_problems of plugin 'breaker' raised ZeroDivisionError" in results[-1].message
    assert len(results) < len(pack_checks())


def test_the_samples_folder_lives_as_long_as_the_sample(toy: Host, tmp_path: Path) -> None:
    folders: list[Path] = []

    def srm_open_knowledge(folder: Path) -> Knowledge:
        folders.append(folder)
        return DictKnowledge(folder)

    sample = sample_of(broken_by(toy, srm_open_knowledge=srm_open_knowledge))
    assert sample_of(toy) is sample
    assert (folders[0] / "records.jsonl").exists()
    sample_of.cache_clear()
    del sample
    assert not folders[0].parent.exists()


# ---- the fakes keep the contracts


def chunk(text: str) -> Chunk:
    return Chunk(document="document-1", start=0, end=len(text), text=text, source=SOURCE)


def fact(subject: str, thing: str, datatype: str = "", language: str = "") -> Triple:
    return Triple(subject=subject, predicate="t:is", object=thing, datatype=datatype, language=language, source=SOURCE)


def test_knowledge_in_memory_finds_what_was_added_once(tmp_path: Path) -> None:
    knowledge = DictKnowledge(tmp_path)
    chunks, facts = [chunk("the cat sat"), chunk("a dog ran")], [fact("t:b", "t:x"), fact("t:a", "3", "xsd:integer")]
    knowledge.add(chunks, facts)
    knowledge.add(chunks, facts)
    for store in (knowledge, DictKnowledge(tmp_path)):
        assert [each.subject for each in store.facts()] == ["t:a", "t:b"]
        assert [each.object for each in store.facts(subject="t:b")] == ["t:x"]
        assert [each.cites for each in store.search("cat?", 5)] == [(chunks[0].id,)]
        assert store.source_of(facts[0].id) == ("arithmetic", "CC0-1.0")
        assert store.source_of("triple-0") is None
        assert store.check() == {"chunks": 2, "triples": 2, "violations": 0}


def test_knowledge_in_memory_answers_sparql_in_curies() -> None:
    knowledge = DictKnowledge()
    facts = [fact("t:a b", "t:x%y"), fact("t:a b", "drei", "xsd:string", "de"), fact("t:a b", "skos:Concept")]
    knowledge.add((), facts)
    rows = knowledge.query("SELECT ?o WHERE { $s $p ?o } ORDER BY ?o", {"s": "t:a b", "p": "t:is"})
    assert sorted(row["o"] for row in rows) == ["drei", "skos:Concept", "t:x%y"]
    knowledge.add((), [fact("t:new", "t:z")])
    assert knowledge.query("SELECT ?o WHERE { $s ?p ?o }", {"s": "t:new"})[0]["o"] == "t:z"


def test_knowledge_in_memory_counts_numbers_that_are_none() -> None:
    knowledge = DictKnowledge()
    knowledge.add((), [fact("t:a", "many", "xsd:integer")])
    assert knowledge.check()["violations"] == 1


def test_a_fake_model_replies_in_turn_or_by_rule() -> None:
    asked = [(Message(role="user", content="hello"),)]
    assert [each.text for each in FakeModel(["a", "b"]).generate(asked, Sampling(n=2))[0]] == ["a", "b"]
    echo = FakeModel(lambda turns: turns[-1].content)
    assert echo.generate(asked, Sampling())[0][0].text == "hello"
    assert echo.asked == asked
    with pytest.raises(LookupError, match="all 1 replies are used up; asked was 'hello'"):
        FakeModel(["a"]).generate(asked, Sampling(n=2))


# ---- what else the toy pack does, through the host


class Respondent:
    """Asks a toy model as an audit would."""

    def __init__(self, host: Host, ref: str) -> None:
        self.ref, self._model = ref, host.load_model(ref)

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        turns = [conversation("s", problem, problem.evidence) for problem in problems]
        return [each[0] for each in self._model.generate(turns, Sampling())]

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        return None


def test_the_toy_pack_distills_trains_exports_and_audits(toy: Host, tmp_path: Path) -> None:
    problems = [problem for problem in sample_of(toy).problems if problem.kind == "double"]
    evidence = {problem.id: problem.evidence for problem in problems}
    attempts = list(
        toy.distill(problems, evidence, toy.load_model("toy:right"), Sampling(n=2), system="s", shots=problems[:1])
    )
    assert len(attempts) == 2 * len(problems)
    assert all(isinstance(attempt, Attempt) and attempt.verdict.correct is None for attempt in attempts)
    assert all(toy.verify(p, attempts[2 * n].completion.text).correct for n, p in enumerate(problems))

    (tmp_path / "problems.jsonl").write_text("".join(p.model_dump_json() + "\n" for p in problems[:20]))
    student = tmp_path / "student"
    assert toy.train("memorize", tmp_path, tmp_path, TrainConfig(), student) == {"rows": 20.0}
    written = toy.export(student, "toy", tmp_path / "out")
    assert len(written.read_text().splitlines()) == 20
    answers = Respondent(toy, f"toy:{student}").answer(problems)
    right = [toy.verify(p, answer.text).correct for p, answer in zip(problems, answers, strict=True)]
    assert right == [True] * 20 + [False] * (len(problems) - 20)

    probes = list(toy.probes(problems, PackConfig()))
    models = {"base": Respondent(toy, "toy:wrong"), "student": Respondent(toy, "toy:right")}
    given = list(toy.findings(probes, models, toy.verify, AuditPolicy(per_attribute=10)))
    items = [each for each in given if isinstance(each, AuditItem)]
    findings = [each for each in given if isinstance(each, AuditFinding)]
    assert [item.verdict.correct for item in items] == [False] * 20 + [True] * 20
    assert [(each.role, each.effect, each.n, each.outcome) for each in findings] == [
        ("base", 0.0, 10, "within"),
        ("student", 0.0, 10, "within"),
    ]


def test_the_toy_pack_pays_for_being_near(toy: Host) -> None:
    terms, failed = toy.rewards(an_odd_problem(), "Answer: 4", (), Verdict(correct=False))
    assert failed == []
    assert {term.name: term.value for term in terms}["near"] == 0.5


def test_the_toy_pack_evaluates_beyond_its_graph(toy: Host) -> None:
    items = list(toy.evals(PackConfig(own={"largest": 10})))
    assert [item.problem.question for item in items][:1] == ["What is 11 plus 11?"]
    assert all(toy.verify(item.problem, item.problem.solution).correct for item in items)


def test_the_toy_pack_speaks_about_a_finished_build(toy: Host, make_manifest: Callable[..., BuildManifest]) -> None:
    score = Score(
        suite="held-out", kind="double", arm="sft", decoding="greedy", metric="accuracy", value=1, low=0.9, high=1, n=30
    )
    for hook in ("srm_sections", "srm_objections"):  # the core has its own to say
        toy._registry.table[hook] = [each for each in toy._registry.table[hook] if each.plugin == "toy"]
    with_score, without = make_manifest(scores=(score,)), make_manifest(scores=())
    assert [(each.title, each.body) for each in toy.sections(with_score)] == [("Doubling", "- sft: 1.00 (n = 30)")]
    assert list(toy.objections(with_score)) == []
    assert [(each.gate, each.outcome) for each in toy.objections(without)] == [("toy-evaluated", "inconclusive")]
