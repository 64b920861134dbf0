"""Our conversations as langchain's messages, and back."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from srm_core.errors import ConfigError
from srm_core.protocols import Conversation
from srm_core.records import Message, Role

_CLASSES: dict[Role, type[SystemMessage | HumanMessage | AIMessage]] = {
    "system": SystemMessage,
    "user": HumanMessage,
    "assistant": AIMessage,
}
_ROLES: dict[str, Role] = {"system": "system", "human": "user", "ai": "assistant"}


def to_langchain(conversation: Conversation) -> list[BaseMessage]:
    """Return the conversation as langchain messages, in order."""
    return [_CLASSES[message.role](content=message.content) for message in conversation]


def from_langchain(messages: Sequence[BaseMessage]) -> tuple[Message, ...]:
    """Return langchain messages as a conversation; only the text of their content is kept.

    Raises:
        ConfigError: a message is of a tool or function, or carries an image or sound: our models read text.
    """
    return tuple(_message(message) for message in messages)


def _message(message: BaseMessage) -> Message:
    role = _ROLES.get(message.type)
    if role is None:
        raise ConfigError(f"a {message.type!r} message cannot be given to this model; it reads {', '.join(_ROLES)}")
    blocks = message.content if isinstance(message.content, list) else []
    foreign = [block["type"] for block in blocks if isinstance(block, dict) and block.get("type", "text") != "text"]
    if foreign:
        raise ConfigError(f"a message holds a block of type {foreign[0]!r}; this model reads text only")
    return Message(role=role, content=str(message.text))
