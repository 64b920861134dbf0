"""The value of every formula, in closed form from the defining constants; nothing of the worked expressions is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import acos, asin, asinh, atan, cos, degrees, log, log10, pi, radians, sin, sqrt, tan
from types import MappingProxyType

from srm_core.formulas.formula import Formula, Inputs

# SI. IAU 2012 B2, IAU 2015 B2 and B3, CODATA 2018.
C = 299_792_458.0
AU = 149_597_870_700.0
PC = AU * 648_000 / pi
YEAR = 365.25 * 86_400
LY = C * YEAR
GM_SUN = 1.327_124_4e20
GM_EARTH = 3.986_004e14
GM_JUPITER = 1.266_865_3e17
G = 6.674_3e-11
R_SUN = 6.957e8
R_EARTH = 6.378_1e6
T_SUN = 5772.0
L_SUN = 3.828e26
WIEN = 2.897_771_955e-3
ARCSEC = pi / 648_000
H_C_EV = 1.239_841_984e-6  # h c in eV m

_Values = Mapping[str, Callable[..., float]]

_CONVERSIONS: _Values = {
    "pc_to_ly": lambda value: value * PC / LY,
    "ly_to_pc": lambda value: value * LY / PC,
    "au_to_ly": lambda value: value * AU / LY,
    "ly_to_au": lambda value: value * LY / AU,
    "kpc_to_ly": lambda value: value * 1000 * PC / LY,
    "light_minutes_to_au": lambda value: value * 60 * C / AU,
    "au_to_light_minutes": lambda value: value * AU / C / 60,
    "deg_to_arcmin": lambda value: radians(value) / ARCSEC / 60,
    "arcsec_to_arcmin": lambda value: value / 60,
    "arcsec_to_deg": lambda value: degrees(value * ARCSEC),
    "hours_to_degrees": lambda value: value / 24 * 360,
    "degrees_to_hours": lambda value: value / 360 * 24,
    "days_to_years": lambda value: value * 86_400 / YEAR,
    "earth_to_jupiter_masses": lambda value: value * GM_EARTH / GM_JUPITER,
    "jupiter_to_earth_masses": lambda value: value * GM_JUPITER / GM_EARTH,
    "hms_to_degrees": lambda hours, minutes, seconds: (hours * 3600 + minutes * 60 + seconds) / 240,
    "dms_to_degrees": lambda degrees, arcminutes, arcseconds: (degrees * 3600 + arcminutes * 60 + arcseconds) / 3600,
    "hms_to_hours": lambda hours, minutes, seconds: (hours * 3600 + minutes * 60 + seconds) / 3600,
}
_MAGNITUDES: _Values = {
    "parallax_distance": lambda parallax: AU / (parallax / 1000 * ARCSEC) / PC,
    "distance_modulus": lambda distance: 5 * log10(distance / 10),
    "absolute_magnitude": lambda apparent, distance: apparent - 5 * log10(distance / 10),
    "apparent_magnitude": lambda absolute, distance: absolute + 5 * log10(distance / 10),
    "modulus_distance": lambda apparent, absolute: 10 * 100 ** ((apparent - absolute) / 10),
    "flux_ratio": lambda first, second: 100 ** ((second - first) / 5),
    "magnitude_difference": lambda ratio: 5 * log(ratio) / log(100),
    "combined_magnitude": lambda first, second: first - 2.5 * log10(1 + 100 ** ((first - second) / 5)),
    "surface_brightness": lambda apparent, major, minor: (
        apparent + 2.5 * log10(pi * (major * 60 / 2) * (minor * 60 / 2))
    ),
    "dimmed_distance": lambda apparent, absolute, extinction: 10 * 100 ** ((apparent - absolute - extinction) / 10),
    "tangential_velocity": lambda motion, distance: motion * ARCSEC * distance * PC / YEAR / 1000,
    "space_velocity": lambda radial, tangential: (radial**2 + tangential**2) ** 0.5,
}
_ORBITS: _Values = {
    "kepler_third": lambda axis, star_mass: 2 * pi * sqrt((axis * AU) ** 3 / (GM_SUN * star_mass)) / YEAR,
    "kepler_axis": lambda period, star_mass: (GM_SUN * star_mass * (period * 86_400 / (2 * pi)) ** 2) ** (1 / 3) / AU,
    "kepler_mass": lambda axis, period: 4 * pi**2 * (axis * AU) ** 3 / (period * 86_400) ** 2 / GM_SUN,
    "circular_velocity": lambda star_mass, axis: sqrt(GM_SUN * star_mass / (axis * AU)) / 1000,
    "escape_velocity": lambda planet_mass, planet_radius: (
        sqrt(2 * GM_EARTH * planet_mass / (R_EARTH * planet_radius)) / 1000
    ),
    "surface_gravity": lambda planet_mass, planet_radius: GM_EARTH * planet_mass / (R_EARTH * planet_radius) ** 2,
    "perihelion": lambda axis, eccentricity: axis - axis * eccentricity,
    "aphelion": lambda axis, eccentricity: axis + axis * eccentricity,
    "synodic_period": lambda inner, outer: inner * outer / (outer - inner),
    "vis_viva": lambda star_mass, separation, axis: (
        sqrt(GM_SUN * star_mass * (2 / (separation * AU) - 1 / (axis * AU))) / 1000
    ),
    "hill_radius": lambda axis, planet_mass, star_mass: (
        axis * AU * (GM_EARTH * planet_mass / (3 * GM_SUN * star_mass)) ** (1 / 3) / AU
    ),
    "roche_limit": lambda radius, planet_density, moon_density: (
        2.44 * radius * (planet_density / moon_density) ** (1 / 3)
    ),
}
_STARS: _Values = {
    "wien": lambda temperature: WIEN / temperature * 1e9,
    "wien_temperature": lambda wavelength: WIEN / (wavelength * 1e-9),
    "stefan_boltzmann": lambda star_radius, temperature: (star_radius * (temperature / T_SUN) ** 2) ** 2,
    "star_radius": lambda luminosity, temperature: (luminosity * (T_SUN / temperature) ** 4) ** 0.5,
    "luminosity_from_magnitude": lambda absolute: 3.0128e28 / L_SUN * 100 ** (-absolute / 5),
    "main_sequence_lifetime": lambda star_mass: 10 / (star_mass**2 * sqrt(star_mass)),
    "mass_luminosity": lambda star_mass: star_mass**3 * sqrt(star_mass),
    "schwarzschild_radius": lambda remnant_mass: 2 * GM_SUN * remnant_mass / C**2 / 1000,
    "flux_at_distance": lambda luminosity, separation: L_SUN * luminosity / (4 * pi * (separation * AU) ** 2),
    "photon_energy": lambda wavelength: H_C_EV / (wavelength * 1e-9),
    "mean_density": lambda star_mass, star_radius: (
        GM_SUN / G * star_mass / (4 / 3 * pi * (R_SUN * star_radius) ** 3) / 1000
    ),
    "gravitational_redshift": lambda star_mass, star_radius: GM_SUN * star_mass / (R_SUN * star_radius) / C / 1000,
}
_WORLDS: _Values = {
    "transit_depth": lambda planet_radius, star_radius: 1e6 * (R_EARTH * planet_radius / (R_SUN * star_radius)) ** 2,
    "transit_radius": lambda depth, star_radius: R_SUN * star_radius * sqrt(depth * 1e-6) / R_EARTH,
    "equilibrium_temperature": lambda temperature, star_radius, axis, albedo: (
        ((1 - albedo) * temperature**4 * (R_SUN * star_radius) ** 2 / (4 * (axis * AU) ** 2)) ** 0.25
    ),
    "insolation": lambda luminosity, axis: luminosity / axis / axis,
    "transit_probability": lambda star_radius, axis: 100 * R_SUN * star_radius / (axis * AU),
    "planet_density": lambda planet_mass, planet_radius: (
        GM_EARTH / G * planet_mass / (4 / 3 * pi * (R_EARTH * planet_radius) ** 3) / 1000
    ),
    "habitable_inner": lambda luminosity: (luminosity / 1.1) ** 0.5,
    "habitable_outer": lambda luminosity: (luminosity / 0.53) ** 0.5,
    "velocity_semiamplitude": lambda minimum_mass, star_mass, years: (
        GM_JUPITER * minimum_mass * (2 * pi / (years * YEAR * (GM_SUN * star_mass) ** 2)) ** (1 / 3)
    ),
    "astrometric_signature": lambda minimum_mass, star_mass, axis, distance: (
        1000 * GM_JUPITER * minimum_mass / (GM_SUN * star_mass) * axis * AU / (distance * PC) / ARCSEC
    ),
}
_MPC_GYR = PC * 1e6 / 1000 / YEAR / 1e9  # of 1 / (km/s/Mpc)
_UNIVERSE: _Values = {
    "redshift": lambda observed, rest: observed / rest - 1,
    "observed_wavelength": lambda rest, redshift: rest + rest * redshift,
    "recession_velocity": lambda redshift: C * redshift / 1000,
    "relativistic_velocity": lambda redshift: C / 1000 * (1 - 2 / ((1 + redshift) ** 2 + 1)),
    "hubble_velocity": lambda hubble, distance: distance * hubble,
    "hubble_distance": lambda velocity, hubble: velocity / hubble,
    "redshift_distance": lambda redshift, hubble: C / 1000 * redshift / hubble,
    "hubble_time": lambda hubble: _MPC_GYR / hubble,
    "scale_factor": lambda redshift: 1 / (1 + redshift),
    "background_temperature": lambda redshift: 2.7255 + 2.7255 * redshift,
    "expansion_rate": lambda hubble, matter, redshift: hubble * (1 + matter * ((1 + redshift) ** 3 - 1)) ** 0.5,
    "matter_age": lambda hubble, redshift: 2 / 3 * _MPC_GYR / hubble * (1 + redshift) ** -1.5,
    "matter_luminosity_distance": lambda hubble, redshift: (
        2 * C / 1000 / hubble * (1 + redshift) * (1 - (1 + redshift) ** -0.5)
    ),
    "flat_age": lambda hubble, matter: (
        2 / 3 * _MPC_GYR / hubble / sqrt(1 - matter) * asinh(sqrt((1 - matter) / matter))
    ),
}
_TELESCOPES: _Values = {
    "magnification": lambda focal, eyepiece: focal / eyepiece,
    "focal_ratio": lambda focal, aperture: focal / aperture,
    "exit_pupil": lambda aperture, power: aperture / power,
    "dawes_limit": lambda aperture: 11.6 / (aperture / 10),
    "rayleigh_limit": lambda wavelength, aperture: 1.22 * wavelength * 1e-9 / (aperture * 1e-3) / ARCSEC,
    "light_gathering": lambda aperture: aperture**2 / 49,
    "true_field": lambda apparent_field, power: apparent_field / power * 60,
    "plate_scale": lambda focal: 1 / focal / ARCSEC,
    "pixel_scale": lambda pixel, focal: pixel * 1e-6 / (focal * 1e-3) / ARCSEC,
    "limiting_magnitude": lambda aperture: 7.7 + 5 * log10(aperture / 10),
    "image_size": lambda angle, focal: angle * 60 * ARCSEC * focal,
    "sensor_field": lambda sensor, focal: degrees(2 * atan(sensor / 2 / focal)),
}
_POSITIONS: _Values = {
    "small_angle": lambda angle, distance: angle * ARCSEC * distance,
    "angular_size": lambda size, distance: size / distance / ARCSEC / 60,
    "distance_from_size": lambda size, angle: size / (angle * 60 * ARCSEC),
    "culmination": lambda latitude, declination: min(90 - latitude + declination, 90 + latitude - declination),
    "circumpolar_limit": lambda latitude: 90 - latitude,
    "hour_angle": lambda sidereal, right: sidereal - right,
    "altitude": lambda latitude, declination, hour: degrees(
        asin(
            sin(radians(latitude)) * sin(radians(declination))
            + cos(radians(latitude)) * cos(radians(declination)) * cos(radians(hour * 15))
        )
    ),
    "illuminated_fraction": lambda elongation: 100 * sin(radians(elongation / 2)) ** 2,
    "airmass": lambda altitude: 1 / cos(radians(90 - altitude)),
    "day_length": lambda latitude, sun: 24 / pi * acos(-tan(radians(latitude)) * tan(radians(sun))),
}
VALUES: _Values = MappingProxyType(
    {**_CONVERSIONS, **_MAGNITUDES, **_ORBITS, **_STARS, **_WORLDS, **_UNIVERSE, **_TELESCOPES, **_POSITIONS}
)


def value(formula: Formula, inputs: Inputs) -> float:
    """Return the value of ``formula`` in its unit.

    Raises:
        TypeError: an input is missing, or there is one that the formula does not have.
        ZeroDivisionError: the inputs make it undefined.
        ValueError: the inputs lie outside the domain of a logarithm or an inverse function.
    """
    return float(VALUES[formula.name](**{name: float(given) for name, given in inputs.items()}))
