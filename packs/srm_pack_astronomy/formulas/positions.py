"""Angles on the sky: sizes, heights above the horizon, lit discs."""

from __future__ import annotations

from srm_core.formulas.formula import number

from . import inputs as of
from .inputs import plain

_MEEUS = "Meeus 1998, Astronomical Algorithms, ch. 13, 15, 48"
_ANGLE = "small-angle approximation, 206265 arcsec a radian"

POSITIONS = (
    plain("small_angle", "size by the small-angle formula", "pc",
          (number("angle", "angular size", "arcsec", 5, 3000, 5), of.DISTANCE_PC), "angular size * distance / 206265",
          "{angle}*{distance}/206265", _ANGLE, core=True),
    plain("angular_size", "angular size", "arcmin",
          (number("size", "true size", "ly", 1, 3000, 1), number("distance", "distance", "ly", 500, 90000, 100)),
          "3437.75 * true size / distance", "3437.75*{size}/{distance}", _ANGLE, core=True,
          guards=("{distance}-10*{size}",)),
    plain("distance_from_size", "distance from the angular size", "ly",
          (number("size", "true size", "ly", 1, 3000, 1), number("angle", "angular size", "arcmin", 0.5, 90, 0.5)),
          "3437.75 * true size / angular size", "3437.75*{size}/{angle}", _ANGLE, core=True),
    plain("culmination", "altitude at upper culmination", "degrees", (of.LATITUDE, of.DECLINATION),
          "90 - abs(latitude - declination)", "90-abs({latitude}-{declination})", _MEEUS, core=True,
          guards=("85-abs({latitude}-{declination})",)),
    plain("circumpolar_limit", "declination above which stars are circumpolar", "degrees",
          (number("latitude", "northern latitude", "degrees", 1, 89, 0.05),), "90 - northern latitude", "90-{latitude}",
          _MEEUS),
    plain("hour_angle", "hour angle", "h",
          (number("sidereal", "local sidereal time", "h", 0, 23.9, 0.1),
           number("right", "right ascension", "h", 0, 23.9, 0.1)),
          "local sidereal time - right ascension", "{sidereal}-{right}", _MEEUS, core=True,
          guards=("12-abs({sidereal}-{right})", "abs({sidereal}-{right})-0.1")),
    plain("altitude", "altitude", "degrees",
          (of.LATITUDE, of.DECLINATION, number("hour", "hour angle", "h", -6, 6, 0.25)),
          "asind(sind(latitude) * sind(declination) + cosd(latitude) * cosd(declination) * cosd(15 * hour angle))",
          "asind(sind({latitude})*sind({declination})+cosd({latitude})*cosd({declination})*cosd(15*{hour}))", _MEEUS,
          guards=("sind({latitude})*sind({declination})+cosd({latitude})*cosd({declination})*cosd(15*{hour})-0.03",)),
    plain("illuminated_fraction", "lit fraction of the Moon's disc", "%",
          (number("elongation", "elongation of the Moon", "degrees", 15, 180, 0.1),), "50 * (1 - cosd(elongation))",
          "50*(1-cosd({elongation}))", _MEEUS, core=True),
    plain("airmass", "airmass", "", (number("altitude", "altitude", "degrees", 15, 89, 0.1),), "1 / sind(altitude)",
          "1/sind({altitude})", "plane-parallel atmosphere"),
    plain("day_length", "length of the day", "h",
          (of.LATITUDE, number("sun", "declination of the Sun", "degrees", -23.4, 23.4, 0.1)),
          "2 / 15 * acosd(-tand(latitude) * tand(declination of the Sun))",
          "2/15*acosd(-tand({latitude})*tand({sun}))", _MEEUS, held_out=True),
)  # fmt: skip
