"""astropy, set up so that it never goes online: no tables of Earth orientation, no names, built-in ephemeris."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from .sources import package_version


@cache
def stay_offline() -> None:
    """Tell astropy to use what it carries. Called before anything else of it is used."""
    package_version("astropy")
    from astropy.utils import iers

    iers.conf.auto_download = False
    iers.conf.auto_max_age = None


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore astropy's warnings about dates after its tables: seconds do not matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
