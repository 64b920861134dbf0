"""Hand-made traces: which steps the facts support, contradict, or cannot judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from srm_core.distillation.steps import clauses, content, negated, numbers, steps
from srm_core.distillation.support import StepJudgement, count_outcomes, judge_steps
from srm_core.records import Chunk, Evidence, Source, Triple
from srm_core.traces import parse_trace

SOURCE = Source(name="toy", licence="CC0-1.0")
FACTS = (
    Evidence(text="J45.90 Unspecified asthma is a kind of J45.9 Other asthma.", cites=("triple-1",)),
    Evidence(text="Other asthma (J45.9) excludes J44 bronchitis.", cites=("triple-2", "triple-3")),
    Evidence(text="Anion gap = sodium - chloride - bicarbonate; normal up to 12 mmol/L.", cites=("chunk-1",)),
    Evidence(text="Marfan syndrome does not affect hearing.", cites=("triple-4",)),
)
QUESTION = "Sodium is 140 mmol/L, chloride 104 and bicarbonate 24.5. What is the anion gap?"


class Graph:
    """A knowledge base of a few triples."""

    def __init__(self, *triples: tuple[str, str, str]) -> None:
        self.triples = [Triple(subject=s, predicate=p, object=o, source=SOURCE) for s, p, o in triples]

    def add(self, chunks: Iterable[Chunk], triples: Iterable[Triple]) -> None:
        raise NotImplementedError

    def search(self, text: str, k: int) -> list[Evidence]:
        return []

    def facts(
        self, subject: str | None = None, predicate: str | None = None, object: str | None = None
    ) -> Iterable[Triple]:
        for triple in self.triples:
            wanted = ((subject, triple.subject), (predicate, triple.predicate), (object, triple.object))
            if all(want in (None, value) for want, value in wanted):
                yield triple

    def query(self, template: str, bindings: Mapping[str, str]) -> list[dict[str, str]]:
        return []

    def source_of(self, cite: str) -> tuple[str, str] | None:
        return None


def judge(text: str, graph: Graph | None = None) -> list[StepJudgement]:
    trace = parse_trace(f"{text}\nAnswer: none")
    return judge_steps(trace, FACTS, graph, question=QUESTION, prefixes=("icd",))


@pytest.mark.parametrize(
    ("step", "outcome", "cites"),
    [
        ("By [1], J45.90 is a kind of J45.9.", "supported", ("triple-1",)),
        ("J45.90 unspecified asthma is a kind of J45.9 [1].", "supported", ("triple-1",)),
        ("J45.9 excludes J44 bronchitis [2].", "supported", ("triple-2", "triple-3")),
        (
            "J45.90 is a kind of J45.9 [1], and J45.9 excludes J44 [2].",
            "supported",
            ("triple-1", "triple-2", "triple-3"),
        ),
        ("Marfan syndrome does not affect hearing [4].", "supported", ("triple-4",)),
        # a value of the question after its name
        ("Anion gap = sodium 140 - chloride 104 - bicarbonate 24.5 [3].", "supported", ("chunk-1",)),
        ("Anion gap = sodium 104 - chloride 140 - bicarbonate 24.5 [3].", "unjudged", ()),  # of another name
        # another object in the place of the fact's
        ("J45.90 is a kind of J46 [1].", "contradicted", ("triple-1",)),
        ("The anion gap is normal up to 16 mmol/L [3].", "contradicted", ("chunk-1",)),
        # what the facts do not settle
        ("J45.90 is a kind of J45.9.", "unjudged", ()),  # cites nothing
        ("J45.9 is a kind of J45.90 [1].", "unjudged", ()),  # the other way round
        ("J45.90 is a kind of J45.9 [2].", "unjudged", ()),  # cites the wrong fact
        ("J45.90 is a kind of J45.9 [7].", "unjudged", ()),  # cites a fact that was not shown
        ("J45.90 is not a kind of J45.9 [1].", "unjudged", ()),
        ("Marfan syndrome affects hearing [4].", "unjudged", ()),
        ("J45.90 is a kind of wheezing [1].", "unjudged", ()),  # a word may be a synonym
        ("J45.90 is a kind of J45.9 [1], so the child coughs.", "unjudged", ()),
        ("Let us think.", "unjudged", ()),
    ],
)
def test_a_stated_fact_is_judged_by_the_evidence_it_cites(step: str, outcome: str, cites: tuple[str, ...]) -> None:
    judged = judge(step)
    assert [(step.outcome, step.cites) for step in judged] == [(outcome, cites)]


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("The gap is <<140-104-24.5=11.5>> mmol/L.", "supported"),
        ("<<(140-104)/24.5=1.46939>>", "supported"),
        ("<<140-104=36>> and <<36-24.5=11.5>>", "supported"),  # an earlier value of the same step
        ("The gap is <<140-104-24.5=12>> mmol/L.", "contradicted"),
        ("<<140-104=>>", "contradicted"),
        ("<<140/0=5>>", "contradicted"),
        ("<<140/0=?>>", "unjudged"),
        ("<<140*0.357=49.98>>", "unjudged"),  # 0.357 is from nowhere: a factor, or an invention
        ("<<log10(140)=2.14613>>", "supported"),  # the 10 is the function's name
        ("J45.90 is a kind of J46 [1], <<140-104=36>>.", "contradicted"),
    ],
)
def test_a_calculation_is_recomputed_and_its_numbers_are_traced(step: str, outcome: str) -> None:
    assert [step.outcome for step in judge(step)] == [outcome]


def test_a_value_may_be_used_in_a_later_step_also_rounded() -> None:
    judged = judge("<<140/104=1.34615>>\n<<1.35*140=189>>\n<<1.3*140=182>>\n<<7.7*140=1078>>")
    assert [step.outcome for step in judged] == ["supported", "supported", "supported", "unjudged"]


def test_the_graph_supports_a_fact_that_cites_nothing() -> None:
    graph = Graph(("icd:J45.90", "srm:kindOf", "icd:J45.9"))
    judged = judge("J45.90 is a kind of J45.9.", graph)
    assert (judged[0].outcome, judged[0].cites) == ("supported", (graph.triples[0].id,))


def test_the_graph_contradicts_another_object_of_an_entity_that_was_shown() -> None:
    graph = Graph(("icd:J45.90", "srm:kindOf", "icd:J45.9"), ("icd:J46", "srm:kindOf", "icd:J4"))
    judged = judge("J45.90 is a kind of J46.", graph)
    assert (judged[0].outcome, judged[0].cites) == ("contradicted", (graph.triples[0].id,))
    assert judge("J46 is a kind of J45.9.", graph)[0].outcome == "unjudged"  # J46 was not shown


def test_a_fact_in_the_other_direction_is_not_judged() -> None:
    graph = Graph(("icd:J45.90", "srm:kindOf", "icd:J45.9"), ("icd:J45.9", "srm:kindOf", "icd:J45"))
    assert judge("J45.9 is the kind of J45.90.", graph)[0].outcome == "unjudged"


def test_a_fact_that_the_graph_holds_is_not_contradicted_by_a_wrong_citation() -> None:
    graph = Graph(("icd:J45.90", "srm:kindOf", "icd:J45.9"), ("icd:J45.90", "srm:kindOf", "icd:J46"))
    assert judge("J45.90 is a kind of J46 [1].")[0].outcome == "contradicted"
    assert judge("J45.90 is a kind of J46 [1].", graph)[0].outcome == "supported"


def test_without_evidence_nothing_is_supported_but_arithmetic() -> None:
    judged = judge_steps(parse_trace("Asthma is a disease [1].\n<<1+1=2>>\nAnswer: 2"), (), question="1 and 1?")
    assert [step.outcome for step in judged] == ["unjudged", "supported"]


def test_the_answer_line_is_a_step_only_if_it_calculates_and_nothing_after_it_is_read() -> None:
    assert steps("Use [1].\nAnswer: <<1+2=3>> mg\nAnd <<1+1=2>>") == ["Answer: <<1+2=3>> mg"]
    assert steps("One. Two\n\nThree\nAnswer: 4\nFive") == ["One.", "Two", "Three"]
    assert steps("Answer: 4") == []


def test_a_calculation_in_the_answer_line_is_judged() -> None:
    trace = parse_trace("Use [3].\nAnswer: <<140-104-24.5=11.5>> mmol/L")
    assert [step.outcome for step in judge_steps(trace, FACTS, question=QUESTION)] == ["supported"]


def test_each_step_keeps_the_citation_it_starts_or_ends_with() -> None:
    assert steps("[1] X is B; [2] C is D; so X. [3] E is F.") == ["[1] X is B", "[2] C is D", "so X.", "[3] E is F."]
    assert steps("A is B. [1] C is D [2]. E.") == ["A is B. [1] C is D [2].", "E."]
    judged = judge("[1] J45.90 unspecified asthma is a kind of J45.9; [2] other asthma excludes J44; so J45.90.")
    assert [step.outcome for step in judged] == ["supported", "supported", "unjudged"]


def test_outcomes_are_counted_even_when_there_are_none() -> None:
    judged = judge("J45.90 is a kind of J45.9 [1].\nHm.")
    assert count_outcomes(judged) == {"supported": 1, "contradicted": 0, "unjudged": 1}
    assert count_outcomes([]) == {"supported": 0, "contradicted": 0, "unjudged": 0}


def test_text_is_cut_into_clauses_words_and_numbers() -> None:
    assert [(clause.text, clause.cites) for clause in clauses("From [1] and [2], A1 holds, so B2 [3] and C3")] == [
        ("A1 holds, so B2", (1, 2, 3)),
        ("and C3", ()),
    ]
    assert [clause.cites for clause in clauses("A1 holds [1], [2].")] == [(1, 2)]
    assert [token.form for token in content("The codes of J45.90, HP:0001250 and 1,200.50 mg")] == [
        "code",
        "j45.90",
        "hp:0001250",
        "1200.5",
        "mg",
    ]
    assert numbers("E11.9 at -2.5, 1,000 and 3.") == [-2.5, 1000.0, 3.0]
    assert negated("It isn’t so")
    assert not negated("It is not without risk")
