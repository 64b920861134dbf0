"""The ten guiding principles of Good Machine Learning Practice, for medical packs, filled from the build.

Source: "Good Machine Learning Practice for Medical Device Development: Guiding Principles", U.S. FDA, Health Canada and
MHRA, October 2021. The model is no medical device; the list says what a reader who asks for it would find.
"""

from __future__ import annotations

from ..records import BuildManifest
from .front_matter import UNKNOWN
from .leak import total_leaks
from .markdown import table
from .summary import Summary

HEAD = "This is not a medical device and was not assessed as one. What this build can say to each principle:"


def is_medical(manifest: BuildManifest) -> bool:
    """Say whether the checklist applies: the pack calls itself medical."""
    return "medical" in manifest.pack.name


def gmlp(manifest: BuildManifest, summary: Summary) -> str:
    """Return the checklist as Markdown."""
    rows = [
        ("1. Expertise of many disciplines over the whole life", UNKNOWN),
        ("2. Good software engineering and security", _engineering(manifest)),
        ("3. Participants and data represent the intended patients", f"{UNKNOWN}: no patient data were used"),
        ("4. Training data are independent of test data", _independence(manifest)),
        ("5. Reference data rest on the best available methods", _reference(manifest)),
        ("6. The design fits the data and the intended use", _design(manifest, summary)),
        ("7. The team of human and model is looked at", UNKNOWN),
        ("8. Testing shows performance under clinically relevant conditions", _testing(summary)),
        ("9. Users are given clear, essential information", "this card: intended use, limits, evaluation, audit"),
        ("10. Deployed models are monitored, risks of retraining managed", UNKNOWN),
    ]
    return f"{HEAD}\n\n{table(('principle', 'what this build knows'), rows)}"


def _engineering(manifest: BuildManifest) -> str:
    files = sum(len(stage.files) for stage in manifest.stages)
    if not files:
        return UNKNOWN
    return f"{files} files of {len(manifest.stages)} stages are hashed; a release is signed; `srm verify` checks both"


def _independence(manifest: BuildManifest) -> str:
    levels = manifest.leak.get("levels")
    if not levels:
        return UNKNOWN
    leaks = total_leaks(manifest.leak, list(levels))
    return f"split by anchor; {leaks} leaks of {manifest.leak['test']} test items at {len(levels)} levels"


def _reference(manifest: BuildManifest) -> str:
    double = sum(bool(kind.second_grader) for kind in manifest.pack.kinds)
    kinds = len(manifest.pack.kinds)
    return f"gold is computed from licensed sources, never by a model; {double} of {kinds} kinds have a second grader"


def _design(manifest: BuildManifest, summary: Summary) -> str:
    if not summary.controls:
        return f"intended use is stated; the controls with wrong facts were {UNKNOWN}"
    return "intended use is stated; controls with wrong or no facts were measured, above"


def _testing(summary: Summary) -> str:
    if not summary.kinds:
        return UNKNOWN
    return f"{len(summary.kinds)} kinds of problems with intervals, above; no clinical setting: {UNKNOWN} there"
