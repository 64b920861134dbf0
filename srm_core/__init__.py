"""The public names: the hook marker and the records that hooks give and take.

Importing it loads no torch; the records (and pydantic with them) come when one is asked for, so that ``srm --help``
answers at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from .records import (
        Attempt,
        AuditFinding,
        AuditItem,
        BuildManifest,
        ChoiceKey,
        Chunk,
        Completion,
        Document,
        EvalItem,
        Evidence,
        FormulaKey,
        GraphKey,
        Kind,
        Message,
        Objection,
        Pack,
        Probe,
        Problem,
        Remark,
        Reward,
        Sampling,
        Score,
        Section,
        Source,
        TestsKey,
        Trace,
        Triple,
        Variant,
        Verdict,
    )

__version__ = "0.1.0"
hookimpl = pluggy.HookimplMarker("srm")

__all__ = [
    "Attempt",
    "AuditFinding",
    "AuditItem",
    "BuildManifest",
    "ChoiceKey",
    "Chunk",
    "Completion",
    "Document",
    "EvalItem",
    "Evidence",
    "FormulaKey",
    "GraphKey",
    "Kind",
    "Message",
    "Objection",
    "Pack",
    "Probe",
    "Problem",
    "Remark",
    "Reward",
    "Sampling",
    "Score",
    "Section",
    "Source",
    "TestsKey",
    "Trace",
    "Triple",
    "Variant",
    "Verdict",
    "hookimpl",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import records

        return getattr(records, name)
    raise AttributeError(f"module 'srm_core' has no attribute {name!r}")
