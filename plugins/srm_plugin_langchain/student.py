"""Our model as a langchain chat model, so it takes the place of any other in a langchain program."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field, SkipValidation

from srm_core.config import hint
from srm_core.errors import ConfigError
from srm_core.protocols import Model
from srm_core.records import Completion, Sampling

from .messages import from_langchain
from .teacher import cut_at


class StudentChat(BaseChatModel):
    """A langchain chat model over any `Model` of ours.

    ``sampling`` is what a call starts from; ``invoke(..., stop=[...], temperature=..., max_tokens=...)`` changes it for
    one call. The text ends before the first stop text.
    """

    model: SkipValidation[Model] = Field(exclude=True)
    sampling: Sampling = Sampling()

    @property
    def _llm_type(self) -> str:
        return "srm"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model.ref, **self.sampling.model_dump()}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        """Answer once; a foreign setting is a `ConfigError` rather than ignored."""
        del run_manager  # one whole text: there are no tokens to report
        sampling = self._sampling(kwargs, stop)
        completions = self.model.generate([from_langchain(messages)], sampling)[0]
        return ChatResult(
            generations=[_generation(completion, sampling) for completion in completions],
            llm_output={"model_name": self.model.ref},
        )

    def _sampling(self, changes: dict[str, Any], stop: list[str] | None) -> Sampling:
        known = list(Sampling.model_fields)
        for name in changes:
            if name not in known:
                raise ConfigError(f"{self.model.ref} has no sampling setting {name!r}.{hint(name, known)}")
        stops = tuple(stop) if stop is not None else self.sampling.stop
        return Sampling.model_validate({**self.sampling.model_dump(), **changes, "stop": stops})


def _generation(completion: Completion, sampling: Sampling) -> ChatGeneration:
    told = len(completion.prompt_ids)
    usage = UsageMetadata(input_tokens=told, output_tokens=completion.tokens, total_tokens=told + completion.tokens)
    message = AIMessage(
        content=cut_at(completion.text, sampling.stop),
        response_metadata={"finish_reason": "stop" if completion.finished else "length"},
        usage_metadata=usage,
    )
    return ChatGeneration(message=message)
