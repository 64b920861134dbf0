"""What the langchain plugin offers the host: models behind ``openai:`` and ``langchain:``."""

from __future__ import annotations

import pluggy

from srm_core.protocols import Model

hookimpl = pluggy.HookimplMarker("srm")
SCHEMES = ("openai", "langchain")
LIGHT = SCHEMES  # opening one loads no weights and sends nothing, so a build opens it before its first stage


@hookimpl
def srm_load_model(ref: str) -> Model | None:
    """Open ``openai:MODEL[@URL][?options]`` or ``langchain:MODULE:NAME[?options]``; None for any other scheme."""
    if not ref.startswith(("openai:", "langchain:")):
        return None
    from .refs import open_model  # langchain takes a second to import

    return open_model(ref)
