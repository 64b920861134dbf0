"""Quantities that several formulas ask for, with ranges that occur in the sky, and the constructor they share."""

from __future__ import annotations

from functools import partial

from srm_core.formulas.formula import number
from srm_core.formulas.formula import plain as _plain

plain = partial(_plain, tolerance=0.01, adult=False)  # constants are written with 4 to 6 digits; 1 % is far above that

STAR_MASS = number("star_mass", "stellar mass", "solar masses", 0.2, 8, 0.05)
STAR_RADIUS = number("star_radius", "stellar radius", "solar radii", 0.2, 8, 0.05)
STAR_TEMPERATURE = number("temperature", "effective temperature", "K", 2600, 12000, 50)
AXIS = number("axis", "semi-major axis", "AU", 0.05, 30, 0.05)
MAGNITUDE = number("apparent", "apparent magnitude", "mag", -1, 18, 0.1)
ABSOLUTE = number("absolute", "absolute magnitude", "mag", -20, 15, 0.1)
DISTANCE_PC = number("distance", "distance", "pc", 2, 5000, 1)
PLANET_MASS = number("planet_mass", "planet mass", "Earth masses", 0.1, 300, 0.1)
PLANET_RADIUS = number("planet_radius", "planet radius", "Earth radii", 0.3, 12, 0.1)
REDSHIFT = number("redshift", "redshift", "", 0.02, 8, 0.02)
HUBBLE = number("hubble", "Hubble constant", "km/s/Mpc", 65, 76, 0.5)
APERTURE = number("aperture", "aperture", "mm", 50, 1000, 5)
FOCAL = number("focal", "focal length", "mm", 300, 4000, 10)
EYEPIECE = number("eyepiece", "eyepiece focal length", "mm", 4, 40, 1)
DECLINATION = number("declination", "declination", "degrees", -60, 85, 0.5)
LATITUDE = number("latitude", "latitude", "degrees", 10, 65, 0.5)
