"""The table of all formulas, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from srm_core.formulas.formula import Formula

from .conversions import CONVERSIONS
from .magnitudes import MAGNITUDES
from .orbits import ORBITS
from .positions import POSITIONS
from .stars import STARS
from .telescopes import TELESCOPES
from .universe import UNIVERSE
from .worlds import WORLDS

BY_KIND: Mapping[str, tuple[Formula, ...]] = MappingProxyType(
    {
        "unit_conversion": CONVERSIONS,
        "magnitude_distance": MAGNITUDES,
        "orbit_mechanics": ORBITS,
        "star_physics": STARS,
        "exoplanet_formula": WORLDS,
        "cosmology_formula": UNIVERSE,
        "telescope_formula": TELESCOPES,
        "sky_geometry": POSITIONS,
    }
)
FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {formula.name: formula for formulas in BY_KIND.values() for formula in formulas}
)
