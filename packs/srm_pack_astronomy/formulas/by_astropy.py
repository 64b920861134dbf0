"""The same formulas by astropy's units, constants, coordinates and cosmologies: a second route to every value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import pi
from typing import Any

from srm_core.formulas.formula import Inputs
from srm_pack_astronomy.offline import stay_offline

_UNITS = {
    "degrees": "deg", "ly": "lyr", "h": "hourangle", "light-minutes": "min",
    "years": "yr", "days": "d", "solar masses": "solMass", "solar radii": "solRad", "solar luminosities": "solLum",
    "Earth masses": "earthMass", "Earth radii": "earthRad", "Jupiter masses": "jupiterMass",
    "times": "", "ppm": "", "mag": "", "mag/arcsec2": "", "arcsec/mm": "arcsec/mm", "arcsec/pixel": "arcsec",
    "km/s/Mpc": "km/(s Mpc)", "arcsec/yr": "arcsec/yr", "m/s2": "m/s2", "W/m2": "W/m2", "g/cm3": "g/cm3",
    "micrometres": "um",
}  # fmt: skip
Route = Callable[[Any, Any, Any], Any]  # (units, constants, inputs as quantities) -> quantity or number


def value_by_astropy(name: str, inputs: Inputs, unit: str, units: Mapping[str, str]) -> float:
    """Return the value of formula ``name`` in ``unit``; ``units`` says in which unit each input is given."""
    u, constants = _astropy()
    given = _Given({key: _quantity(u, float(each), units[key]) for key, each in inputs.items()})
    found = _ROUTES[name](u, constants, given)
    return float(u.Quantity(found).to_value(_unit(u, unit), equivalencies=u.dimensionless_angles()))


class _Given:
    """Inputs as attributes, so that a route reads like its formula."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self.__dict__.update(inputs)


@cache
def _astropy() -> tuple[Any, Any]:
    stay_offline()
    from astropy import constants, units

    return units, constants


def _unit(u: Any, name: str) -> Any:
    if name == "%":
        return u.percent
    if name == "ppm":
        return u.def_unit("ppm", 1e-6 * u.dimensionless_unscaled)
    written = _UNITS.get(name, name)
    return u.Unit(written) if written else u.dimensionless_unscaled


def _quantity(u: Any, number: float, unit: str) -> Any:
    return number * _unit(u, unit)


def _same(u: Any, c: Any, i: Any) -> Any:
    return i.value


def _time_of_flight(u: Any, c: Any, i: Any) -> Any:
    return i.value / c.c


def _sexagesimal_hours(u: Any, c: Any, i: Any) -> Any:
    from astropy.coordinates import Angle

    whole, minutes, seconds = int(i.hours.value), int(i.minutes.value), float(i.seconds.value)
    return Angle(f"{whole}h{minutes}m{seconds}s")


def _sexagesimal_degrees(u: Any, c: Any, i: Any) -> Any:
    from astropy.coordinates import Angle

    return Angle(f"{int(i.degrees.value)}d{int(i.arcminutes.value)}m{float(i.arcseconds.value)}s")


def _distance(**given: Any) -> Any:
    from astropy.coordinates import Distance

    return Distance(**given)


def _flat(i: Any, matter: float) -> Any:
    from astropy.cosmology import FlatLambdaCDM

    return FlatLambdaCDM(H0=i.hubble, Om0=matter, Tcmb0=0)


def _flux(u: Any, magnitude: Any) -> Any:
    return u.Magnitude(float(magnitude)).physical


def _magnitude(u: Any, ratio: Any) -> float:
    return float(u.Magnitude(u.Quantity(ratio).decompose()).value)


def _altitude(u: Any, c: Any, i: Any) -> Any:
    """Rotate the sphere from hour angle and declination to the horizon, by unit vectors."""
    from astropy.coordinates import UnitSphericalRepresentation
    from astropy.coordinates.matrix_utilities import rotation_matrix

    place = UnitSphericalRepresentation(lon=-i.hour, lat=i.declination).to_cartesian()
    return UnitSphericalRepresentation.from_cartesian(
        place.transform(rotation_matrix(90 * u.deg - i.latitude, "y"))
    ).lat


def _culmination(u: Any, c: Any, i: Any) -> Any:
    i.hour = 0 * u.hourangle
    return _altitude(u, c, i)


def _velocity(u: Any, c: Any, i: Any) -> Any:
    wave = 500 * u.nm
    return (wave * (1 + i.redshift)).to(u.km / u.s, equivalencies=u.doppler_relativistic(wave))


_LENGTHS: Mapping[str, Route] = {
    **dict.fromkeys(
        ("pc_to_ly", "ly_to_pc", "au_to_ly",  "ly_to_au", "kpc_to_ly", "deg_to_arcmin", "arcsec_to_arcmin",
         "arcsec_to_deg", "hours_to_degrees", "degrees_to_hours", "days_to_years", "earth_to_jupiter_masses",
         "jupiter_to_earth_masses"), _same),
    "au_to_light_minutes": _time_of_flight,
    "light_minutes_to_au": lambda u, c, i: i.value * c.c,
    "hms_to_degrees": _sexagesimal_hours,
    "hms_to_hours": _sexagesimal_hours,
    "dms_to_degrees": _sexagesimal_degrees,
}  # fmt: skip
_MAGNITUDES: Mapping[str, Route] = {
    "parallax_distance": lambda u, c, i: _distance(parallax=i.parallax),
    "distance_modulus": lambda u, c, i: _distance(value=i.distance).distmod.value,
    "absolute_magnitude": lambda u, c, i: i.apparent - _distance(value=i.distance).distmod.value,
    "apparent_magnitude": lambda u, c, i: i.absolute + _distance(value=i.distance).distmod.value,
    "modulus_distance": lambda u, c, i: _distance(distmod=float(i.apparent - i.absolute)),
    "flux_ratio": lambda u, c, i: _flux(u, i.first) / _flux(u, i.second),
    "magnitude_difference": lambda u, c, i: -_magnitude(u, i.ratio),
    "combined_magnitude": lambda u, c, i: _magnitude(u, _flux(u, i.first) + _flux(u, i.second)),
    "surface_brightness": lambda u, c, i: i.apparent - _magnitude(u, pi * i.major * i.minor / 4 / u.arcsec**2),
    "dimmed_distance": lambda u, c, i: _distance(distmod=float(i.apparent - i.absolute - i.extinction)),
    "tangential_velocity": lambda u, c, i: (i.motion * i.distance).to(u.km / u.s, u.dimensionless_angles()),
    "space_velocity": lambda u, c, i: (i.radial**2 + i.tangential**2) ** 0.5,
}
_ORBITS: Mapping[str, Route] = {
    "kepler_third": lambda u, c, i: 2 * pi * (i.axis**3 / (c.G * i.star_mass)) ** 0.5,
    "kepler_axis": lambda u, c, i: (c.G * i.star_mass * (i.period / (2 * pi)) ** 2) ** (1 / 3),
    "kepler_mass": lambda u, c, i: i.axis**3 / c.G * (2 * pi / i.period) ** 2,
    "circular_velocity": lambda u, c, i: (c.G * i.star_mass / i.axis) ** 0.5,
    "escape_velocity": lambda u, c, i: (2 * c.G * i.planet_mass / i.planet_radius) ** 0.5,
    "surface_gravity": lambda u, c, i: c.G * i.planet_mass / i.planet_radius**2,
    "perihelion": lambda u, c, i: i.axis - i.axis * i.eccentricity,
    "aphelion": lambda u, c, i: i.axis + i.axis * i.eccentricity,
    "synodic_period": lambda u, c, i: u.cycle / (u.cycle / i.inner - u.cycle / i.outer),
    "vis_viva": lambda u, c, i: (c.G * i.star_mass * (2 / i.separation - 1 / i.axis)) ** 0.5,
    "hill_radius": lambda u, c, i: i.axis * (i.planet_mass / (3 * i.star_mass)).decompose() ** (1 / 3),
    "roche_limit": lambda u, c, i: i.radius * (2.44**3 * i.planet_density / i.moon_density) ** (1 / 3),
}
_STARS: Mapping[str, Route] = {
    "wien": lambda u, c, i: c.b_wien / i.temperature,
    "wien_temperature": lambda u, c, i: c.b_wien / i.wavelength,
    "stefan_boltzmann": lambda u, c, i: 4 * pi * i.star_radius**2 * c.sigma_sb * i.temperature**4,
    "star_radius": lambda u, c, i: (i.luminosity / (4 * pi * c.sigma_sb * i.temperature**4)) ** 0.5,
    "luminosity_from_magnitude": lambda u, c, i: c.L_bol0 * _flux(u, i.absolute),
    "main_sequence_lifetime": lambda u, c, i: 10 * u.Gyr * (i.star_mass / c.M_sun).decompose() ** -2.5,
    "mass_luminosity": lambda u, c, i: c.L_sun * (i.star_mass / c.M_sun).decompose() ** 3.5,
    "schwarzschild_radius": lambda u, c, i: 2 * c.G * i.remnant_mass / c.c**2,
    "flux_at_distance": lambda u, c, i: i.luminosity / (4 * pi * i.separation**2),
    "photon_energy": lambda u, c, i: i.wavelength.to(u.eV, u.spectral()),
    "mean_density": lambda u, c, i: i.star_mass / (4 / 3 * pi * i.star_radius**3),
    "gravitational_redshift": lambda u, c, i: c.G * i.star_mass / i.star_radius / c.c,
}
_WORLDS: Mapping[str, Route] = {
    "transit_depth": lambda u, c, i: ((i.planet_radius / i.star_radius) ** 2).decompose(),
    "transit_radius": lambda u, c, i: i.star_radius * i.depth.decompose() ** 0.5,
    "equilibrium_temperature": lambda u, c, i: (
        ((1 - i.albedo) * i.temperature**4 * (i.star_radius / (2 * i.axis)).decompose() ** 2) ** 0.25
    ),
    "insolation": lambda u, c, i: ((i.luminosity / i.axis**2) / (c.L_sun / u.au**2)).decompose(),
    "transit_probability": lambda u, c, i: (i.star_radius / i.axis).decompose(),
    "planet_density": lambda u, c, i: i.planet_mass / (4 / 3 * pi * i.planet_radius**3),
    "habitable_inner": lambda u, c, i: ((i.luminosity / c.L_sun).decompose() / 1.1) ** 0.5 * u.au,
    "habitable_outer": lambda u, c, i: ((i.luminosity / c.L_sun).decompose() / 0.53) ** 0.5 * u.au,
    "velocity_semiamplitude": lambda u, c, i: (
        (2 * pi * c.G / i.years) ** (1 / 3) * i.minimum_mass / i.star_mass ** (2 / 3)
    ),
    "astrometric_signature": lambda u, c, i: (i.minimum_mass / i.star_mass * i.axis / i.distance).decompose() * u.rad,
}
_UNIVERSE: Mapping[str, Route] = {
    "redshift": lambda u, c, i: (i.observed - i.rest) / i.rest,
    "observed_wavelength": lambda u, c, i: i.rest * (1 + i.redshift),
    "recession_velocity": lambda u, c, i: c.c * i.redshift,
    "relativistic_velocity": _velocity,
    "hubble_velocity": lambda u, c, i: i.hubble * i.distance,
    "hubble_distance": lambda u, c, i: i.velocity / i.hubble,
    "redshift_distance": lambda u, c, i: c.c * i.redshift / i.hubble,
    "hubble_time": lambda u, c, i: _flat(i, 0.3).hubble_time,
    "scale_factor": lambda u, c, i: _scale(i),
    "background_temperature": lambda u, c, i: _background(i),
    "expansion_rate": lambda u, c, i: _flat(i, float(i.matter)).H(float(i.redshift)),
    "matter_age": lambda u, c, i: _flat(i, 1.0).age(float(i.redshift)),
    "matter_luminosity_distance": lambda u, c, i: _flat(i, 1.0).luminosity_distance(float(i.redshift)),
    "flat_age": lambda u, c, i: _flat(i, float(i.matter)).age(0),
}
_TELESCOPES: Mapping[str, Route] = {
    "magnification": lambda u, c, i: i.focal / i.eyepiece,
    "focal_ratio": lambda u, c, i: i.focal / i.aperture,
    "exit_pupil": lambda u, c, i: i.aperture / i.power,
    "dawes_limit": lambda u, c, i: 11.6 * u.arcsec * u.cm / i.aperture,
    "rayleigh_limit": lambda u, c, i: 1.22 * (i.wavelength / i.aperture).decompose() * u.rad,
    "light_gathering": lambda u, c, i: ((i.aperture / (0.7 * u.cm)) ** 2).decompose(),
    "true_field": lambda u, c, i: i.apparent_field / i.power,
    "plate_scale": lambda u, c, i: u.rad / i.focal,
    "pixel_scale": lambda u, c, i: (i.pixel / i.focal).decompose() * u.rad,
    "limiting_magnitude": lambda u, c, i: 7.7 - 2 * _magnitude(u, i.aperture / u.cm),
    "image_size": lambda u, c, i: i.angle.to_value(u.rad) * i.focal,
    "sensor_field": lambda u, c, i: 2 * _arctan(i.sensor / (2 * i.focal)),
}
_POSITIONS: Mapping[str, Route] = {
    "small_angle": lambda u, c, i: i.angle.to_value(u.rad) * i.distance,
    "angular_size": lambda u, c, i: (i.size / i.distance).decompose() * u.rad,
    "distance_from_size": lambda u, c, i: i.size / i.angle.to_value(u.rad),
    "culmination": _culmination,
    "circumpolar_limit": lambda u, c, i: 90 * u.deg - i.latitude,
    "hour_angle": lambda u, c, i: i.sidereal - i.right,
    "altitude": _altitude,
    "illuminated_fraction": lambda u, c, i: (1 - _cosine(i.elongation)) / 2,
    "airmass": lambda u, c, i: 1 / _cosine(90 * u.deg - i.altitude),
    "day_length": lambda u, c, i: 2 * _arccos(-_tangent(i.latitude) * _tangent(i.sun)),
}
_ROUTES: Mapping[str, Route] = {
    **_LENGTHS, **_MAGNITUDES, **_ORBITS, **_STARS, **_WORLDS, **_UNIVERSE, **_TELESCOPES, **_POSITIONS,
}  # fmt: skip


def _scale(i: Any) -> Any:
    from astropy.cosmology import Planck18

    return Planck18.scale_factor(float(i.redshift))


def _background(i: Any) -> Any:
    from astropy.cosmology import Planck18

    return Planck18.Tcmb(float(i.redshift))


def _cosine(angle: Any) -> Any:
    import numpy as np

    return np.cos(angle)


def _tangent(angle: Any) -> Any:
    import numpy as np

    return np.tan(angle)


def _arccos(ratio: Any) -> Any:
    import numpy as np

    return np.arccos(ratio)


def _arctan(ratio: Any) -> Any:
    import numpy as np

    return np.arctan(ratio.decompose())
