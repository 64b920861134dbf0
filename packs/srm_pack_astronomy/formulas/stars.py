"""Radiation, luminosity and the ends of stars."""

from __future__ import annotations

from srm_core.formulas.formula import number

from . import inputs as of
from .inputs import plain

_BOOK = "Carroll and Ostlie, An Introduction to Modern Astrophysics, ch. 3 and 13"
_LUMINOSITY = number("luminosity", "luminosity", "solar luminosities", 0.01, 5000, 0.01)
_REMNANT = number("remnant_mass", "mass", "solar masses", 1, 900, 0.5)

STARS = (
    plain("wien", "peak wavelength by Wien's law", "nm", (of.STAR_TEMPERATURE,), "2897770 / effective temperature",
          "2897770/{temperature}", "Wien 1893", core=True),
    plain("wien_temperature", "temperature by Wien's law", "K",
          (number("wavelength", "peak wavelength", "nm", 100, 2500, 5),), "2897770 / peak wavelength",
          "2897770/{wavelength}", "Wien 1893", core=True),
    plain("stefan_boltzmann", "luminosity by the Stefan-Boltzmann law", "solar luminosities",
          (of.STAR_RADIUS, of.STAR_TEMPERATURE), "stellar radius^2 * (effective temperature / 5772)^4",
          "{star_radius}^2*({temperature}/5772)^4", "Stefan 1879; Boltzmann 1884; IAU 2015 B3", core=True),
    plain("star_radius", "stellar radius from luminosity and temperature", "solar radii",
          (_LUMINOSITY, of.STAR_TEMPERATURE), "sqrt(luminosity) * (5772 / effective temperature)^2",
          "sqrt({luminosity})*(5772/{temperature})^2", "Stefan 1879; IAU 2015 B3", core=True),
    plain("luminosity_from_magnitude", "luminosity from the absolute bolometric magnitude", "solar luminosities",
          (of.ABSOLUTE,), "10^(0.4 * (4.74 - absolute magnitude))", "10^(0.4*(4.74-{absolute}))", "IAU 2015 B2",
          guards=("9-{absolute}", "{absolute}+9")),
    plain("main_sequence_lifetime", "main-sequence lifetime", "Gyr", (of.STAR_MASS,), "10 * stellar mass^(-2.5)",
          "10*{star_mass}^(-2.5)", _BOOK, core=True),
    plain("mass_luminosity", "main-sequence luminosity", "solar luminosities", (of.STAR_MASS,), "stellar mass^3.5",
          "{star_mass}^3.5", _BOOK),
    plain("schwarzschild_radius", "Schwarzschild radius", "km", (_REMNANT,), "2.95325 * mass",
          "2.95325*{remnant_mass}", "Schwarzschild 1916", core=True),
    plain("flux_at_distance", "flux at a distance from a star", "W/m2",
          (_LUMINOSITY, number("separation", "distance from the star", "AU", 0.1, 40, 0.1)),
          "1361.17 * luminosity / distance from the star^2", "1361.17*{luminosity}/{separation}^2",
          "inverse-square law; IAU 2015 B3", core=True),
    plain("photon_energy", "photon energy", "eV", (number("wavelength", "wavelength", "nm", 50, 3000, 5),),
          "1239.84 / wavelength", "1239.84/{wavelength}", "Planck 1900, CODATA 2018"),
    plain("mean_density", "mean density of a star", "g/cm3", (of.STAR_MASS, of.STAR_RADIUS),
          "1.40978 * stellar mass / stellar radius^3", "1.40978*{star_mass}/{star_radius}^3", "IAU 2015 B3"),
    plain("gravitational_redshift", "gravitational redshift as a velocity", "km/s", (of.STAR_MASS, of.STAR_RADIUS),
          "0.63631 * stellar mass / stellar radius", "0.63631*{star_mass}/{star_radius}", "Einstein 1911",
          held_out=True),
)  # fmt: skip
