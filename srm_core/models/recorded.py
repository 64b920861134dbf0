"""A model that replays what another one said: JSONL, one request a line, found by the request's hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from srm_core.errors import ModelError
from srm_core.protocols import Conversation, Model
from srm_core.records import Completion, Message, Sampling, Value, digest


def request_key(conversation: Conversation, sampling: Sampling) -> str:
    """Return the sha256 hex digest that names one request: every message and every sampling setting."""
    turns = [message.model_dump(mode="json") for message in conversation]
    return digest([turns, sampling.model_dump(mode="json")])


class Exchange(Value):
    """One line of a recording: what was asked of which model, and its ``sampling.n`` completions."""

    request: str  # request_key of the two fields below; an edited question is refused
    model: str  # ref of the model that answered
    conversation: tuple[Message, ...]
    sampling: Sampling
    completions: tuple[Completion, ...]


class RecordedModel:
    """The `Model` behind ``recorded:PATH``. Of two lines with one request the later one counts.

    Raises:
        ModelError: the file is missing, or a line is no exchange or was edited.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._answers = {exchange.request: exchange for exchange in _read(self._path)}

    @property
    def ref(self) -> str:
        """Return ``recorded:PATH``."""
        return f"recorded:{self._path}"

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return the recorded completions of each conversation.

        Raises:
            ModelError: a request was never recorded; sampling settings are part of the request.
        """
        return [list(self._find(conversation, sampling).completions) for conversation in conversations]

    def _find(self, conversation: Conversation, sampling: Sampling) -> Exchange:
        exchange = self._answers.get(request_key(conversation, sampling))
        if exchange is None:
            asked = conversation[-1].content[-80:] if conversation else ""
            raise ModelError(
                f"{self.ref} holds no answer to the request that ends in {asked!r} with these sampling settings; "
                f"it holds {len(self._answers)} others"
            )
        return exchange


@dataclass(frozen=True)
class Recorder:
    """A `Model` that answers as ``model`` does and appends every exchange to ``path``."""

    model: Model
    path: Path

    @property
    def ref(self) -> str:
        """Return the ref of the model that is recorded."""
        return self.model.ref

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Ask the model, append one line for each conversation, return the completions."""
        answers = self.model.generate(conversations, sampling)
        with self.path.open("a", encoding="utf-8") as file:
            for conversation, completions in zip(conversations, answers, strict=True):
                exchange = Exchange(
                    request=request_key(conversation, sampling),
                    model=self.model.ref,
                    conversation=tuple(conversation),
                    sampling=sampling,
                    completions=tuple(completions),
                )
                file.write(exchange.model_dump_json() + "\n")
        return answers


def recording(model: Model, path: Path | str) -> Recorder:
    """Return ``model`` with every exchange appended to ``path``, to be replayed as ``recorded:PATH``."""
    return Recorder(model, Path(path))


def _read(path: Path) -> list[Exchange]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise ModelError(f"recorded:{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"recorded:{path} cannot be read: {error}") from None
    return [_exchange(line, f"recorded:{path}, line {n}") for n, line in enumerate(lines, 1) if line.strip()]


def _exchange(line: str, where: str) -> Exchange:
    try:
        exchange = Exchange.model_validate_json(line)
    except ValidationError as error:
        raise ModelError(f"{where} is no recorded exchange: {error.errors()[0]['msg']}") from None
    if exchange.request != request_key(exchange.conversation, exchange.sampling):
        raise ModelError(f"{where} was edited: its request hash does not match its conversation and sampling")
    if len(exchange.completions) != exchange.sampling.n:
        raise ModelError(f"{where} holds {len(exchange.completions)} completions, but n is {exchange.sampling.n}")
    return exchange
