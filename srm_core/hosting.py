"""Open what `srm serve` serves, and run the server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from .errors import ConfigError, MissingExtra, ModelError
from .inference.adapters import adapter_within
from .inference.kernels.compiled import FORMATS
from .inference.local import TransformersModel, open_local
from .inference.paged import PagedEngine
from .pipeline import context_of
from .records import Weights
from .stages.students import Students
from .workspace import Workspace

if TYPE_CHECKING:
    from .serving.app import Service

ROUNDINGS = tuple(form for form in FORMATS if form != "float32")
DRAFTS = "it is int4, int8, bfloat16, or the reference of a small model, as dir:FOLDER"


def open_service(
    model: str,
    workspace: Workspace,
    *,
    most_waiting: int = 64,
    weights: Weights = "float32",
    adapter: Path | None = None,
    draft: str = "",
) -> Service:
    """Return the service for a run's student (by the run's name), or for a local reference, with an adapter beside it.

    ``draft``: what says tokens ahead, a precision of the model's own weights or the reference of a small model.

    Raises:
        ConfigError: an adapter for a run's student, which has its own.
        MissingExtra: starlette or uvicorn is not installed.
        ModelError: there is no such model, or only transformers can run it.
    """
    try:
        import uvicorn  # noqa: F401

        from .serving.app import Service
        from .serving.worker import Worker
    except ImportError:
        raise MissingExtra("srm serve needs starlette and uvicorn: pip install 'srm-sdk[serve]'") from None
    if draft and draft not in ROUNDINGS and ":" not in draft:
        raise ModelError(f"--draft {draft}: {DRAFTS}")  # before anything is loaded
    opened: TransformersModel | None
    if model in workspace.names():
        if adapter is not None:
            raise ConfigError(f"--adapter: run {model!r} has an adapter of its own; name its base to put another on it")
        opened, system, within = _student(model, workspace, weights)
    else:
        opened, system, within = open_local(model, weights=weights, adapter=adapter), "", None
    if opened is None:
        raise ModelError(f"{model} is neither a run nor a local model; give a run's name, dir:FOLDER or embedded:NAME")
    if not isinstance(opened.engine, PagedEngine):
        raise ModelError(f"{model} cannot be served: the engine does not know this kind of model")
    if draft:
        _draft(opened, draft, within)
    return Service(model, Worker(opened.engine, most_waiting), system=system)


def _draft(model: TransformersModel, by: str, within: Path | None) -> None:
    if by in ROUNDINGS:
        model.draft_with(cast(Weights, by), adapter_within(within, model.model) if within else None)
        return
    small = open_local(by)
    if small is None:
        raise ModelError(f"--draft {by}: {DRAFTS}")
    model.draft_with(small)


def _student(name: str, workspace: Workspace, weights: Weights) -> tuple[TransformersModel, str, Path]:
    context, artifacts = context_of(workspace.run(name), workspace)
    students = Students(context, artifacts["train"], weights)
    model = students.student(students.final)
    assert isinstance(model, TransformersModel)
    return model, context.host.pack().system_prompt, students.adapter()


def run_service(service: Service, host: str, port: int) -> None:
    """Serve until interrupted; open requests get 20 seconds to finish."""
    import uvicorn

    from .serving.patience import patient

    uvicorn.run(
        service.app(),
        host=host,
        port=port,
        log_level="warning",
        http=patient(10),  # type: ignore[arg-type]  # any maker of protocols does
        limit_concurrency=4 * service.worker.most_waiting,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=20,
    )
