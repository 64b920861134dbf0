"""The catalogue, the ephemerides, and how far two independent sources agree."""

from __future__ import annotations

import socket
from datetime import date

import pytest
from srm_pack_astronomy import agreement, offline
from srm_pack_astronomy.catalogue import all_things, designation, things
from srm_pack_astronomy.constellations import NAMES, abbreviation_of
from srm_pack_astronomy.corpus import documents
from srm_pack_astronomy.galaxies import class_of
from srm_pack_astronomy.planets import PLANETS, planet_triples
from srm_pack_astronomy.sky import moons, positions, spoken
from srm_pack_astronomy.sources import package_version

from srm_core.config import PackConfig
from srm_core.errors import MissingExtra

SMOKE = PackConfig(max_documents=100)


def test_the_catalogue_holds_what_opengc_publishes_under_its_licence():
    by_name = {thing.name: thing for thing in all_things()}
    andromeda = by_name["NGC 224"]
    assert (andromeda.constellation, andromeda.type, andromeda.magnitude, andromeda.hubble) == ("And", "G", 3.44, "Sb")
    assert andromeda.ra == pytest.approx(10.685, abs=0.01)
    assert andromeda.dec == pytest.approx(41.269, abs=0.01)
    assert "M 31" in andromeda.nicknames
    assert "UGC 454" in andromeda.aliases
    assert "IC 11" in by_name["NGC 281"].aliases  # a record of the catalogue that only repeats another
    assert not any("M 102" in thing.nicknames for thing in all_things())
    assert len(all_things()) > 12_000
    assert len({thing.curie for thing in all_things()}) == len(all_things())


def test_no_other_name_stands_for_two_objects():
    names = [name for thing in all_things() for name in (*thing.nicknames, *thing.aliases)]
    assert len(set(names)) == len(names) > 20_000


def test_designations_are_written_as_people_write_them():
    assert designation("NGC0224") == "NGC 224"
    assert designation("NGC4559A") == "NGC 4559A"
    assert designation("Mel022") == "Melotte 22"
    assert designation("IC2431 NED02") == designation("MWSC3156") == ""


def test_there_are_88_constellations():
    assert len(NAMES) == 88
    assert abbreviation_of("Ophiucus") == abbreviation_of("Ophiuchus") == "Oph"
    assert abbreviation_of("Nowhere") == ""


def test_hubble_types_between_two_classes_or_doubtful_have_none():
    said = {t: class_of(t) for t in ("E", "S0", "Sb", "SABc", "SBm", "IB", "E-S0", "S0-a", "S?", "E?", "")}
    assert list(said.values()) == [
        "elliptical", "lenticular", "ordinary spiral", "intermediate spiral", "barred spiral", "irregular", "", "", "", "", "",
    ]  # fmt: skip


def test_astropy_puts_all_but_a_few_objects_into_the_catalogues_constellation():
    """The rest, 76 of 12,580, are left out of the problems: their coordinates are rounded to 0.01 degrees."""
    dropped = len(things(PackConfig())) - len(agreement.agreed_things(2000))
    assert 0 < dropped <= 100


def test_astropy_and_astronomy_engine_agree_on_planets_and_the_moon():
    sample = positions(SMOKE)
    assert len(sample) == 6 * 72
    assert len(sample) - len(agreement.agreed_positions(100)) <= 2
    for moon in agreement.agreed_moons(100):
        assert agreement.apart(moon.elongation % 90, 0, 90) > agreement.BOUNDARY
    assert len(agreement.agreed_moons(100)) > 0.85 * len(moons(SMOKE))


def test_positions_are_those_of_known_events():
    found = {(each.body, each.day): each for each in positions(PackConfig())}
    great = [found[body, date(2020, 12, 21)] for body in ("Jupiter", "Saturn")]  # the great conjunction
    assert abs(great[0].longitude - great[1].longitude) < 0.2
    assert {each.constellation for each in great} == {"Cap"}
    assert spoken(date(2020, 12, 21)) == "21 December 2020"


def test_astropy_is_told_to_stay_offline(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    offline.stay_offline()
    from astropy.utils import iers

    assert iers.conf.auto_download is False
    assert iers.conf.auto_max_age is None
    assert agreement.places_of("Mars", [date(2027, 12, 1)])[0][0] == "Sgr"


def test_the_corpus_is_as_large_as_asked_and_licensed():
    texts = list(documents(PackConfig(max_documents=80)))
    assert len(texts) == 80
    assert {text.source.licence for text in texts} == {"CC-BY-SA-4.0", "Apache-2.0"}
    assert all(0 < cut < len(text.text) for text in texts for cut in text.breaks)


def test_the_planets_are_eight_with_five_quantities():
    assert len(PLANETS) == 8
    assert len(list(planet_triples())) == 8 * 6
    assert PLANETS["Mars"]["mass"] == "0.107"


def test_a_missing_package_is_named_with_the_extra():
    with pytest.raises(MissingExtra, match="astronomy"):
        package_version("no-such-package-here")
