"""The table of all calculators."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from srm_core.formulas.formula import Formula
from srm_core.records import Source

from .arithmetic_body import BODY, HEART, LUNGS
from .arithmetic_labs import ACID_BASE, KIDNEY, LIVER_AND_METABOLISM
from .conversions import conversion_formulas
from .scores_core import HEART_AND_CLOTS, INFECTION_AND_STATE
from .scores_long import COMORBIDITY, SEVERITY

_ALL = (
    *ACID_BASE, *KIDNEY, *LIVER_AND_METABOLISM, *HEART, *LUNGS, *BODY,
    *HEART_AND_CLOTS, *INFECTION_AND_STATE, *SEVERITY, *COMORBIDITY, *conversion_formulas(),
)  # fmt: skip
FORMULAS: Mapping[str, Formula] = MappingProxyType({formula.name: formula for formula in _ALL})
SOURCE = Source(name="srm clinical formulas", licence="Apache-2.0")
