"""Orbits and gravity: Kepler's laws and what follows from Newton's."""

from __future__ import annotations

from srm_core.formulas.formula import number

from . import inputs as of
from .inputs import plain

_KEPLER = "Kepler 1619, Harmonices Mundi V; Newton 1687, Principia III"
_BOOK = "Murray and Dermott 1999, Solar System Dynamics, ch. 2"
_E = number("eccentricity", "eccentricity", "", 0.02, 0.9, 0.01)
_PERIOD = number("period", "period", "days", 1, 4000, 1)

ORBITS = (
    plain("kepler_third", "orbital period by Kepler's third law", "years", (of.AXIS, of.STAR_MASS),
          "sqrt(semi-major axis^3 / stellar mass)", "sqrt({axis}^3/{star_mass})", _KEPLER, core=True),
    plain("kepler_axis", "semi-major axis by Kepler's third law", "AU", (_PERIOD, of.STAR_MASS),
          "(stellar mass * (period / 365.25)^2)^(1/3)", "({star_mass}*({period}/365.25)^2)^(1/3)", _KEPLER, core=True),
    plain("kepler_mass", "stellar mass by Kepler's third law", "solar masses", (of.AXIS, _PERIOD),
          "semi-major axis^3 / (period / 365.25)^2", "{axis}^3/({period}/365.25)^2", _KEPLER,
          guards=("{axis}^3/({period}/365.25)^2-0.05", "60-{axis}^3/({period}/365.25)^2")),
    plain("circular_velocity", "circular velocity around a star", "km/s", (of.STAR_MASS, of.AXIS),
          "29.7847 * sqrt(stellar mass / semi-major axis)", "29.7847*sqrt({star_mass}/{axis})", _BOOK, core=True),
    plain("escape_velocity", "escape velocity of a planet", "km/s", (of.PLANET_MASS, of.PLANET_RADIUS),
          "11.18 * sqrt(planet mass / planet radius)", "11.18*sqrt({planet_mass}/{planet_radius})", _BOOK, core=True),
    plain("surface_gravity", "surface gravity of a planet", "m/s2", (of.PLANET_MASS, of.PLANET_RADIUS),
          "9.798 * planet mass / planet radius^2", "9.798*{planet_mass}/{planet_radius}^2", _BOOK, core=True),
    plain("perihelion", "perihelion distance", "AU", (of.AXIS, _E), "semi-major axis * (1 - eccentricity)",
          "{axis}*(1-{eccentricity})", _KEPLER, core=True),
    plain("aphelion", "aphelion distance", "AU", (of.AXIS, _E), "semi-major axis * (1 + eccentricity)",
          "{axis}*(1+{eccentricity})", _KEPLER, core=True),
    plain("synodic_period", "synodic period", "days",
          (number("inner", "inner orbital period", "days", 60, 900),
           number("outer", "outer orbital period", "days", 200, 5000)),
          "1 / (1 / inner orbital period - 1 / outer orbital period)", "1/(1/{inner}-1/{outer})",
          "Copernicus 1543, De revolutionibus V", core=True, guards=("{outer}-1.15*{inner}",)),
    plain("vis_viva", "orbital speed by the vis-viva equation", "km/s",
          (of.STAR_MASS, number("separation", "distance from the star", "AU", 0.2, 20, 0.1), of.AXIS),
          "29.7847 * sqrt(stellar mass * (2 / distance from the star - 1 / semi-major axis))",
          "29.7847*sqrt({star_mass}*(2/{separation}-1/{axis}))", _BOOK,
          guards=("1.9*{axis}-{separation}", "{separation}-0.1*{axis}")),
    plain("hill_radius", "Hill radius of a planet", "AU", (of.AXIS, of.PLANET_MASS, of.STAR_MASS),
          "semi-major axis * (planet mass / (998840 * stellar mass))^(1/3)",
          "{axis}*({planet_mass}/(998840*{star_mass}))^(1/3)", _BOOK),
    plain("roche_limit", "Roche limit of a fluid satellite", "km",
          (number("radius", "planet radius in km", "km", 2000, 75000, 100),
           number("planet_density", "planet density", "g/cm3", 0.6, 6, 0.05),
           number("moon_density", "satellite density", "g/cm3", 0.6, 4, 0.05)),
          "2.44 * planet radius * (planet density / satellite density)^(1/3)",
          "2.44*{radius}*({planet_density}/{moon_density})^(1/3)", "Roche 1849", held_out=True),
)  # fmt: skip
