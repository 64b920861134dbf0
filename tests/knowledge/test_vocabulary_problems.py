"""Problems of every shape from a small vocabulary: what they show, how they are graded, what takes them away."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from srm_knowledge.store import FolderKnowledge
from srm_knowledge.vocabulary.facts import documents, triples
from srm_knowledge.vocabulary.grading import verify
from srm_knowledge.vocabulary.mapping import Vocabulary
from srm_knowledge.vocabulary.problems import kinds_of, problems

from srm_core.config import PackConfig
from srm_core.records import GraphKey, Problem, Source, Triple, split_of
from srm_core.traces import parse_trace
from srm_core.verify import verify_answer


def test_every_kind_and_shape_gives_problems(posed: list[Problem], vocabulary: Vocabulary) -> None:
    counts = {kind: sum(problem.kind == kind for problem in posed) for kind in vocabulary.kinds}
    assert min(counts.values()) >= 8
    assert {asked.shape for asked in vocabulary.kinds.values()} == {
        "path", "set", "count", "negation", "comparison", "exception", "analogy"
    }  # fmt: skip
    assert {problem.split for problem in posed} == {"train", "dev", "test"}


def test_known_problems_are_among_them(posed: list[Problem]) -> None:
    answers = {(p.kind, p.key.bindings.get("start")): p.answer for p in posed if isinstance(p.key, GraphKey)}
    assert answers["above", "ws:jackPlane"] == "plane"
    assert answers["above_three", "ws:clawHammer"] == "tool"
    assert answers["how_many", "ws:saw"] == "4"  # hacksaw, fretsaw, rip saw, tenon saw
    assert answers["materials", "ws:tenonSaw"] == "beech; brass; steel"
    assert answers["families", "ws:tenonSaw"] == "metal; wood"
    assert answers["weighs", "ws:maul"] == "3.6"


def test_terms_without_one_name_of_their_own_are_in_no_question(posed: list[Problem]) -> None:
    for problem in posed:
        words = " ".join(
            [problem.question, problem.answer, *problem.choices, *(each.text for each in problem.evidence)]
        )
        assert not re.search(r"\b(bit|jig|fixture|unnamed|Stahl)\b", words)
    starts = {p.key.bindings.get("start") for p in posed if p.kind == "how_many" and isinstance(p.key, GraphKey)}
    assert "ws:vice" in starts
    assert "ws:measuringTool" not in starts  # one of its kinds has no name


def test_a_solution_repeats_the_facts_it_cites_and_these_are_all_that_is_needed(
    posed: list[Problem], base: FolderKnowledge
) -> None:
    for problem in posed:
        if not problem.evidence:
            assert problem.kind == "task_closed"
            assert problem.solution == f"Answer: {problem.answer}"
            continue
        steps = re.findall(r"(?:^|; )([^;\[\]]+) \[(\d+)\]", problem.solution)
        cited = [problem.evidence[int(place) - 1] for _, place in steps]
        assert [f"{step}." for step, _ in steps] == [each.text for each in cited]
        assert {fact for each in cited for fact in each.cites} == set(problem.facts)
        assert len(problem.evidence) > len(cited)
        assert all(
            base.source_of(fact) == ("workshop", "Apache-2.0") for each in problem.evidence for fact in each.cites
        )


def test_near_misses_are_other_facts_of_the_problems_own_split(posed: list[Problem], base: FolderKnowledge) -> None:
    facts = {fact.id: fact for fact in base.facts()}
    beside = 0
    for problem in posed:
        others = [each for each in problem.evidence if each.cites[0] not in problem.facts]
        needed = {facts[each].predicate for each in problem.facts}
        for each in others:
            fact = facts[each.cites[0]]
            assert problem.split in (split_of(fact.subject), split_of(fact.object))
            beside += fact.predicate in needed
        assert len(others) <= 3
    assert beside > len(posed)  # more than one a problem is of the relation asked about


def test_hops_and_degree_make_the_difficulty(posed: list[Problem]) -> None:
    problem = next(p for p in posed if p.kind == "above_two" and "claw hammer" in p.question)
    # above, two materials, a task, a weight: five relations begin at the claw hammer; two hops and one for the degree
    assert problem.tags["degree"] == "3-5"
    assert problem.tags["hops"] == "2"
    assert problem.tags["difficulty"] == "middle"
    assert {p.tags["difficulty"] for p in posed} == {"easy", "middle", "hard"}
    assert {p.tags["hops"] for p in posed} == {"1", "2", "3"}


def test_a_second_answer_in_the_graph_takes_the_problem_away(vocabulary: Vocabulary, tmp_path: Path) -> None:
    knowledge = FolderKnowledge(tmp_path)
    other = Source(name="another", licence="CC0-1.0")  # seen by the query, not by the walk
    knowledge.add((), triples(vocabulary))
    knowledge.add(
        (),
        [
            Triple(subject="ws:maul", predicate="skos:broader", object="ws:cuttingTool", source=other),
            Triple(subject="ws:maul", predicate="ws:madeOf", object="ws:brass", source=other),
            Triple(subject="ws:hacksaw", predicate="skos:broader", object="ws:mallet", source=other),
        ],
    )
    found = list(problems(vocabulary, knowledge, PackConfig(per_kind=200)))
    knowledge.close()
    starts = {(p.kind, p.key.bindings.get("start")) for p in found if isinstance(p.key, GraphKey)}
    assert not {("above", "ws:maul"), ("materials", "ws:maul"), ("above", "ws:hacksaw")} & starts
    assert {("above", "ws:axe"), ("materials", "ws:axe"), ("weighs", "ws:maul")} <= starts


def test_the_same_seed_gives_the_same_problems_and_per_kind_and_kinds_are_kept(
    vocabulary: Vocabulary, base: FolderKnowledge
) -> None:
    config = PackConfig(per_kind=5, kinds=("above", "odd_one"), seed=3)
    first = list(problems(vocabulary, base, config))
    assert [p.kind for p in first] == ["above"] * 5 + ["odd_one"] * 5
    assert first == list(problems(vocabulary, base, config))
    assert first != list(problems(vocabulary, base, config.model_copy(update={"seed": 4})))
    assert list(problems(vocabulary, base, PackConfig(kinds=("another_pack_s",)))) == []


def test_a_set_is_right_in_any_order_and_only_whole(posed: list[Problem]) -> None:
    problem = next(p for p in posed if p.answer == "beech; brass; steel")

    def verdict(answer: str) -> bool | None:
        said = verify(problem, parse_trace(f"Answer: {answer}"))
        return said and said.correct

    assert verdict("steel; Beech;brass [2]") is True
    for wrong in (
        "beech; brass",
        "beech; brass; steel; ash",
        "beech; brass; steel; steel",
        "beech, brass, steel",
        "steel",
    ):
        assert verdict(wrong) is False


def test_an_option_is_right_by_its_letter_or_its_words(posed: list[Problem]) -> None:
    problem = next(p for p in posed if p.kind == "odd_one")
    right = problem.choices.index(problem.answer)
    for n, option in enumerate(problem.choices):
        for answer in ("ABCD"[n], option, f"{'ABCD'[n]}. {option}"):
            said = verify(problem, parse_trace(f"Answer: {answer}"))
            assert said is not None
            assert said.correct is (n == right)


def test_other_shapes_are_left_to_the_core_which_takes_further_names_and_units(posed: list[Problem]) -> None:
    weighs = next(p for p in posed if p.kind == "weighs" and p.answer == "3.6")
    spanner = next(p for p in posed if p.kind == "above" and p.answer == "spanner")
    for problem, answer in ((weighs, "3.6 kg"), (weighs, "3.60"), (spanner, "wrench")):
        trace = parse_trace(f"Answer: {answer}")
        assert verify(problem, trace) is None
        said = verify_answer(problem, trace)
        assert said is not None
        assert said.correct


def test_kinds_say_their_book_and_titles(vocabulary: Vocabulary) -> None:
    kinds = {kind.name: kind for kind in kinds_of(vocabulary)}
    assert kinds["task_closed"].book == "closed"
    assert not kinds["task_closed"].core
    assert kinds["above_two"].title == "name the broader term of the broader term of a term"
    assert kinds["families"].title == "list the broader terms of the materials of a term"


def test_texts_about_terms_are_documents(vocabulary: Vocabulary) -> None:
    found = list(documents(vocabulary, 200))
    assert "sawing: The task of sawing." in {each.text for each in found}
    assert len(list(documents(vocabulary, 3))) == 3
    assert list(documents(vocabulary.model_copy(update={"texts": ()}), 3)) == []


def test_facts_that_came_in_another_way_are_asked_by_their_source(
    vocabulary: Vocabulary, make_fact: Callable[..., Triple], tmp_path: Path
) -> None:
    knowledge = FolderKnowledge(tmp_path)
    named = [make_fact(f"own:t{n}", "rdfs:label", f"term {n}", "xsd:string") for n in range(30)]
    above = [make_fact(f"own:t{n}", "own:under", f"own:t{n // 3}") for n in range(1, 30)]
    knowledge.add((), [*named, *above])
    changes = {
        "source": Source(name="test", licence="CC0-1.0"),
        "files": (),
        "labels": ("rdfs:label",),
        "also": (),
        "relations": {"above": vocabulary.relations["above"].model_copy(update={"predicate": "own:under"})},
        "kinds": {"above": vocabulary.kinds["above"]},
    }
    found = list(problems(vocabulary.model_copy(update=changes), knowledge, PackConfig()))
    knowledge.close()
    asked = {(p.key.bindings["start"], p.answer) for p in found if isinstance(p.key, GraphKey)}
    assert asked == {(f"own:t{n}", f"term {n // 3}") for n in range(1, 30)}
