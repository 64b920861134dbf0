"""The table of formulas: hand values, worked expressions against independent values, and astropy as a third route."""

from __future__ import annotations

import re
from random import Random

import pytest
from srm_pack_astronomy.formulas.by_astropy import value_by_astropy
from srm_pack_astronomy.formulas.table import BY_KIND, FORMULAS
from srm_pack_astronomy.formulas.values import VALUES, value

from srm_core.calculator import MAX_LENGTH, evaluate
from srm_core.formulas.drawing import draw
from srm_core.formulas.formula import VARIANTS, formula_text
from srm_core.formulas.working import work

# Worked by hand, or the textbook value of the real thing (the Sun, Earth, Jupiter, Sirius, Hubble's telescope).
HAND = [
    ("pc_to_ly", {"value": 10}, 32.6156), ("ly_to_pc", {"value": 4.246}, 1.3018), ("ly_to_au", {"value": 1}, 63241.1),
    ("kpc_to_ly", {"value": 8}, 26092.5), ("au_to_light_minutes", {"value": 1}, 8.3168), ("au_to_ly", {"value": 63241.1}, 1),
    ("light_minutes_to_au", {"value": 43.25}, 5.2004), ("deg_to_arcmin", {"value": 0.5}, 30),
    ("arcsec_to_arcmin", {"value": 90}, 1.5), ("arcsec_to_deg", {"value": 1800}, 0.5), ("hours_to_degrees", {"value": 6}, 90),
    ("degrees_to_hours", {"value": 270}, 18), ("days_to_years", {"value": 687}, 1.8809),
    ("earth_to_jupiter_masses", {"value": 95.2}, 0.29953), ("jupiter_to_earth_masses", {"value": 1}, 317.83),
    # right ascension of Vega, 18h 36m 56s; declination of Vega, 38d 47m 1s
    ("hms_to_degrees", {"hours": 18, "minutes": 36, "seconds": 56}, 279.2333),
    ("dms_to_degrees", {"degrees": 38, "arcminutes": 47, "arcseconds": 1}, 38.78361),
    ("hms_to_hours", {"hours": 18, "minutes": 36, "seconds": 56}, 18.61556),
    ("parallax_distance", {"parallax": 379.2}, 2.6371), ("distance_modulus", {"distance": 100}, 5),
    ("absolute_magnitude", {"apparent": -1.46, "distance": 2.637}, 1.4345), ("apparent_magnitude", {"absolute": 4.83, "distance": 10}, 4.83),
    ("modulus_distance", {"apparent": 10, "absolute": 0}, 1000), ("flux_ratio", {"first": 1, "second": 6}, 100),
    ("magnitude_difference", {"ratio": 100}, 5), ("combined_magnitude", {"first": 2, "second": 2}, 1.24743),
    ("surface_brightness", {"apparent": 8.0, "major": 10, "minor": 5}, 20.8757), ("dimmed_distance", {"apparent": 10, "absolute": 0, "extinction": 1}, 630.957),
    ("tangential_velocity", {"motion": 10.36, "distance": 1.83}, 89.874), ("space_velocity", {"radial": 3, "tangential": 4}, 5),
    ("kepler_third", {"axis": 5.203, "star_mass": 1}, 11.868), ("kepler_axis", {"period": 365.25, "star_mass": 1}, 1),
    ("kepler_mass", {"axis": 1, "period": 365.25}, 1), ("circular_velocity", {"star_mass": 1, "axis": 1}, 29.785),
    ("escape_velocity", {"planet_mass": 1, "planet_radius": 1}, 11.18), ("surface_gravity", {"planet_mass": 0.107, "planet_radius": 0.532}, 3.7043),
    ("perihelion", {"axis": 1.524, "eccentricity": 0.0934}, 1.38166), ("aphelion", {"axis": 1.524, "eccentricity": 0.0934}, 1.66634),
    ("synodic_period", {"inner": 365.25, "outer": 686.98}, 779.93), ("vis_viva", {"star_mass": 1, "separation": 1, "axis": 2}, 36.478),
    ("hill_radius", {"axis": 1, "planet_mass": 1, "star_mass": 1}, 0.0100037), ("roche_limit", {"radius": 60268, "planet_density": 0.687, "moon_density": 0.687}, 147054),
    ("wien", {"temperature": 5772}, 502.04), ("wien_temperature", {"wavelength": 500}, 5795.5),
    ("stefan_boltzmann", {"star_radius": 2, "temperature": 5772}, 4), ("star_radius", {"luminosity": 4, "temperature": 5772}, 2),
    ("luminosity_from_magnitude", {"absolute": 4.74}, 1), ("main_sequence_lifetime", {"star_mass": 4}, 0.3125),
    ("mass_luminosity", {"star_mass": 4}, 128), ("schwarzschild_radius", {"remnant_mass": 10}, 29.5325),
    ("flux_at_distance", {"luminosity": 1, "separation": 1}, 1361.2), ("photon_energy", {"wavelength": 121.567}, 10.1988),
    ("mean_density", {"star_mass": 1, "star_radius": 1}, 1.4098), ("gravitational_redshift", {"star_mass": 1, "star_radius": 1}, 0.63631),
    ("transit_depth", {"planet_radius": 1, "star_radius": 1}, 84.05), ("transit_radius", {"depth": 84.05, "star_radius": 1}, 1),
    ("equilibrium_temperature", {"temperature": 5772, "star_radius": 1, "axis": 1, "albedo": 0.3}, 254.59),
    ("insolation", {"luminosity": 4, "axis": 2}, 1), ("transit_probability", {"star_radius": 1, "axis": 1}, 0.46505),
    ("planet_density", {"planet_mass": 1, "planet_radius": 1}, 5.4951), ("habitable_inner", {"luminosity": 1}, 0.95346),
    ("habitable_outer", {"luminosity": 1}, 1.37361), ("velocity_semiamplitude", {"minimum_mass": 1, "star_mass": 1, "years": 11.862}, 12.467),
    ("astrometric_signature", {"minimum_mass": 1, "star_mass": 1, "axis": 5.2, "distance": 10}, 0.49639),
    ("redshift", {"observed": 607.6, "rest": 121.52}, 4), ("observed_wavelength", {"rest": 656.3, "redshift": 0.158}, 759.995),
    ("recession_velocity", {"redshift": 0.01}, 2997.92), ("relativistic_velocity", {"redshift": 1}, 179875),
    ("hubble_velocity", {"hubble": 70, "distance": 100}, 7000), ("hubble_distance", {"velocity": 7000, "hubble": 70}, 100),
    ("redshift_distance", {"redshift": 0.0233495, "hubble": 70}, 100), ("hubble_time", {"hubble": 70}, 13.9685),
    ("scale_factor", {"redshift": 3}, 0.25), ("background_temperature", {"redshift": 1089}, 2970.8),
    ("expansion_rate", {"hubble": 70, "matter": 0.3, "redshift": 1}, 123.248), ("matter_age", {"hubble": 65.1861, "redshift": 0}, 10),
    ("matter_luminosity_distance", {"hubble": 70, "redshift": 3}, 17131), ("flat_age", {"hubble": 70, "matter": 0.3}, 13.4670),
    ("magnification", {"focal": 1000, "eyepiece": 10}, 100), ("focal_ratio", {"focal": 2000, "aperture": 200}, 10),
    ("exit_pupil", {"aperture": 200, "power": 50}, 4), ("dawes_limit", {"aperture": 116}, 1),
    ("rayleigh_limit", {"wavelength": 550, "aperture": 2400}, 0.057668), ("light_gathering", {"aperture": 70}, 100),
    ("true_field", {"apparent_field": 50, "power": 100}, 30), ("plate_scale", {"focal": 1000}, 206.265),
    ("pixel_scale", {"pixel": 5, "focal": 1000}, 1.03132), ("limiting_magnitude", {"aperture": 100}, 12.7),
    ("image_size", {"angle": 31, "focal": 1000}, 9.0175), ("sensor_field", {"sensor": 36, "focal": 500}, 4.1235),
    ("small_angle", {"angle": 206.265, "distance": 1000}, 1), ("angular_size", {"size": 100, "distance": 343775}, 1),
    ("distance_from_size", {"size": 10, "angle": 34.3775}, 1000), ("culmination", {"latitude": 50, "declination": 20}, 60),
    ("circumpolar_limit", {"latitude": 52}, 38), ("hour_angle", {"sidereal": 9, "right": 2.5}, 6.5),
    ("altitude", {"latitude": 30, "declination": 90, "hour": 5}, 30), ("illuminated_fraction", {"elongation": 90}, 50),
    ("airmass", {"altitude": 30}, 2), ("day_length", {"latitude": 45, "sun": 23.4}, 15.419),
]  # fmt: skip


def test_every_formula_is_in_the_hand_table_once_and_in_one_kind():
    assert sorted(name for name, _, _ in HAND) == sorted(FORMULAS) == sorted(VALUES)
    assert sum(map(len, BY_KIND.values())) == len(FORMULAS)


@pytest.mark.parametrize(("name", "inputs", "expected"), HAND, ids=[name for name, _, _ in HAND])
def test_the_value_is_what_hand_or_textbook_gives(name, inputs, expected):
    assert value(FORMULAS[name], inputs) == pytest.approx(expected, rel=3e-4)
    assert evaluate(work(FORMULAS[name], inputs).expression) == pytest.approx(expected, rel=4e-4)


@pytest.mark.parametrize("name", FORMULAS)
def test_the_worked_expression_agrees_with_the_independent_value(name):
    formula, rng = FORMULAS[name], Random(name)
    for _ in range(30):
        inputs = draw(formula, rng, value)
        worked = work(formula, inputs)
        assert len(worked.expression) <= MAX_LENGTH
        assert evaluate(worked.expression) == pytest.approx(value(formula, inputs), rel=1e-4), inputs


@pytest.mark.parametrize("name", FORMULAS)
def test_astropy_gives_the_same_value(name):
    formula, rng = FORMULAS[name], Random(name)
    for _ in range(2):
        inputs = draw(formula, rng, value)
        other = value_by_astropy(name, inputs, formula.unit, {each.name: each.unit for each in formula.inputs})
        assert other == pytest.approx(value(formula, inputs), rel=2e-5), inputs


@pytest.mark.parametrize("name", FORMULAS)
def test_the_statement_and_the_expression_hold_the_same_numbers(name):
    formula = FORMULAS[name]
    bare = re.sub(r"\{\w+\}", "", formula.branches[0].steps[-1][1])
    said = formula.statement
    for source in sorted(formula.inputs, key=lambda each: -len(each.label)):
        said = said.replace(source.label, "")
    numbers = re.compile(r"(?<![a-z\d.])\d+(?:\.\d+)?")
    assert sorted(numbers.findall(bare)) == sorted(numbers.findall(said))


def test_statements_are_short_and_each_kind_has_core_and_held_out_formulas():
    for formulas in BY_KIND.values():
        assert any(each.held_out for each in formulas)
        assert sum(each.core for each in formulas) >= 4
        assert not any(each.core and each.held_out for each in formulas)
    for formula in FORMULAS.values():
        assert formula.source
        assert all(len(formula_text(formula, n).split()) <= 34 for n in range(VARIANTS)), formula.name
