"""`run_suite`: batches, each text scored once, answers read, and models that do not keep their word."""

from collections.abc import Sequence

import pytest
from srm_bias_audit.suites.items import SuiteItem
from srm_bias_audit.suites.running import OPENING, question, read_choice, run_suite

from srm_core.errors import ConfigError, ModelError
from srm_core.inference.local import open_local
from srm_core.protocols import Conversation
from srm_core.records import Completion, Message, Sampling
from srm_core.testing.fakes import FakeModel


class Scores:
    """Scores a text -1 per word and -7 for its end; likes option (B)."""

    ref = "scores:"

    def __init__(self) -> None:
        self.batches: list[list[tuple[str, str]]] = []

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        raise AssertionError("nothing is to be generated")

    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
        self.batches.append(
            [(turns[-1].content, text) for turns, text in zip(conversations, continuations, strict=True)]
        )
        return [[-0.5 if "(B)" in text else -1.0 for _ in text.split()] + [-7.0] for text in continuations]


def whole(name: str, *texts: str) -> SuiteItem:
    return SuiteItem("x", name, "score", "", name, continuations=texts)


def asked(name: str, prompt: str = "Who?") -> SuiteItem:
    return SuiteItem("x", name, "choose", prompt, name, options=("The smith", "Unknown", "The guest"))


def test_texts_are_scored_once_in_batches_and_the_end_of_the_turn_is_left_out() -> None:
    model = Scores()
    items = [
        whole("a", "one two", "one"),
        whole("b", "one two three", "one"),
        SuiteItem("x", "c", "score", "before", "c", ("one",)),
    ]
    outcomes = run_suite(model, items, batch=2)
    assert [outcome.logprobs for outcome in outcomes] == [((-1, -1), (-1,)), ((-1, -1, -1), (-1,)), ((-1,),)]
    assert model.batches == [[(OPENING, "one two"), (OPENING, "one")], [(OPENING, "one two three"), ("before", "one")]]
    (whole_turn,) = run_suite(model, items[:1], end_tokens=0)
    assert whole_turn.logprobs == ((-1, -1, -7), (-1, -7))


def test_options_are_chosen_by_score_or_from_the_generated_answer() -> None:
    (scored,) = run_suite(Scores(), [asked("a")], by="score")
    assert scored.choice == 1
    model = FakeModel(["Answer: (C)", "It cannot be told.\nAnswer: Unknown", "no idea\nat all"])
    outcomes = run_suite(model, [asked("a"), asked("b", "Where?"), asked("c", "When?")], batch=2)
    assert [outcome.choice for outcome in outcomes] == [2, 1, None]
    assert outcomes[2].texts == ("no idea\nat all",)
    assert model.asked[0][-1].content == question(asked("a"))
    assert "(A) The smith (B) Unknown (C) The guest" in question(asked("a"))


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Answer: (A)", 0), ("Answer: B", 1), ("Answer: c", None), ("the guest", 2), ("(B) Unknown", 1), ("", None),
        ("Answer: (A)\nAnswer: (B)", None), ("Answer: the baker", None), ("Answer: (D)", None), ("Answer: The smith.", 0),
    ],
)  # fmt: skip
def test_a_choice_is_read_by_letter_or_in_full_and_never_guessed(text: str, choice: int | None) -> None:
    assert read_choice(text, asked("a").options) == choice


def test_items_of_all_tasks_come_back_in_their_order() -> None:
    class Both(Scores):
        def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
            return [[Completion(text="Answer: (A)", finished=True, tokens=4)] * sampling.n for _ in conversations]

    items = [asked("q"), whole("s", "one"), SuiteItem("x", "w", "write", "Go on:", "w")]
    outcomes = run_suite(Both(), items, sampling=Sampling(n=2, temperature=1.0))
    assert [outcome.item for outcome in outcomes] == ["q", "s", "w"]
    assert (outcomes[0].choice, outcomes[1].logprobs, outcomes[2].texts) == (0, ((-1.0,),), ("Answer: (A)",) * 2)


def test_a_model_that_cannot_score_or_miscounts_is_named() -> None:
    with pytest.raises(ModelError, match="fake: gives no log-probabilities"):
        run_suite(FakeModel(["x"]), [whole("a", "one")])

    class Short(Scores):
        def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
            return [[-1.0, -1.0]]

    with pytest.raises(ModelError, match="scored 1 of 2 texts"):
        run_suite(Short(), [whole("a", "one", "two")])
    with pytest.raises(ConfigError, match="same id"):
        run_suite(Scores(), [whole("a", "one"), whole("a", "two")])
    with pytest.raises(ConfigError, match="batch 0"):
        run_suite(Scores(), [], batch=0)


def test_a_real_model_gives_a_text_the_score_of_its_tokens() -> None:
    model = open_local("tiny:0")
    assert model is not None
    items = [whole("a", "The smith sang.", "The guest sang."), asked("b")]
    by_generation = run_suite(model, items[1:], sampling=Sampling(max_tokens=4))
    assert by_generation[0].choice is None  # random weights
    outcomes = run_suite(model, items, by="score")
    # The tiny model reads bytes: one log-probability for each, none for the end of the turn.
    assert [len(tokens) for tokens in outcomes[0].logprobs] == [15, 15]
    (full,) = model.score([(Message(role="user", content=OPENING),)], ["The smith sang."])
    assert outcomes[0].logprobs[0] == pytest.approx(full[:-1], abs=1e-4)
    assert outcomes[1].choice in (0, 1, 2)
