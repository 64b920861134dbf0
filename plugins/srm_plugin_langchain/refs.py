"""How the refs ``openai:`` and ``langchain:`` name a chat model, and how it is opened."""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from langchain_core.language_models import BaseChatModel

from srm_core.config import hint
from srm_core.errors import ConfigError, MissingExtra, ModelError, SrmError

from .teacher import SETTINGS, ChatModelTeacher

_OWN = ("concurrency", "attempts")  # options of ours, not of the chat model
_SECRET = re.compile(r"key|token$|secret|password|credential", re.IGNORECASE)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Ref:
    """A ref in its parts: ``scheme:target?options``."""

    text: str
    scheme: str
    target: str
    options: Mapping[str, Any]

    def own(self) -> dict[str, int]:
        """Return our own options; each is a whole number of at least 1."""
        own = {name: self.options[name] for name in _OWN if name in self.options}
        for name, value in own.items():
            if not isinstance(value, int) or value < 1:
                raise ConfigError(f"{self.text}: {name} must be a whole number of at least 1, not {value!r}")
        return own

    def others(self) -> dict[str, Any]:
        """Return the options that are the chat model's."""
        return {name: value for name, value in self.options.items() if name not in _OWN}


def open_model(text: str) -> ChatModelTeacher:
    """Open the chat model behind ``text``.

    ``openai:MODEL@URL`` is any OpenAI-compatible endpoint (``openai:gpt-x`` OpenAI's own), with the options ``timeout``
    (seconds) and sampling settings; ``langchain:MODULE:NAME`` is a chat model class or a function that returns one,
    and its options are the arguments (JSON, or text as it stands). Both take ``concurrency`` and ``attempts``.
    A sampling setting given in the ref wins over the build's.

    Raises:
        ConfigError: the ref is malformed, has an unknown option, or holds a key (keys come from the environment).
        MissingExtra: langchain-openai is not installed.
        ModelError: there is no such module or name, or it is no chat model.
    """
    ref = parse_ref(text)
    chat = _open_openai(ref) if ref.scheme == "openai" else _open_langchain(ref)
    fixed = [name for name in SETTINGS if name in ref.options]
    return ChatModelTeacher(chat, ref.text, fixed=fixed, **ref.own())


def parse_ref(text: str) -> Ref:
    """Return the parts of ``text``; an option's value is read as JSON, or else taken as it stands."""
    scheme, _, rest = text.partition(":")
    target, _, query = rest.partition("?")
    options = {name: _value(value) for name, value in parse_qsl(query, keep_blank_values=True)}
    for name in options:
        if _SECRET.search(name):
            raise ConfigError(
                f"{scheme}:{target}: {name!r} does not belong into a ref, because refs are written into records; "
                "set the provider's environment variable instead"
            )
    if not target:
        raise ConfigError(f"{text!r} names no model; write openai:MODEL@URL or langchain:MODULE:NAME")
    return Ref(text, scheme, target, options)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _open_openai(ref: Ref) -> BaseChatModel:
    try:
        import langchain_openai
        import openai
    except ImportError:
        raise MissingExtra(f"{ref.text} needs langchain-openai: pip install 'srm-sdk[langchain-openai]'") from None
    model, url = _endpoint(ref)
    _check_names(ref, ("timeout", *SETTINGS))
    arguments: dict[str, Any] = {"timeout": 120, **ref.others(), "model": model, "max_retries": 0}
    arguments["use_responses_api"] = False  # what compatible servers speak is chat completions
    if url and urlsplit(url).hostname in _LOOPBACK:
        arguments["api_key"] = os.environ.get("OPENAI_API_KEY") or "none-needed"
        arguments["http_client"] = openai.DefaultHttpxClient(trust_env=False)  # no proxy stands before this machine
    elif not os.environ.get("OPENAI_API_KEY"):
        raise ConfigError(f"{ref.text} needs a key: set the environment variable OPENAI_API_KEY")
    if url:
        arguments["base_url"] = url
    chat: BaseChatModel = _construct(ref, langchain_openai.ChatOpenAI, arguments)
    return chat


def _endpoint(ref: Ref) -> tuple[str, str | None]:
    found = re.fullmatch(r"(.+?)@(https?://\S+)", ref.target)
    if found is None:
        if "://" in ref.target:
            raise ConfigError(f"{ref.text}: write openai:MODEL@URL, with a URL of http or https")
        return ref.target, None
    parts = urlsplit(found[2])
    if not parts.hostname or parts.username or parts.password:
        raise ConfigError(f"openai:{found[1]}@...: the URL needs a host and must hold no user or password")
    return found[1], found[2]


def _open_langchain(ref: Ref) -> BaseChatModel:
    module_name, _, name = ref.target.partition(":")
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", module_name) or not name.isidentifier():
        raise ConfigError(f"{ref.text}: write langchain:MODULE:NAME, e.g. langchain:langchain_openai:ChatOpenAI")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ModelError(f"{ref.text}: the module {module_name!r} cannot be imported: {error}") from None
    if name not in vars(module) and name not in dir(module):
        known = [known for known in dir(module) if not known.startswith("_")]
        raise ModelError(f"{ref.text}: {module_name} has no {name!r}.{hint(name, known) if len(known) < 40 else ''}")
    factory = getattr(module, name)
    if isinstance(factory, type) and issubclass(factory, BaseChatModel):
        fields = factory.model_fields
        _check_names(ref, [*fields, *(field.alias for field in fields.values() if field.alias)])
    chat = _construct(ref, factory, ref.others())
    if not isinstance(chat, BaseChatModel):
        raise ModelError(f"{ref.text}: {module_name}:{name} gives a {type(chat).__name__}, not a langchain chat model")
    return chat


def _construct(ref: Ref, factory: Any, arguments: Mapping[str, Any]) -> Any:
    try:
        return factory(**arguments)
    except SrmError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelError(f"{ref.text} cannot be opened: {type(error).__name__}: {reason}") from error


def _check_names(ref: Ref, known: list[str] | tuple[str, ...]) -> None:
    for name in ref.others():
        if name not in known:
            raise ConfigError(f"{ref.text}: there is no option {name!r}.{hint(name, [*known, *_OWN])}")
