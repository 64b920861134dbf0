"""Magnitudes, distances and motions of stars."""

from __future__ import annotations

from srm_core.formulas.formula import number

from . import inputs as of
from .inputs import plain

_POGSON = "Pogson 1856, MNRAS 17:12"
_BOOK = "Carroll and Ostlie, An Introduction to Modern Astrophysics, ch. 3"
_FIRST = number("first", "magnitude of the first star", "mag", 0, 12, 0.1)
_SECOND = number("second", "magnitude of the second star", "mag", 0, 12, 0.1)
_PARALLAX = number("parallax", "parallax", "mas", 0.5, 400, 0.1)

MAGNITUDES = (
    plain("parallax_distance", "distance from the parallax", "pc", (_PARALLAX,), "1000 / parallax",
          "1000/{parallax}", _BOOK, core=True),
    plain("distance_modulus", "distance modulus", "mag", (of.DISTANCE_PC,), "5 * log10(distance) - 5",
          "5*log10({distance})-5", _BOOK, core=True, guards=("abs({distance}-10)-3",)),
    plain("absolute_magnitude", "absolute magnitude", "mag", (of.MAGNITUDE, of.DISTANCE_PC),
          "apparent magnitude - 5 * log10(distance) + 5", "{apparent}-5*log10({distance})+5", _BOOK, core=True,
          guards=("abs({apparent}-5*log10({distance})+5)-0.5",)),
    plain("apparent_magnitude", "apparent magnitude at a distance", "mag", (of.ABSOLUTE, of.DISTANCE_PC),
          "absolute magnitude + 5 * log10(distance) - 5", "{absolute}+5*log10({distance})-5", _BOOK,
          guards=("abs({absolute}+5*log10({distance})-5)-0.5",)),
    plain("modulus_distance", "distance from the magnitudes", "pc", (of.MAGNITUDE, of.ABSOLUTE),
          "10^((apparent magnitude - absolute magnitude + 5) / 5)", "10^(({apparent}-{absolute}+5)/5)", _BOOK,
          core=True, guards=("{apparent}-{absolute}+4", "25-({apparent}-{absolute})")),
    plain("flux_ratio", "brightness ratio of the first star to the second", "times", (_FIRST, _SECOND),
          "10^(0.4 * (magnitude of the second star - magnitude of the first star))",
          "10^(0.4*({second}-{first}))", _POGSON, core=True, guards=("{second}-{first}",)),
    plain("magnitude_difference", "difference in magnitude", "mag",
          (number("ratio", "brightness ratio", "times", 1.5, 9000, 0.5),), "2.5 * log10(brightness ratio)",
          "2.5*log10({ratio})", _POGSON, core=True),
    plain("combined_magnitude", "combined magnitude of a double star", "mag", (_FIRST, _SECOND),
          "-2.5 * log10(10^(-0.4 * first magnitude) + 10^(-0.4 * second magnitude))",
          "-2.5*log10(10^(-0.4*{first})+10^(-0.4*{second}))", _POGSON, held_out=True,
          guards=("{first}-1", "{second}-1")),
    plain("surface_brightness", "mean surface brightness", "mag/arcsec2",
          (of.MAGNITUDE, number("major", "major axis", "arcmin", 1, 60, 0.1),
           number("minor", "minor axis", "arcmin", 1, 60, 0.1)),
          "apparent magnitude + 2.5 * log10(2827.43 * major axis * minor axis)",
          "{apparent}+2.5*log10(2827.43*{major}*{minor})", "area of an ellipse, 0.7854 * 3600 arcsec2 an arcmin2",
          tolerance=0.005, guards=("{major}-{minor}", "{apparent}-3")),
    plain("dimmed_distance", "distance corrected for extinction", "pc",
          (of.MAGNITUDE, of.ABSOLUTE, number("extinction", "extinction", "mag", 0.2, 4, 0.1)),
          "10^((apparent magnitude - absolute magnitude - extinction + 5) / 5)",
          "10^(({apparent}-{absolute}-{extinction}+5)/5)", _BOOK,
          guards=("{apparent}-{absolute}", "25-({apparent}-{absolute})")),
    plain("tangential_velocity", "tangential velocity", "km/s",
          (number("motion", "proper motion", "arcsec/yr", 0.01, 6, 0.01), of.DISTANCE_PC),
          "4.74047 * proper motion * distance", "4.74047*{motion}*{distance}", _BOOK,
          guards=("500-{motion}*{distance}",)),
    plain("space_velocity", "space velocity", "km/s",
          (number("radial", "radial velocity", "km/s", 3, 300),
           number("tangential", "tangential velocity", "km/s", 3, 300)),
          "sqrt(radial velocity^2 + tangential velocity^2)", "sqrt({radial}^2+{tangential}^2)", _BOOK),
)  # fmt: skip
