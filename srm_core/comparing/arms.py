"""What an arm is called and which settings it changes, as the command line writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..config import BuildConfig
from ..errors import ConfigError

NAME = re.compile(r"[A-Za-z0-9][\w.+-]*", re.ASCII)
_SETTING = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^;])+')  # up to a ";" that is in no JSON string
FORM = "NAME:setting=value;setting=value, e.g. --arm 'longer:train.epochs=3'"


def parse_arms(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the settings (``name=value``) of each arm by its name, in the order given; a name alone changes nothing.

    Raises:
        ConfigError: fewer than two arms, one that is not of that form, or a name that is there twice.
    """
    arms: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, settings = _arm(text)
        if name in arms:
            raise ConfigError(f"two arms are called {name!r}; give each a name of its own")
        arms[name] = settings
    if len(arms) < 2:
        raise ConfigError(f"a comparison needs at least two arms; an arm is {FORM}")
    return arms


def checked_name(name: str) -> str:
    """Return ``name`` if a file and a run may be called so; raises `ConfigError` otherwise."""
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name: letters, digits and . _ + - are, beginning with a letter or digit")
    return name


def differing(configs: Mapping[str, BuildConfig]) -> dict[str, dict[str, Any]]:
    """Return, for each build, its values of those settings that are not the same in all of them."""
    flat = {name: _flat(config.model_dump(mode="json")) for name, config in configs.items()}
    first = next(iter(flat.values()))
    names = sorted({key for each in flat.values() for key in each})
    unlike = [key for key in names if any(each.get(key) != first.get(key) for each in flat.values())]
    return {name: {key: each.get(key) for key in unlike} for name, each in flat.items()}


def _arm(text: str) -> tuple[str, tuple[str, ...]]:
    name, colon, rest = text.partition(":")
    settings = tuple(piece.strip() for piece in _SETTING.findall(rest) if piece.strip())
    if not NAME.fullmatch(name) or (colon and not settings) or any("=" not in each for each in settings):
        raise ConfigError(f"--arm {text!r} is not of the form {FORM}")
    return name, settings


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{above}{name}.")
        else:
            flat[f"{above}{name}"] = value
    return flat
