"""Planets around other stars: what transits and velocities tell."""

from __future__ import annotations

from srm_core.formulas.formula import number

from . import inputs as of
from .inputs import plain

_WINN = "Winn 2010, Exoplanet Transits and Occultations (arXiv:1001.2010)"
_ALBEDO = number("albedo", "Bond albedo", "", 0, 0.8, 0.05)
_CLOSE = number("axis", "semi-major axis", "AU", 0.02, 4, 0.01)
_LUMINOSITY = number("luminosity", "luminosity", "solar luminosities", 0.01, 30, 0.01)

WORLDS = (
    plain("transit_depth", "transit depth", "ppm", (of.PLANET_RADIUS, of.STAR_RADIUS),
          "84.0502 * (planet radius / stellar radius)^2", "84.0502*({planet_radius}/{star_radius})^2", _WINN,
          core=True),
    plain("transit_radius", "planet radius from the transit depth", "Earth radii",
          (number("depth", "transit depth", "ppm", 50, 25000, 10), of.STAR_RADIUS),
          "stellar radius * sqrt(transit depth / 84.0502)", "{star_radius}*sqrt({depth}/84.0502)", _WINN, core=True,
          guards=("25-{star_radius}*sqrt({depth}/84.0502)",)),
    plain("equilibrium_temperature", "equilibrium temperature", "K",
          (of.STAR_TEMPERATURE, of.STAR_RADIUS, _CLOSE, _ALBEDO),
          "effective temperature * sqrt(0.00232524 * stellar radius / semi-major axis) * (1 - Bond albedo)^0.25",
          "{temperature}*sqrt(0.00232524*{star_radius}/{axis})*(1-{albedo})^0.25",
          "Seager 2010, Exoplanet Atmospheres, ch. 3", core=True, guards=("{axis}-0.03*{star_radius}",)),
    plain("insolation", "insolation relative to Earth", "times", (_LUMINOSITY, _CLOSE),
          "luminosity / semi-major axis^2", "{luminosity}/{axis}^2", "inverse-square law", core=True),
    plain("transit_probability", "transit probability", "%", (of.STAR_RADIUS, _CLOSE),
          "0.465047 * stellar radius / semi-major axis", "0.465047*{star_radius}/{axis}", _WINN, core=True,
          guards=("{axis}-0.02*{star_radius}",)),
    plain("planet_density", "mean density of a planet", "g/cm3", (of.PLANET_MASS, of.PLANET_RADIUS),
          "5.495 * planet mass / planet radius^3", "5.495*{planet_mass}/{planet_radius}^3", "IAU 2015 B3", core=True),
    plain("habitable_inner", "inner edge of the habitable zone", "AU", (_LUMINOSITY,), "sqrt(luminosity / 1.1)",
          "sqrt({luminosity}/1.1)", "Kasting 1993, Icarus 101:108"),
    plain("habitable_outer", "outer edge of the habitable zone", "AU", (_LUMINOSITY,), "sqrt(luminosity / 0.53)",
          "sqrt({luminosity}/0.53)", "Kasting 1993, Icarus 101:108"),
    plain("velocity_semiamplitude", "radial-velocity semi-amplitude on a circular orbit", "m/s",
          (number("minimum_mass", "minimum mass", "Jupiter masses", 0.05, 12, 0.05), of.STAR_MASS,
           number("years", "period in years", "years", 0.05, 15, 0.05)),
          "28.4329 * minimum mass / (stellar mass^(2/3) * period^(1/3))",
          "28.4329*{minimum_mass}/({star_mass}^(2/3)*{years}^(1/3))", "Lovis and Fischer 2010 (arXiv:1001.3107)"),
    plain("astrometric_signature", "astrometric signature", "mas",
          (number("minimum_mass", "planet mass in Jupiter masses", "Jupiter masses", 0.2, 13, 0.1), of.STAR_MASS,
           of.AXIS, number("distance", "distance", "pc", 2, 80, 0.5)),
          "0.954588 * planet mass * semi-major axis / (stellar mass * distance)",
          "0.954588*{minimum_mass}*{axis}/({star_mass}*{distance})", "Perryman 2018, The Exoplanet Handbook, ch. 3",
          held_out=True),
)  # fmt: skip
