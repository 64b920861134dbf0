"""What clients send and get: the requests, replies and errors of OpenAI's chat and text completion interface."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..records import Completion, Grammar, Message, Sampling
from .likelihoods import Told, chat_shape, text_shape

MOST_SAMPLES = 16
MOST_TOP_CHAT, MOST_TOP_TEXT = 20, 5  # likely tokens beside each, as in the interface of OpenAI
NEUTRAL: dict[str, tuple[Any, ...]] = {  # parameters that are known and have no effect here: only these values pass
    "frequency_penalty": (0, None),
    "presence_penalty": (0, None),
    "logit_bias": (None, {}),
    "tools": (None, []),
    "tool_choice": (None, "none", "auto"),
    "functions": (None, []),
    "echo": (None, False),
    "best_of": (None, 1),
    "suffix": (None, ""),
}
IGNORED = ("user", "metadata", "store", "service_tier", "parallel_tool_calls", "safety_identifier", "prompt_cache_key")


class Refusal(Exception):
    """A request that is answered with an error of HTTP ``status``."""

    def __init__(self, status: int, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.param = param

    @property
    def body(self) -> dict[str, Any]:
        """The error in the interface's own form."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.status}}


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Part(_Closed):
    """A piece of a message's text."""

    type: Literal["text"]
    text: str


class Turn(_Closed):
    """One message."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]
    name: str | None = None

    @property
    def message(self) -> Message:
        """The message as our records hold it; a developer's is a system's."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return Message(role="system" if self.role == "developer" else self.role, content=plain(text))


class Schema(_Closed):
    """A JSON schema by its name; it is always followed strictly."""

    name: str = ""
    description: str | None = None
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool | None = None


class ResponseFormat(_Closed):
    """What the answer must be: any text, a JSON object, or JSON that follows a schema."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: Schema | None = None

    @model_validator(mode="after")
    def _complete(self) -> ResponseFormat:
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("json_schema goes with type json_schema, and type json_schema with it")
        return self

    @property
    def grammar(self) -> Grammar | None:
        """The grammar the answer follows."""
        if self.type == "text":
            return None
        schema = self.json_schema.schema_ if self.json_schema else {"type": "object"}
        return Grammar(form="json_schema", text=json.dumps(schema))


class StreamOptions(_Closed):
    """What a stream brings beside the text."""

    include_usage: bool = False


class Request(_Closed):
    """What both kinds of requests have in common. Without a temperature decoding is greedy, as in evaluation."""

    model: str
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    n: Annotated[int, Field(ge=1, le=MOST_SAMPLES)] | None = None
    seed: int | None = None
    stop: str | Annotated[list[str], Field(max_length=8)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    response_format: ResponseFormat | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_neutral(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        for name, values in NEUTRAL.items():
            if name in data and data[name] not in values:
                raise ValueError(f"{name} is not supported")
        return {name: value for name, value in data.items() if name not in NEUTRAL and name not in IGNORED}

    def sampling(self, most: int) -> Sampling:
        """Return how to draw; ``most`` tokens where the request names no limit."""
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Sampling(
            n=self.n or 1,
            max_tokens=self.max_tokens or most,
            temperature=self.temperature or 0.0,
            top_p=self.top_p or 1.0,
            seed=self.seed or 0,
            stop=tuple(stop for stop in stops if stop),
            grammar=self.response_format.grammar if self.response_format else None,
        )


class ChatRequest(Request):
    """``POST /v1/chat/completions``."""

    messages: Annotated[list[Turn], Field(min_length=1)]
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    logprobs: Annotated[bool, Field(strict=True)] | None = None
    top_logprobs: Annotated[int, Field(strict=True, ge=0, le=MOST_TOP_CHAT)] | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> ChatRequest:
        self.max_tokens = self.max_completion_tokens or self.max_tokens
        return self

    @model_validator(mode="after")
    def _asked_for(self) -> ChatRequest:
        if self.top_logprobs and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs: true")
        return self

    @property
    def top(self) -> int | None:
        """How many likely tokens are told beside each; None tells no likelihoods."""
        return (self.top_logprobs or 0) if self.logprobs else None


class TextRequest(Request):
    """``POST /v1/completions``."""

    prompt: str | Annotated[list[str], Field(min_length=1, max_length=1)]
    logprobs: Annotated[int, Field(strict=True, ge=0, le=MOST_TOP_TEXT)] | None = None

    @property
    def top(self) -> int | None:
        """How many likely tokens are told beside each; None tells no likelihoods."""
        return self.logprobs

    @property
    def text(self) -> str:
        """The one prompt."""
        return plain(self.prompt if isinstance(self.prompt, str) else self.prompt[0])


Asked = ChatRequest | TextRequest


def plain(text: str) -> str:
    """Return ``text`` if it can be encoded; half a surrogate pair, which JSON lets through, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refusal(400, "the text holds half of a surrogate pair, which is no character") from None
    return text


def parsed(model: type[Any], data: Any) -> Any:
    """Return ``data`` as ``model``.

    Raises:
        Refusal: it is not; the message names the first thing that is wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise Refusal(400, f"{where}: {message}" if where else message, where or None) from None


class Reply:
    """Builds the replies to one request."""

    def __init__(self, model: str, *, chat: bool, stream: bool, weighed: bool = False) -> None:
        self.chat = chat
        self.weighed = weighed  # the client wants likelihoods
        self.frame = {
            "id": f"{'chatcmpl' if chat else 'cmpl'}-{uuid4().hex}",
            "object": ("chat.completion.chunk" if stream else "chat.completion") if chat else "text_completion",
            "created": int(time.time()),
            "model": model,
        }

    def whole(self, completions: Sequence[Completion], told: Sequence[Sequence[Told]] = ()) -> dict[str, Any]:
        """Return the reply to a request that does not stream; ``told`` are the tokens of each sample."""
        choices = [
            {
                "index": index,
                "finish_reason": finish(completion),
                "logprobs": self._likelihoods(told[index] if told else ()),
                **(
                    {"message": {"role": "assistant", "content": completion.text}}
                    if self.chat
                    else {"text": completion.text}
                ),
            }
            for index, completion in enumerate(completions)
        ]
        return {**self.frame, "choices": choices, "usage": usage(completions)}

    def piece(
        self, index: int, text: str, tokens: Sequence[Told] = (), *, first: bool = False, reason: str | None = None
    ) -> dict[str, Any]:
        """Return one event of a stream; ``tokens`` are those of ``text``."""
        logprobs = self._likelihoods(tokens) if tokens else None
        delta = ({"role": "assistant"} if first else {}) | ({"content": text} if text or first else {})
        said = {"delta": delta} if self.chat else {"text": text}
        return {**self.frame, "choices": [{"index": index, "finish_reason": reason, "logprobs": logprobs, **said}]}

    def _likelihoods(self, tokens: Sequence[Told]) -> dict[str, Any] | None:
        if not self.weighed:
            return None
        return chat_shape(tokens) if self.chat else text_shape(tokens)

    def last(self, completions: Sequence[Completion]) -> dict[str, Any]:
        """Return the event that tells how many tokens there were."""
        return {**self.frame, "choices": [], "usage": usage(completions)}


def finish(completion: Completion) -> str:
    """Return why the text ended: "stop" (by itself, or a stop string) or "length"."""
    return "stop" if completion.finished else "length"


def usage(completions: Sequence[Completion]) -> dict[str, int]:
    """Return the tokens of the prompt (once) and of all samples."""
    prompt, said = len(completions[0].prompt_ids), sum(completion.tokens for completion in completions)
    return {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said}
