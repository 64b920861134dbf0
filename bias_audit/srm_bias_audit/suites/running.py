"""Put a suite's items to a model, in batches: score texts, choose among options, or write on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from srm_core.errors import ConfigError, ModelError
from srm_core.prompts import LETTERS
from srm_core.protocols import Model, Scorer
from srm_core.records import Completion, Message, Sampling
from srm_core.traces import parse_trace

from ..answers import canonical
from .items import SuiteItem, SuiteOutcome

OPENING = "Write one sentence."  # what comes before a whole sentence: a chat model has no empty prompt
CHOOSE = 'Answer with one letter, as in "Answer: (A)".'
By = Literal["generate", "score"]


def run_suite(
    model: Model,
    items: Sequence[SuiteItem],
    *,
    by: By = "generate",
    sampling: Sampling | None = None,
    batch: int = 64,
    opening: str = OPENING,
    end_tokens: int = 1,
) -> list[SuiteOutcome]:
    """Return one outcome for each item, in order; at most ``batch`` conversations go to the model at a time.

    Args:
        model: Generates; for "score" items and ``by="score"`` it must score too (`srm_core.protocols.Scorer`).
        items: Of any suites and tasks.
        by: How options are chosen: read from a generated answer, or the letter of highest log-probability.
        sampling: For what is generated; default greedy, 48 tokens.
        batch: Conversations per call, at least 1.
        opening: The user's turn before a whole sentence. All texts that are compared follow the same one.
        end_tokens: Tokens at the end of each score list that belong to the end of the turn and not to the text
            (1 for the models of `srm_core.inference`; 0 if the scorer gives none). They are left out.

    Raises:
        ModelError: the model cannot score, or gives another number of answers than it was asked for.
        ConfigError: ids repeat, or ``batch`` or ``end_tokens`` is out of range.
    """
    if batch < 1 or end_tokens < 0:
        raise ConfigError(f"batch {batch} must be at least 1 and end_tokens {end_tokens} at least 0")
    if len({item.id for item in items}) < len(items):
        raise ConfigError("two items have the same id: their outcomes could not be told apart")
    scored = [item for item in items if item.task == "score"]
    chosen = [item for item in items if item.task == "choose"]
    written = [item for item in items if item.task == "write"]
    drawn = sampling or Sampling(max_tokens=48)
    found = [
        *_score(model, scored, batch, opening, end_tokens),
        *(_choose_scored(model, chosen, batch) if by == "score" else _choose(model, chosen, drawn, batch)),
        *_write(model, written, drawn, batch),
    ]
    by_id = {outcome.item: outcome for outcome in found}
    return [by_id[item.id] for item in items]


def question(item: SuiteItem) -> str:
    """Return the words a "choose" item is asked in: its prompt, the lettered options, and how to answer."""
    lettered = " ".join(f"({letter}) {option}" for letter, option in zip(LETTERS, item.options, strict=False))
    return f"{item.prompt}\n{lettered}\n{CHOOSE}"


def read_choice(text: str, options: Sequence[str]) -> int | None:
    """Return the index of the option that a completion's ``text`` names by letter or in full, None if by none.

    Its ``Answer:`` line decides; a completion without one is read as a whole, if it is one line.
    """
    answer = parse_trace(text).answer
    if answer is None and "\n" not in text.strip() and "answer:" not in text.casefold():
        answer = text.strip()
    letter = canonical(answer, options)
    places = {letter: place for place, letter in enumerate(LETTERS[: len(options)])}
    return places.get(letter)


def _score(model: Model, items: Sequence[SuiteItem], batch: int, opening: str, end: int) -> Iterator[SuiteOutcome]:
    # The same sentence stands in several items (SoFa's identities): it is scored once.
    wanted = list(dict.fromkeys((item.prompt or opening, text) for item in items for text in item.continuations))
    logprobs = dict(zip(wanted, _logprobs(model, wanted, batch), strict=True))
    for item in items:
        scores = tuple(logprobs[item.prompt or opening, text] for text in item.continuations)
        yield SuiteOutcome(item.id, logprobs=tuple(tokens[: len(tokens) - end] for tokens in scores))


def _choose_scored(model: Model, items: Sequence[SuiteItem], batch: int) -> Iterator[SuiteOutcome]:
    wanted = [(question(item), f"Answer: ({letter})") for item in items for letter in LETTERS[: len(item.options)]]
    found = iter(_logprobs(model, wanted, batch))
    for item in items:
        logprobs = tuple(next(found) for _ in item.options)
        totals = [sum(tokens) for tokens in logprobs]
        yield SuiteOutcome(item.id, logprobs=logprobs, choice=totals.index(max(totals)))


def _choose(model: Model, items: Sequence[SuiteItem], sampling: Sampling, batch: int) -> Iterator[SuiteOutcome]:
    for item, completions in zip(
        items, _generated(model, [question(item) for item in items], sampling, batch), strict=True
    ):
        text = completions[0].text
        choice = read_choice(text, item.options)
        yield SuiteOutcome(item.id, choice=choice, texts=(text,), completion=completions[0])


def _write(model: Model, items: Sequence[SuiteItem], sampling: Sampling, batch: int) -> Iterator[SuiteOutcome]:
    prompts = [item.prompt for item in items]
    for item, completions in zip(items, _generated(model, prompts, sampling, batch), strict=True):
        texts = tuple(completion.text for completion in completions)
        yield SuiteOutcome(item.id, texts=texts, completion=completions[0])


def _generated(model: Model, prompts: Sequence[str], sampling: Sampling, batch: int) -> Iterator[list[Completion]]:
    for start in range(0, len(prompts), batch):
        asked = [(Message(role="user", content=prompt),) for prompt in prompts[start : start + batch]]
        given = model.generate(asked, sampling)
        if len(given) != len(asked) or any(len(completions) != sampling.n for completions in given):
            raise ModelError(
                f"the model {model.ref} did not give {sampling.n} completions for each of {len(asked)} items"
            )
        yield from given


def _logprobs(model: Model, wanted: Sequence[tuple[str, str]], batch: int) -> list[tuple[float, ...]]:
    found: list[tuple[float, ...]] = []
    for start in range(0, len(wanted), batch):
        part = wanted[start : start + batch]
        asked = [(Message(role="user", content=prompt),) for prompt, _ in part]
        scores = model.score(asked, [text for _, text in part]) if isinstance(model, Scorer) else None
        if scores is None:
            raise ModelError(
                f"the model {model.ref} gives no log-probabilities: this suite needs a model that scores text"
            )
        if len(scores) != len(part):
            raise ModelError(f"the model {model.ref} scored {len(scores)} of {len(part)} texts")
        found += [tuple(float(value) for value in tokens) for tokens in scores]
    return found
