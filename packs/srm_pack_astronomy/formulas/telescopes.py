"""What a telescope shows: magnification, resolution, fields and images."""

from __future__ import annotations

from srm_core.formulas.formula import number

from . import inputs as of
from .inputs import plain

_BOOK = "Chromey 2016, To Measure the Sky, ch. 5"
_POWER = number("power", "magnification", "times", 20, 400, 1)

TELESCOPES = (
    plain("magnification", "magnification", "times", (of.FOCAL, of.EYEPIECE), "focal length / eyepiece focal length",
          "{focal}/{eyepiece}", _BOOK, core=True),
    plain("focal_ratio", "focal ratio", "", (of.FOCAL, of.APERTURE), "focal length / aperture", "{focal}/{aperture}",
          _BOOK, core=True),
    plain("exit_pupil", "exit pupil", "mm", (of.APERTURE, _POWER), "aperture / magnification", "{aperture}/{power}",
          _BOOK, core=True),
    plain("dawes_limit", "resolution by the Dawes limit", "arcsec",
          (number("aperture", "aperture", "mm", 50, 3000, 2),), "116 / aperture", "116/{aperture}",
          "Dawes 1867, Mem. RAS 35:137", core=True),
    plain("rayleigh_limit", "resolution by the Rayleigh criterion", "arcsec",
          (number("wavelength", "wavelength", "nm", 350, 1100, 5), of.APERTURE), "0.251643 * wavelength / aperture",
          "0.251643*{wavelength}/{aperture}", "Rayleigh 1879, Phil. Mag. 8:261", core=True),
    plain("light_gathering", "light-gathering power relative to an eye of 7 mm", "times",
          (number("aperture", "aperture", "mm", 50, 3000, 2),), "(aperture / 7)^2", "({aperture}/7)^2", _BOOK,
          core=True),
    plain("true_field", "true field of view", "arcmin",
          (number("apparent_field", "apparent field", "degrees", 40, 100, 1), _POWER),
          "60 * apparent field / magnification", "60*{apparent_field}/{power}", _BOOK, core=True),
    plain("plate_scale", "plate scale", "arcsec/mm", (number("focal", "focal length", "mm", 300, 9000, 2),),
          "206265 / focal length", "206265/{focal}", _BOOK, core=True),
    plain("pixel_scale", "pixel scale", "arcsec/pixel",
          (number("pixel", "pixel size", "micrometres", 2, 20, 0.1), of.FOCAL), "206.265 * pixel size / focal length",
          "206.265*{pixel}/{focal}", _BOOK, core=True),
    plain("limiting_magnitude", "visual limiting magnitude", "mag",
          (number("aperture", "aperture", "mm", 50, 3000, 2),),
          "2.7 + 5 * log10(aperture)", "2.7+5*log10({aperture})", "Sidgwick 1971, Amateur Astronomer's Handbook",
          tolerance=0.005),
    plain("image_size", "size of an image at the focus", "mm",
          (number("angle", "angular size", "arcmin", 1, 120, 0.5), of.FOCAL), "angular size * focal length / 3437.75",
          "{angle}*{focal}/3437.75", _BOOK),
    plain("sensor_field", "field of a sensor", "degrees",
          (number("sensor", "sensor width", "mm", 4, 50, 0.5), of.FOCAL),
          "2 * atand(sensor width / (2 * focal length))", "2*atand({sensor}/(2*{focal}))", _BOOK, held_out=True),
)  # fmt: skip
