"""Is the policy at least as strict as the default one? A looser limit is no secret: it is an objection of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..config import AuditPolicy, ReleaseConfig, TrainConfig
from ..records import BuildManifest, Objection

GATE = "policy"


def loosened(manifest: BuildManifest) -> Iterator[Objection]:
    """Yield one objection for each limit that is looser than its default: somebody must answer for it by a waiver.

    Limits called ``max_...`` that are rates may not rise, ``alpha`` may not rise, and no refused licence may be left
    out. `release.min_gain` and `release.single_grader` cannot be looser than their defaults.
    """
    for section, model in (("train", TrainConfig), ("audit", AuditPolicy), ("release", ReleaseConfig)):
        settings = manifest.settings.get(section, {})
        for name, field in model.model_fields.items():
            if _is_limit(name, field.default) and settings.get(name, field.default) > field.default:
                yield _objection(f"{section}.{name}", settings[name], field.default)
    refused = manifest.settings.get("release", {}).get("licences_refused", ReleaseConfig().licences_refused)
    if missing := [licence for licence in ReleaseConfig().licences_refused if licence not in refused]:
        yield _objection("release.licences_refused", f"without {', '.join(missing)}", "to refuse them")


def _is_limit(name: str, default: Any) -> bool:
    return isinstance(default, float) and (name.startswith("max_") or name == "alpha")


def _objection(name: str, value: Any, default: Any) -> Objection:
    reason = f"{name} is {value}, looser than the default, which is {default}"
    return Objection(gate=GATE, reason=reason, outcome="inconclusive", waivable=True)
