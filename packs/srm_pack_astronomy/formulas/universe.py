"""Redshift, expansion, ages and distances of the universe."""

from __future__ import annotations

from srm_core.formulas.formula import number

from . import inputs as of
from .inputs import plain

_HOGG = "Hogg 1999, Distance measures in cosmology (astro-ph/9905116)"
_REST = number("rest", "rest wavelength", "nm", 120, 900, 1)
_MATTER = number("matter", "matter density", "", 0.2, 0.4, 0.01)
_NEAR = number("redshift", "redshift", "", 0.002, 0.1, 0.001)

UNIVERSE = (
    plain("redshift", "redshift", "", (number("observed", "observed wavelength", "nm", 130, 2600, 1), _REST),
          "(observed wavelength - rest wavelength) / rest wavelength", "({observed}-{rest})/{rest}", _HOGG, core=True,
          guards=("{observed}-1.03*{rest}", "8*{rest}-{observed}")),
    plain("observed_wavelength", "observed wavelength", "nm", (_REST, of.REDSHIFT), "rest wavelength * (1 + redshift)",
          "{rest}*(1+{redshift})", _HOGG, core=True),
    plain("recession_velocity", "recession velocity at a small redshift", "km/s", (_NEAR,), "299792 * redshift",
          "299792*{redshift}", _HOGG, core=True),
    plain("relativistic_velocity", "relativistic Doppler velocity", "km/s", (of.REDSHIFT,),
          "299792 * ((1 + redshift)^2 - 1) / ((1 + redshift)^2 + 1)",
          "299792*((1+{redshift})^2-1)/((1+{redshift})^2+1)", "Einstein 1905"),
    plain("hubble_velocity", "velocity by Hubble's law", "km/s",
          (of.HUBBLE, number("distance", "distance", "Mpc", 5, 900, 1)), "Hubble constant * distance",
          "{hubble}*{distance}", "Hubble 1929, PNAS 15:168", core=True),
    plain("hubble_distance", "distance by Hubble's law", "Mpc",
          (number("velocity", "recession velocity", "km/s", 300, 30000, 50), of.HUBBLE),
          "recession velocity / Hubble constant", "{velocity}/{hubble}", "Hubble 1929, PNAS 15:168", core=True),
    plain("redshift_distance", "distance from a small redshift", "Mpc", (_NEAR, of.HUBBLE),
          "299792 * redshift / Hubble constant", "299792*{redshift}/{hubble}", _HOGG, core=True),
    plain("hubble_time", "Hubble time", "Gyr", (number("hubble", "Hubble constant", "km/s/Mpc", 40, 100, 0.1),),
          "977.792 / Hubble constant", "977.792/{hubble}", _HOGG, core=True),
    plain("scale_factor", "scale factor", "", (of.REDSHIFT,), "1 / (1 + redshift)", "1/(1+{redshift})", _HOGG,
          core=True),
    plain("background_temperature", "temperature of the cosmic background", "K",
          (number("redshift", "redshift", "", 0.1, 1100, 0.1),), "2.7255 * (1 + redshift)", "2.7255*(1+{redshift})",
          "Fixsen 2009, ApJ 707:916"),
    plain("expansion_rate", "Hubble parameter in a flat universe", "km/s/Mpc", (of.HUBBLE, _MATTER, of.REDSHIFT),
          "Hubble constant * sqrt(matter density * (1 + redshift)^3 + 1 - matter density)",
          "{hubble}*sqrt({matter}*(1+{redshift})^3+1-{matter})", _HOGG),
    plain("matter_age", "age of a flat universe of matter alone", "Gyr", (of.HUBBLE, of.REDSHIFT),
          "651.861 / (Hubble constant * (1 + redshift)^1.5)", "651.861/({hubble}*(1+{redshift})^1.5)", _HOGG),
    plain("matter_luminosity_distance", "luminosity distance in a flat universe of matter alone", "Mpc",
          (of.HUBBLE, of.REDSHIFT), "599585 * (1 + redshift - sqrt(1 + redshift)) / Hubble constant",
          "599585*(1+{redshift}-sqrt(1+{redshift}))/{hubble}", "Mattig 1958, Astron. Nachr. 284:109"),
    plain("flat_age", "age of a flat universe with a cosmological constant", "Gyr", (of.HUBBLE, _MATTER),
          "651.861 / (Hubble constant * sqrt(1 - matter density)) * "
          "ln((1 + sqrt(1 - matter density)) / sqrt(matter density))",
          "651.861/({hubble}*sqrt(1-{matter}))*ln((1+sqrt(1-{matter}))/sqrt({matter}))",
          "Carroll, Press and Turner 1992, ARA&A 30:499", held_out=True),
)  # fmt: skip
