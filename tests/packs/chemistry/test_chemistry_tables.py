"""The tables as they are read: compounds, elements, energies, documents; structures are read quietly."""

from __future__ import annotations

import subprocess
import sys

import pytest
from srm_pack_chemistry import sources
from srm_pack_chemistry.composition import atoms
from srm_pack_chemistry.compounds import load_compounds
from srm_pack_chemistry.corpus import documents
from srm_pack_chemistry.elements import load_elements
from srm_pack_chemistry.problems.groups import GROUPS, groups_of
from srm_pack_chemistry.structures import atom_weight, canonical, formula_of, inchikey, molecule, reordered
from srm_pack_chemistry.thermo import compound_species, fixed_species
from srm_pack_chemistry.weights import formula_mass

from srm_core.config import PackConfig
from srm_core.errors import MissingExtra


def test_known_compounds_are_there_with_their_identifiers() -> None:
    table = load_compounds()
    assert len(table) >= 1400
    ethanol = table["64-17-5"]
    assert (ethanol.name, ethanol.formula, ethanol.key) == ("ethanol", "C2H6O", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N")
    assert ethanol.boiling == pytest.approx(351.4, abs=0.5)
    names = [name for one in table.values() for name in (one.name, *one.aliases)]
    assert len(set(names)) == len(names)  # a name stands for one compound


def test_the_periodic_table_is_whole_and_known_values_are_right() -> None:
    elements = load_elements()
    assert [one.number for one in elements.values()] == list(range(1, 119))
    copper = elements["Cu"]
    assert (copper.name, copper.group, copper.period, copper.block) == ("copper", 11, 4, "d")
    assert copper.weight == pytest.approx(63.546)
    assert [isotope.number for isotope in copper.isotopes] == [63, 65]
    assert elements["F"].electronegativity == 3.98  # Pauling's scale
    assert elements["H"].ionization == 13.6
    assert elements["Fe"].melting == pytest.approx(1811, abs=1)
    assert elements["La"].group is None or elements["La"].group == 3


def test_two_libraries_agree_on_atomic_masses() -> None:
    for symbol in ("H", "C", "N", "O", "Na", "S", "Cl", "Fe", "Cu", "Ag", "I", "Pb", "U"):
        assert load_elements()[symbol].weight == pytest.approx(atom_weight(symbol), rel=5e-4)
    assert atom_weight("Xx") == 0
    assert formula_mass("C6H12O6") == pytest.approx(180.156, abs=0.005)  # glucose
    assert formula_mass("CuSO4·5H2O") == pytest.approx(249.68, abs=0.02)


def test_energies_of_formation_are_the_known_ones() -> None:
    fixed = fixed_species()
    assert fixed["CO2(g)"].energy("Hf") == pytest.approx(-393.5, abs=0.1)
    assert fixed["H2O(l)"].energy("Hf") == pytest.approx(-285.8, abs=0.1)
    assert fixed["H2O(g)"].energy("Gf") == pytest.approx(-228.6, abs=0.1)
    assert fixed["O2(g)"].energy("Gf") == 0
    ethanol = next(one for one in compound_species() if one.name == "ethanol" and one.phase == "l")
    assert ethanol.energy("Hf") == pytest.approx(-277.6, abs=0.5)
    with pytest.raises(ValueError, match="has no Gf"):
        next(one for one in compound_species() if one.gibbs is None).energy("Gf")


@pytest.mark.parametrize(
    ("cas", "groups"),
    [("64-17-5", {"alcohol"}), ("64-19-7", {"carboxylic acid"}), ("67-64-1", {"ketone"}), ("108-95-2", {"phenol"}),
     ("141-78-6", {"ester"}), ("60-29-7", {"ether"}), ("75-05-8", {"nitrile"}), ("98-95-3", {"nitro group"})],
)  # fmt: skip
def test_functional_groups_of_well_known_compounds(cas: str, groups: set[str]) -> None:
    assert groups_of(load_compounds()[cas]) == groups
    assert groups <= set(GROUPS)


def test_structures_are_compared_by_what_they_are() -> None:
    assert inchikey("OCC") == inchikey("CCO") == inchikey("C(O)C") != ""
    assert canonical("c1ccccc1O") == canonical("Oc1ccccc1")
    assert reordered("CCO") != "CCO"
    assert inchikey(reordered("CC(=O)Oc1ccccc1C(=O)O")) == inchikey("CC(=O)Oc1ccccc1C(=O)O")
    assert atoms(formula_of("CC(=O)O")) == {"C": 2, "H": 4, "O": 2}


@pytest.mark.parametrize("text", ["", "C1CC", "not a smiles", "C" * 301, "C" * 100, "C\nC", "Ω", "C\x00", "[Zz]", "(C"])
def test_what_is_no_small_structure_is_refused_without_a_word(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert molecule(text) is None
    assert inchikey(text) == canonical(text) == formula_of(text) == ""
    assert capfd.readouterr() == ("", "")


def test_documents_are_as_many_as_asked_and_licensed() -> None:
    made = list(documents(PackConfig(max_documents=50)))
    assert len(made) == 50
    assert all(document.source.licence for document in made)
    assert len(list(documents(PackConfig(max_documents=10_000)))) == len(load_compounds()) + 118


def test_a_missing_package_is_named_with_the_way_to_install_it() -> None:
    for ask in (sources.package_folder, sources.package_version):
        with pytest.raises(MissingExtra, match=r"srm-sdk\[chemistry\]"):
            ask("no_such_package_of_chemistry")


def test_importing_the_pack_reads_no_table() -> None:
    code = (
        "import sys, srm_pack_chemistry.pack, srm_pack_chemistry.verify as v; from srm_pack_chemistry import compounds;"
        "print(compounds.load_compounds.cache_info().currsize, *[m for m in ('rdkit', 'chemicals', 'mendeleev', 'pandas')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0"]
