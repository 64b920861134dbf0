"""Any langchain chat model as our `Model`: many calls at a time, each retried, each kept as it comes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from srm_core.calculator import recompute
from srm_core.errors import ModelError
from srm_core.protocols import Conversation
from srm_core.records import Completion, Sampling

from .messages import to_langchain
from .retry import call_with_retries

SETTINGS = ("temperature", "top_p", "max_tokens", "seed")
_CUT_SHORT = frozenset({"length", "max_tokens", "max_output_tokens"})
log = logging.getLogger(__name__)


class ChatModelTeacher:
    """A `Model` over ``chat``; its completions have no token ids and no log-probabilities.

    ``lacks`` names the sampling settings that ``chat`` has no field for, or that ``fixed`` (given in the ref) decides:
    they are not sent. With the calculator on, what follows ``=`` in ``<<expr=value>>`` is computed anew once the text
    is there; unlike in our engine, the model did not see the computed value while it wrote on.
    """

    def __init__(
        self, chat: BaseChatModel, ref: str, *, fixed: Sequence[str] = (), concurrency: int = 8, attempts: int = 5
    ) -> None:
        fields = type(chat).model_fields
        self._chat = chat
        self._ref = ref
        self._sent = tuple(name for name in SETTINGS if name in fields and name not in fixed)
        self._concurrency = concurrency
        self._attempts = attempts
        self.lacks = tuple(name for name in SETTINGS if name not in self._sent)
        if self.lacks:
            log.warning("%s is not sent these sampling settings: %s", ref, ", ".join(self.lacks))

    @property
    def ref(self) -> str:
        """Return the reference the model was opened by."""
        return self._ref

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each conversation, one call each, the seed rising by 1.

        Raises:
            ModelError: a call gave no answer after all its tries.
        """
        requests = [(conversation, index) for conversation in conversations for index in range(sampling.n)]
        found = dict(self.calls(requests, sampling))
        answers = [found[position] for position in range(len(requests))]
        return [answers[start : start + sampling.n] for start in range(0, len(answers), sampling.n)]

    def calls(
        self, requests: Sequence[tuple[Conversation, int]], sampling: Sampling
    ) -> Iterator[tuple[int, Completion]]:
        """Yield (position, completion) as calls finish; a request is a conversation and which of the n samples.

        After a failure no new call starts; those under way are still yielded before the error is raised.
        """
        cancelled = threading.Event()
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="teacher")
        try:
            waiting: dict[Future[Completion], int] = {
                pool.submit(self._call, conversation, sampling, index, cancelled): position
                for position, (conversation, index) in enumerate(requests)
            }
            failure: BaseException | None = None
            for future in as_completed(waiting):
                if future.cancelled():
                    continue
                error = future.exception()
                if error is None:
                    yield waiting[future], future.result()
                elif failure is None:
                    failure = error
                    cancelled.set()
                    for other in waiting:
                        other.cancel()
            if failure is not None:
                raise failure
        finally:
            cancelled.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def _call(
        self, conversation: Conversation, sampling: Sampling, index: int, cancelled: threading.Event
    ) -> Completion:
        messages = to_langchain(conversation)
        settings = self._settings(sampling, index)
        stop = list(sampling.stop) or None
        message = call_with_retries(
            lambda: self._chat.invoke(messages, stop=stop, **settings),
            ref=self._ref,
            attempts=self._attempts,
            cancelled=cancelled,
        )
        return completion_of(message, sampling)

    def _settings(self, sampling: Sampling, index: int) -> dict[str, Any]:
        values = {**sampling.model_dump(include=set(SETTINGS)), "seed": sampling.seed + index}
        return {name: values[name] for name in self._sent}


def completion_of(message: BaseMessage, sampling: Sampling) -> Completion:
    """Return the message as a completion, cut before the first stop text; ``tokens`` is 0 where none are told.

    Raises:
        ModelError: the message is not an assistant's.
    """
    if not isinstance(message, AIMessage):
        raise ModelError(f"the chat model answered with a {message.type!r} message instead of an assistant's")
    text = cut_at(str(message.text), sampling.stop)
    reason = message.response_metadata.get("finish_reason") or message.response_metadata.get("stop_reason") or ""
    return Completion(
        text=recompute(text) if sampling.calculator else text,
        finished=str(reason).lower() not in _CUT_SHORT,
        tokens=message.usage_metadata["output_tokens"] if message.usage_metadata else 0,
    )


def cut_at(text: str, stops: Sequence[str]) -> str:
    """Return ``text`` up to the first of ``stops``; servers differ in whether they leave it in."""
    ends = [place for place in (text.find(stop) for stop in stops if stop) if place >= 0]
    return text[: min(ends)] if ends else text
