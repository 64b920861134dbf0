"""Finished calls outlive a kill: what a teacher has answered once is never asked again.

The file is append-only JSONL. A line is what was acknowledged together: a checksum, then the calls of one
batch. It is written, flushed and synced before anybody sees the completions, so after ``kill -9`` either the
whole batch is there or none of it, and a rerun asks whole batches again, never halves of one (a local model's
draws depend on its batch). A torn last line is dropped on opening; damage anywhere else is an error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from filelock import FileLock, Timeout
from pydantic import ValidationError

from srm_core.errors import ArtifactError, ModelError
from srm_core.models.recorded import request_key
from srm_core.protocols import Conversation, Model, Scorer
from srm_core.records import Completion, Sampling, digest

from .one_pass import check_count

Request = tuple[Conversation, int]  # a conversation and which of the n samples


@runtime_checkable
class Incremental(Protocol):
    """A model whose single calls finish one by one (an endpoint), so each can be kept as it comes."""

    def calls(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[int, Completion]]:
        """Yield (position of the request, completion) in the order in which calls finish."""
        ...


def call_key(ref: str, conversation: Conversation, sampling: Sampling, index: int) -> str:
    """Return the sha256 hex digest that names sample ``index`` of one request to the model ``ref``."""
    return digest([ref, request_key(conversation, sampling), index])


def score_key(ref: str, conversation: Conversation, continuation: str) -> str:
    """Return the sha256 hex digest that names the scoring of ``continuation`` after ``conversation`` by ``ref``."""
    return digest([ref, "score", [turn.model_dump(mode="json") for turn in conversation], continuation])


class CallCache:
    """The calls in ``path``, held by one process at a time; a context manager.

    ``dropped`` is the number of bytes of a torn last line that opening removed.

    Raises:
        ArtifactError: another process holds the file, or a line before the last is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(f"{path}.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ArtifactError(f"{path} is held by another process; wait for it or stop it") from None
        try:
            self._file = path.open("a+b")
            self._calls, self.dropped = self._load()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._calls)

    def close(self) -> None:
        """Close the file and let go of it."""
        if "_file" in self.__dict__:
            self._file.close()
        self._lock.release()

    def get(self, key: str) -> Completion | None:
        """Return the completion of a finished call, or None."""
        return self._calls.get(key)

    def put(self, calls: Mapping[str, Completion]) -> None:
        """Keep finished calls, all or none; on return they are on disk."""
        if not calls:
            return
        body = json.dumps({key: completion.model_dump(mode="json") for key, completion in calls.items()})
        self._file.write(f"{digest(body)} {body}\n".encode("ascii"))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._calls.update(calls)

    def _load(self) -> tuple[dict[str, Completion], int]:
        self._file.seek(0)
        lines = self._file.read().splitlines(keepends=True)
        calls: dict[str, Completion] = {}
        for number, line in enumerate(lines, 1):
            batch = _batch(line)
            if batch is None and number < len(lines):
                raise ArtifactError(
                    f"{self._path}, line {number} is damaged; delete that line to ask its calls again, or the file"
                )
            if batch is None:
                size = sum(map(len, lines[:-1]))
                self._file.truncate(size)
                self._file.seek(size)
                return calls, len(line)
            calls.update(batch)
        return calls, 0


def _batch(line: bytes) -> dict[str, Completion] | None:
    seal, space, body = line.decode("ascii", "replace").partition(" ")
    if not space or not body.endswith("\n") or seal != digest(body[:-1]):
        return None
    try:
        return {key: Completion.model_validate(fields) for key, fields in json.loads(body).items()}
    except ValidationError:
        return None


class CachedModel:
    """A `Model` that answers from ``path`` what ``model`` answered before, and asks and keeps the rest.

    The file must belong to one state of the model: a checkpoint retrained in place keeps its ref. ``asked`` counts
    the completions the model gave, ``kept`` those that came from the file.
    """

    def __init__(self, model: Model, path: Path | str) -> None:
        self._model = model
        self._cache = CallCache(Path(path))
        self.asked = 0
        self.kept = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def ref(self) -> str:
        """Return the ref of the model behind."""
        return self._model.ref

    def close(self) -> None:
        """Close the file and let go of it."""
        self._cache.close()

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each conversation; equal conversations share theirs.

        A model that is not `Incremental` is asked anew for every sample of a conversation that lacks one.

        Raises:
            ModelError: the model gave more or fewer completions than it was asked for.
        """
        rows = [[call_key(self.ref, talk, sampling, n) for n in range(sampling.n)] for talk in conversations]
        distinct = {tuple(row): talk for row, talk in zip(rows, conversations, strict=True)}
        before = len(self._cache)
        if isinstance(self._model, Incremental):
            self._ask_singly(self._model, distinct, sampling)
        else:
            self._ask_whole(distinct, sampling)
        self.asked += len(self._cache) - before
        self.kept += len(distinct) * sampling.n - (len(self._cache) - before)
        return [[self._answer(key) for key in row] for row in rows]

    def score(
        self, conversations: Sequence[Conversation], continuations: Sequence[str]
    ) -> list[tuple[float, ...]] | None:
        """Return the log-probabilities of each continuation's tokens, kept like completions; None if it cannot score.

        Raises:
            ModelError: the model gave more or fewer scores than it was asked for.
        """
        if not isinstance(self._model, Scorer):
            return None
        asked = list(zip(conversations, continuations, strict=True))
        keys = [score_key(self.ref, talk, text) for talk, text in asked]
        missing = {key: pair for key, pair in zip(keys, asked, strict=True) if self._cache.get(key) is None}
        if missing:
            scores = self._model.score([talk for talk, _ in missing.values()], [text for _, text in missing.values()])
            if scores is None:
                return None
            if len(scores) != len(missing):
                raise ModelError(f"{self.ref} was asked for {len(missing)} scores and gave {len(scores)}")
            texts = [text for _, text in missing.values()]
            kept = (
                Completion(text=t, finished=True, tokens=len(s), logprobs=tuple(s))
                for t, s in zip(texts, scores, strict=True)
            )
            self._cache.put(dict(zip(missing, kept, strict=True)))
        return [self._answer(key).logprobs for key in keys]

    def _ask_whole(self, distinct: Mapping[tuple[str, ...], Conversation], sampling: Sampling) -> None:
        missing = [row for row in distinct if any(self._cache.get(key) is None for key in row)]
        if not missing:
            return
        answers = self._model.generate([distinct[row] for row in missing], sampling)
        check_count(answers, conversations=len(missing), n=sampling.n, ref=self.ref)
        pairs = [pair for row, answer in zip(missing, answers, strict=True) for pair in zip(row, answer, strict=True)]
        self._cache.put(dict(pairs))

    def _ask_singly(
        self, model: Incremental, distinct: Mapping[tuple[str, ...], Conversation], sampling: Sampling
    ) -> None:
        requests = {
            key: (talk, index)
            for row, talk in distinct.items()
            for index, key in enumerate(row)
            if self._cache.get(key) is None
        }
        keys = list(requests)
        for position, completion in model.calls(list(requests.values()), sampling):
            self._cache.put({keys[position]: completion})

    def _answer(self, key: str) -> Completion:
        completion = self._cache.get(key)
        if completion is None:
            raise ModelError(f"{self.ref} gave fewer completions than it was asked for")
        return completion
