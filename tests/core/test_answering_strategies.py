"""Strategies of `ask` by hand: what was asked, what was retrieved, what stops them, and that citations carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from srm_core.answering import Answer, Step, answered
from srm_core.answering.iterative import NEXT
from srm_core.answering.searching import CONDENSE, HOW, NO_MORE
from srm_core.answering.self_reasoning import CHOOSE, RELEVANT
from srm_core.config import AskConfig, assigned
from srm_core.errors import ConfigError
from srm_core.inference.asking import Asker
from srm_core.protocols import Conversation
from srm_core.records import Completion, Evidence, Sampling
from srm_core.testing.fakes import FakeModel

QUESTION = "In which country does Ann live?"
ANN = Evidence(text="Ann lives in Oslo.", cites=("chunk-ann",))
OSLO = Evidence(text="Oslo lies in Norway. It has a harbour.", cites=("chunk-oslo",))
BOB = Evidence(text="Bob lives in Rome.", cites=("chunk-bob",))
HERE, WHERE = "Where does Ann live?", "Where does Oslo lie?"
BASE: Mapping[str, tuple[Evidence, ...]] = {QUESTION: (BOB,), HERE: (ANN, BOB), WHERE: (OSLO,)}
STEPPED = ("iterative", "search", "self-reasoning")


class Asked:
    """An answer with what the model was asked (the last turn each time) and what was looked up."""

    def __init__(
        self,
        strategy: str,
        replies: Sequence[str] | Callable[[Conversation], str],
        base: Mapping[str, tuple[Evidence, ...]] = BASE,
        **bounds: int,
    ) -> None:
        self.queries: list[str] = []
        self.model = FakeModel(replies)

        def retrieve(text: str) -> Sequence[Evidence]:
            self.queries.append(text)
            return base.get(text, ())

        asker = Asker(self.model, system="Answer.", sampling=Sampling())
        self.answer: Answer = answered(strategy, asker, QUESTION, retrieve, AskConfig(**bounds))

    @property
    def turns(self) -> list[str]:
        return [turns[-1].content for turns in self.model.asked]


CHAIN = [
    f"Search: {HERE}",
    "Ann lives in Oslo [1].\nAnswer: Oslo",
    f"search: {WHERE}",
    "Answer: Norway [1]",
    "Search: none",
    "She lives in Oslo [1], and Oslo lies in Norway [2].\nAnswer: Norway",
]


def test_iterative_asks_sub_queries_answers_them_and_cites_what_they_found() -> None:
    done = Asked("iterative", [*CHAIN, f"Search: {HERE}", "Answer: Italy [1]"])
    assert (done.answer.answer, done.answer.cites, done.answer.evidence) == ("Norway", (1, 2), (ANN, OSLO, BOB))
    assert done.queries[:3] == [QUESTION, HERE, WHERE]
    assert done.turns[:6] == [
        f"Question: {QUESTION}\n\n{NEXT}",
        f"Facts:\nAnn lives in Oslo [1]\nBob lives in Rome [2]\n\nQuestion: {HERE}",
        f"Question: {QUESTION}\n\nLooked up so far:\n- {HERE}: Oslo\n\n{NEXT}",
        f"Facts:\nOslo lies in Norway. It has a harbour [1]\n\nQuestion: {WHERE}",
        f"Question: {QUESTION}\n\nLooked up so far:\n- {HERE}: Oslo\n- {WHERE}: Norway\n\n{NEXT}",
        f"Found so far:\n- {HERE}: Oslo [1]\n- {WHERE}: Norway [2]\n\nFacts:\nAnn lives in Oslo [1]\n"
        f"Oslo lies in Norway. It has a harbour [2]\nBob lives in Rome [3]\n\nQuestion: {QUESTION}",
    ]
    assert done.answer.steps == (
        Step("sub-query", CHAIN[0], HERE, ("chunk-ann", "chunk-bob")),
        Step("sub-answer", CHAIN[1], HERE, ("chunk-ann", "chunk-bob"), ("chunk-ann",)),
        Step("sub-query", CHAIN[2], WHERE, ("chunk-oslo",)),
        Step("sub-answer", CHAIN[3], WHERE, ("chunk-oslo",), ("chunk-oslo",)),
        Step("sub-query", CHAIN[4], note="nothing is missing"),
    )


def test_the_test_runs_the_whole_chain_again_without_what_was_cited() -> None:
    done = Asked("iterative", [*CHAIN, f"Search: {HERE}", "Answer: Italy [1]"])
    assert done.queries[3:] == [QUESTION, HERE]  # which gives nothing new once Ann is withheld, so the chain ends
    assert done.turns[6:] == [
        f"Question: {QUESTION}\n\n{NEXT}",
        f"Facts:\nBob lives in Rome [1]\n\nQuestion: {QUESTION}",
    ]
    parrot = Asked("iterative", [*CHAIN, "Search: none", "It is known [1].\nAnswer: norway"]).answer
    assert (parrot.answer, parrot.why) == (None, "the same answer came without the evidence it cites")
    assert parrot.steps == done.answer.steps


def test_iterative_stops_when_nothing_new_is_retrieved_and_at_the_bounds() -> None:
    again = Asked("iterative", [f"Search: {QUESTION}", "Answer: ?"])
    assert again.answer.steps == (
        Step("sub-query", f"Search: {QUESTION}", QUESTION, ("chunk-bob",), note="nothing new was retrieved"),
    )
    assert again.answer.why == "it cites nothing that exists"
    short = Asked("iterative", [*CHAIN[:2], "Answer: Oslo"], hops=1)
    assert [step.name for step in short.answer.steps] == ["sub-query", "sub-answer"]
    assert short.turns[2].startswith(f"Found so far:\n- {HERE}: Oslo [1]\n\nFacts:\nAnn lives in Oslo [1]\nBob")
    spent = Asked("iterative", [CHAIN[0], "Answer: ?"], tokens=5)  # the sub-query has five words
    assert [step.name for step in spent.answer.steps] == ["sub-query"]
    assert spent.turns[1] == f"Facts:\nBob lives in Rome [1]\n\nQuestion: {QUESTION}"
    few = Asked("iterative", [*CHAIN[:5], "Answer: ?"], passages=2)
    assert few.answer.evidence == (ANN, OSLO)


def test_a_sub_answer_that_cites_nothing_it_was_shown_is_not_carried_on() -> None:
    done = Asked("iterative", [CHAIN[0], "Answer: Oslo [3]", "Search: none", "Answer: Oslo"])
    assert done.answer.steps[1].note == "it cites nothing that exists and is not carried on"
    assert f"Looked up so far:\n- {HERE}: not found" in done.turns[2]
    assert done.turns[3] == f"Facts:\nBob lives in Rome [1]\n\nQuestion: {QUESTION}"


SEARCHED = [
    f"I need her town. <search>{HERE}",
    "Ann lives in Oslo [1].\nThis has no number.\nThis was not shown [7].",
    f"So Oslo [1]. <search>{WHERE}</search> and what it goes on to say is not read",
    "Oslo lies in Norway [1]",
    "Oslo lies in Norway [2].\nAnswer: Norway",
]


def test_search_goes_on_reasoning_with_what_was_found_condensed() -> None:
    done = Asked("search", [*SEARCHED, f"<search>{HERE}</search>", "none", "I cannot say."])
    assert (done.answer.answer, done.answer.cites, done.answer.evidence) == ("Norway", (1, 2), (ANN, OSLO))
    assert done.queries == [HERE, WHERE, HERE]
    assert done.turns[:5] == [
        f"Question: {QUESTION}\n\n{HOW}",
        f"Facts:\nAnn lives in Oslo [1]\nBob lives in Rome [2]\n\nQuestion: {HERE}\n\n"
        f"Reasoning so far:\nI need her town.\n\n{CONDENSE}",
        "Ann lives in Oslo [1].",
        f"Facts:\nOslo lies in Norway. It has a harbour [1]\n\nQuestion: {WHERE}\n\n"
        f"Reasoning so far:\nI need her town.\nSo Oslo [1].\n\n{CONDENSE}",
        "Oslo lies in Norway [2]",  # its number among all that was kept
    ]
    _, _, said, found, said_next, _ = done.model.asked[4]
    assert (said.role, said.content) == ("assistant", f"I need her town. <search>{HERE}</search>")
    assert (found.role, found.content) == ("user", "Ann lives in Oslo [1].")
    assert said_next.content == f"So Oslo [1]. <search>{WHERE}</search>"
    assert done.answer.text == "I need her town.\nSo Oslo [1].\nOslo lies in Norway [2].\nAnswer: Norway"
    assert done.answer.steps == (
        Step("reasoning", SEARCHED[0], HERE, ("chunk-ann", "chunk-bob")),
        Step("condensed", SEARCHED[1], HERE, ("chunk-ann", "chunk-bob"), ("chunk-ann",)),
        Step("reasoning", SEARCHED[2], WHERE, ("chunk-oslo",)),
        Step("condensed", SEARCHED[3], WHERE, ("chunk-oslo",), ("chunk-oslo",)),
    )


def test_search_is_bounded_by_hops_and_tokens_and_then_asked_for_the_answer() -> None:
    hop = Asked("search", [*SEARCHED[:2], "Answer: Oslo [1]", f"<search>{HERE}</search>", "none"], hops=1)
    assert hop.turns[2] == f"Ann lives in Oslo [1].\n\n{NO_MORE}"
    replies = [*SEARCHED[:2], "Answer: Oslo [1]", f"<search>{HERE}</search>", "none", "?"]
    spent = Asked("search", replies, tokens=22)  # 8 + 14 words
    assert spent.turns[2] == f"Ann lives in Oslo [1].\n\n{NO_MORE}"
    more = Asked("search", [*SEARCHED[:2], "<search>more</search>", "Answer: Rome [1]", "Answer: ?"], hops=1)
    assert more.answer.failed == 1
    assert "search: 1 step failed (a search after the last)" in more.answer.note


def test_search_without_anything_found_abstains() -> None:
    done = Asked("search", ["<search>Where is Eve?</search>", "Answer: Paris [1]"])
    assert done.turns[1] == "Nothing was found."
    assert (done.answer.answer, done.answer.why) == (None, "nothing in the knowledge base bears on the question")
    none = Asked("search", [f"<search>{HERE}</search>", "None.", "Answer: Paris [1]"])
    assert (none.answer.answer, none.answer.steps[1].kept) == (None, ())


ALL = {QUESTION: (ANN, OSLO, BOB)}
JUDGED = ["Relevant: yes, it names her town", "relevant: YES", "Relevant: no, Bob is another"]
CHOSEN = (
    '[1] "Ann lives in Oslo." | her town\n[2] oslo lies  in Norway | its country\n[2] It has a lake | no such sentence'
)
CONCLUDED = "Ann lives in Oslo [1], in Norway [2].\nAnswer: Norway"


def test_self_reasoning_judges_passages_then_sentences_then_answers() -> None:
    done = Asked("self-reasoning", [*JUDGED, CHOSEN, CONCLUDED, "Relevant: no"], ALL)
    assert (done.answer.answer, done.answer.cites) == ("Norway", (1, 2))
    assert [(piece.text, piece.cites) for piece in done.answer.evidence] == [
        ("Ann lives in Oslo.", ("chunk-ann",)),
        ("oslo lies in Norway.", ("chunk-oslo",)),
    ]
    assert done.turns == [
        f"Facts:\nAnn lives in Oslo [1]\n\nQuestion: {QUESTION}\n\n{RELEVANT}",
        f"Facts:\nOslo lies in Norway. It has a harbour [1]\n\nQuestion: {QUESTION}\n\n{RELEVANT}",
        f"Facts:\nBob lives in Rome [1]\n\nQuestion: {QUESTION}\n\n{RELEVANT}",
        f"Facts:\nAnn lives in Oslo [1]\nOslo lies in Norway. It has a harbour [2]\n\nQuestion: {QUESTION}\n\n{CHOOSE}",
        "Found so far:\n- [1] it names her town\n\n"
        f"Facts:\nAnn lives in Oslo [1]\noslo lies in Norway [2]\n\nQuestion: {QUESTION}",
        f"Facts:\nBob lives in Rome [1]\n\nQuestion: {QUESTION}\n\n{RELEVANT}",  # again, without what was cited
    ]
    assert [(step.name, step.kept) for step in done.answer.steps] == [
        ("relevance", ("chunk-ann",)), ("relevance", ("chunk-oslo",)), ("relevance", ()),
        ("sentences", ("chunk-ann", "chunk-oslo")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        (["Relevant: no"] * 3, "no passage was judged relevant"),
        ([*JUDGED, "none"], "no sentence was chosen that stands in the passage it names"),
        ([*JUDGED, "[1] Ann lives in Rome | made up\n[9] x y\n[1] Ann"], "no sentence was chosen that stands in the passage it names"),
    ],
)  # fmt: skip
def test_self_reasoning_abstains_where_nothing_supports(replies: list[str], why: str) -> None:
    done = Asked("self-reasoning", replies, ALL)
    assert (done.answer.answer, done.answer.why, done.answer.failed) == (None, why, 0)


@pytest.mark.parametrize(
    ("strategy", "broken", "count", "reason"),
    [
        ("iterative", ["I do not know."], 1, 'a sub-query without a line "Search: ..."'),
        ("iterative", [CHAIN[0], "It is so."], 1, "a sub-answer without one answer"),
        ("search", ["Answer: Norway"], 1, "it answered without a search"),
        ("search", ["<search> </search>"], 1, "a query that is empty or not closed by </search>"),
        ("search", [SEARCHED[0], "Ann lives in Oslo."], 1, "a condensed text that cites nothing"),
        ("self-reasoning", ["yes", "Relevant: no", "perhaps"], 2, 'a judgement without a line "Relevant: yes" or "Relevant: no"'),
        ("self-reasoning", [*JUDGED, "Ann lives in Oslo."], 1, "a choice of sentences without numbers"),
    ],
)  # fmt: skip
def test_a_step_that_cannot_be_read_is_counted_and_single_answers(
    strategy: str, broken: list[str], count: int, reason: str
) -> None:
    base = {**BASE, **ALL} if strategy == "self-reasoning" else BASE
    first = len(broken)

    def reply(turns: Conversation) -> str:  # broken once, and in the same way once more in the test
        nonlocal first
        first -= 1
        if first >= 0:
            return broken[-first - 1]
        number = turns[-1].content.partition("Bob lives in Rome [")[2][:1]
        return f"Bob [{number}].\nAnswer: Italy" if number else "?"

    done = Asked(strategy, reply, base)
    shown = "\n".join(f"{piece.text.removesuffix('.')} [{n}]" for n, piece in enumerate(base[QUESTION], 1))
    assert done.turns[len(broken)] == f"Facts:\n{shown}\n\nQuestion: {QUESTION}"  # as single asks
    assert done.answer.failed == count
    plural = "" if count == 1 else "s"
    assert done.answer.note == f"{strategy}: {count} step{plural} failed ({reason}); answered by single"
    assert (done.answer.answer, done.answer.evidence) == ("Italy", base[QUESTION])
    assert len(done.answer.steps) == len(broken)


@pytest.mark.parametrize(
    ("strategy", "replies", "bounds", "count", "reason"),
    [
        ("search", [SEARCHED[0]], {"tokens": 8}, 1, "the tokens do not suffice to condense what was found"),
        ("self-reasoning", [], {"tokens": 2}, 3, "the tokens do not suffice to judge the passages"),
        (
            "self-reasoning",
            JUDGED[:1],
            {"tokens": 6, "passages": 1},
            1,
            "the tokens do not suffice to choose sentences",
        ),
    ],
)
def test_where_the_tokens_do_not_suffice_single_answers(
    strategy: str, replies: list[str], bounds: dict[str, int], count: int, reason: str
) -> None:
    base = ALL if strategy == "self-reasoning" else BASE
    done = Asked(strategy, [*replies, "I cannot say."], base, **bounds)
    assert (done.answer.failed, done.answer.why) == (count, "it gave no single answer")
    assert f"({reason}); answered by single" in done.answer.note
    assert done.turns[-1].startswith("Facts:\n")
    assert len(done.turns) == len(replies) + 1


def reader(turns: Conversation) -> str:
    """A student that follows every protocol and knows only what it is shown."""
    text = turns[-1].content
    knows = "Oslo lies in Norway" in text
    if NEXT in text:
        return "Search: none" if "Norway" in text else f"Search: {WHERE}"
    if HOW in text:
        return f"<search>{WHERE}</search>"
    if CONDENSE in text:
        return "Oslo lies in Norway [1]" if knows else "none"
    if RELEVANT in text:
        return "Relevant: yes" if knows else "Relevant: no"
    if CHOOSE in text:
        return "[1] Oslo lies in Norway" if knows else "none"
    lines = [line for line in text.splitlines() if "Oslo lies in Norway" in line]
    return f"By [{lines[0].rpartition('[')[2][0]}].\nAnswer: Norway" if lines else "Answer: unknown"


def parrot(turns: Conversation) -> str:
    said = reader(turns)
    return "By [1].\nAnswer: Norway" if said == "Answer: unknown" else said


@pytest.mark.parametrize("strategy", STEPPED)
def test_removing_what_is_cited_changes_the_answer_or_it_abstains(strategy: str) -> None:
    base = {QUESTION: (OSLO, BOB), WHERE: (OSLO, BOB), HERE: (ANN,)}
    base_for_chain = {**base, QUESTION: (BOB,)} if strategy == "iterative" else base
    done = Asked(strategy, reader, base_for_chain)
    assert done.answer.answer == "Norway"
    assert done.answer.cites
    assert all(1 <= n <= len(done.answer.evidence) for n in done.answer.cites)
    assert {done.answer.evidence[n - 1].cites for n in done.answer.cites} == {("chunk-oslo",)}
    gone = {text: tuple(piece for piece in pieces if piece != OSLO) for text, pieces in base_for_chain.items()}
    assert Asked(strategy, reader, gone).answer.answer is None
    if strategy == "iterative":  # the others abstain by themselves where nothing bears on the question
        assert (
            Asked(strategy, parrot, base_for_chain).answer.why == "the same answer came without the evidence it cites"
        )


@pytest.mark.parametrize("strategy", ["single", *STEPPED])
def test_without_anything_retrieved_every_strategy_abstains(strategy: str) -> None:
    done = Asked(strategy, reader, {})
    assert (done.answer.answer, done.answer.why) == (None, "nothing in the knowledge base bears on the question")


def test_single_is_asked_as_ever() -> None:
    done = Asked("single", ["Bob [1].\nAnswer: Italy", "Answer: ?"])
    assert (done.answer.answer, done.answer.steps, done.answer.note) == ("Italy", (), "")
    assert done.turns == [f"Facts:\nBob lives in Rome [1]\n\nQuestion: {QUESTION}", f"Question: {QUESTION}"]


def test_an_unknown_strategy_is_named() -> None:
    with pytest.raises(ConfigError, match=r"there is no strategy 'iterativ'. Did you mean 'iterative'\?"):
        Asked("iterativ", [])


class Watched(FakeModel):
    """Keeps how each completion was to be sampled."""

    def __init__(self, replies: Sequence[str]) -> None:
        super().__init__(replies)
        self.sampled: list[Sampling] = []

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        self.sampled.append(sampling)
        return super().generate(conversations, sampling)


def sampled(strategy: str, replies: Sequence[str], *, constrained: bool = False, **bounds: Any) -> list[Sampling]:
    model = Watched(replies)
    asker = Asker(model, system="Answer.", sampling=Sampling(max_tokens=50))
    answered(strategy, asker, QUESTION, lambda text: BASE[text], AskConfig(**bounds), constrained=constrained)
    return model.sampled


def test_steps_have_their_own_bound_of_tokens_and_the_answer_has_its_own() -> None:
    asked = sampled("iterative", [*CHAIN, "Search: none", "Answer: ?"], step_tokens=7, tokens=20)
    # 20, then 5, 7 and 5 words were written: 15, 8 and 3 are left
    assert [sampling.max_tokens for sampling in asked[:4]] == [7, 7, 7, 3]
    searched = sampled("search", [*SEARCHED, f"<search>{HERE}</search>", "none", "?"])
    assert [sampling.stop for sampling in searched[:5]] == [("</search>",), (), ("</search>",), (), ("</search>",)]


def test_constrained_answers_follow_a_grammar_of_what_was_shown() -> None:
    grammars = [sampling.grammar for sampling in sampled("iterative", [*CHAIN, "Search: none", "?"], constrained=True)]
    assert grammars[:5] == [None] * 5
    assert grammars[5] is not None
    assert grammars[5].text == r"([^\[]|\[(1|2|3)\])*"
    searched = sampled("search", [*SEARCHED, f"<search>{HERE}</search>", "none", "?"], constrained=True)
    assert [sampling.grammar and sampling.grammar.text for sampling in searched[:5]] == [
        r"[^\[]*", None, r"([^\[]|\[(1)\])*", None, r"([^\[]|\[(1|2)\])*",
    ]  # fmt: skip
    single = sampled("single", ["Bob [1].\nAnswer: Italy", "?"], constrained=True)
    assert [sampling.grammar and sampling.grammar.text for sampling in single] == [r"([^\[]|\[(1)\])*", r"[^\[]*"]
    assert all(sampling.grammar is None for sampling in sampled("single", ["?"]))


def test_settings_are_checked_by_name_and_range() -> None:
    assert assigned(AskConfig, ["hops=5", "tokens=9"], where="x") == AskConfig(hops=5, tokens=9)
    with pytest.raises(ConfigError, match="Did you mean 'hops'"):
        assigned(AskConfig, ["hop=5"], where="x")
    with pytest.raises(ConfigError, match="hops = 0"):
        assigned(AskConfig, ["hops=0"], where="x")
