"""What is wrong with a mapping file, or between it and its facts, is said in one sentence."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from srm_knowledge.store import FolderKnowledge
from srm_knowledge.vocabulary.facts import triples
from srm_knowledge.vocabulary.mapping import load_vocabulary
from srm_knowledge.vocabulary.problems import problems

from srm_core.config import PackConfig
from srm_core.errors import ConfigError

HERE = Path(__file__).parent / "vocabulary"
WRITTEN = (HERE / "workshop.toml").read_text(encoding="utf-8")


def mapping(folder: Path, old: str = "", new: str = "") -> Path:
    """Write the workshop's mapping with one change, its facts beside it."""
    assert old in WRITTEN
    (folder / "workshop.ttl").write_text((HERE / "workshop.ttl").read_text(encoding="utf-8"), encoding="utf-8")
    file = folder / "workshop.toml"
    file.write_text(WRITTEN.replace(old, new, 1), encoding="utf-8")
    return file


def refusal(file: Path) -> str:
    """Return why the mapping in ``file`` gives no problems."""
    with pytest.raises(ConfigError) as refused:
        _pose(file)
    said = str(refused.value)
    assert "\n" not in said
    return said


def _pose(file: Path) -> int:
    vocabulary = load_vocabulary(file)
    knowledge = FolderKnowledge(Path(tempfile.mkdtemp(dir=file.parent)))
    try:
        knowledge.add((), triples(vocabulary))
        return sum(1 for _ in problems(vocabulary, knowledge, PackConfig(per_kind=5)))
    finally:
        knowledge.close()


def test_the_mapping_itself_is_right(tmp_path: Path) -> None:
    assert _pose(mapping(tmp_path)) == 5 * 13


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "workshop"', 'name = "Work shop"', "name = 'Work shop': use 2 to 31 lower-case letters, digits and underscores"),
        ("[source]", 'language = "English!"\n[source]', "language = 'English!': use a language tag such as 'en'"),
        ('licence = "Apache-2.0"', "", "source.licence = {'name': 'workshop'}: field required"),
        ("[source]", 'file = "x"\n[source]', "there is no setting 'file'. Did you mean 'files'?"),
        ("[source]", 'home = "/"\n[source]', "there is no setting 'home'."),
        ('steps = ["above"]', 'steps = ["abov"]', "kind 'above' names the relation 'abov', which is not there. Did you mean 'above'?"),
        ('steps = ["above"]', 'steps = ["above", "above", "above", "above"]', "kinds.above.steps"),
        ('shape = "path"', 'shape = "cycle"', "kinds.above.shape = 'cycle': input should be 'path', 'set', 'count'"),
        ('shape = "path"', 'shape = "path"\nwithout = "task"', "kind 'above': the shape 'path' takes no 'without'"),
        ('shape = "path"\nsteps = ["above", "above"]', 'shape = "analogy"\nsteps = ["above", "above"]', "kind 'above_two': the shape 'analogy' takes one step, not 2"),
        ("Two steps up from {start}", "Two steps up from {begin}", "has {begin}; there are {chain}, {start}"),
        ("Two steps up from {start}", "Two steps up", "lacks {start}, without which it asks nothing"),
        ("Two steps up from {start}", "Two steps up from {start", "is no phrasing: "),
        ("workshop.ttl", "garage.ttl", "garage.ttl, which does not exist"),
        ("[source]", "[source", "is not valid TOML"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_refused_by_the_place_and_the_mend(old: str, new: str, said: str, tmp_path: Path) -> None:
    file = mapping(tmp_path, old, new)
    refused = refusal(file)
    assert said in refused
    assert str(file) in refused


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'predicate = "ws:madeOf"',
            'predicate = "ws:madeof"',
            "relation 'material' stands on ws:madeof, which no fact of 'workshop' has. Did you mean 'ws:madeOf'?",
        ),
        (
            'predicate = "ws:madeOf"',
            'predicate = "shop:madeOf"',
            "relation 'material' stands on shop:madeOf, whose prefix is neither in [prefixes] nor known",
        ),
        ('predicate = "ws:madeOf"', 'predicate = "skos:exactMatch"', "stands on skos:exactMatch, which no fact of 'workshop' has."),
        (
            "[source]",
            'labels = ["rdfs:label"]\n[source]',
            "no fact of 'workshop' gives a label by rdfs:label in the language 'en'; set labels and language",
        ),
        ("[source]", 'language = "fr"\n[source]', "gives a label by skos:prefLabel in the language 'fr'"),
        ("[source]", 'language = "de"\n[source]', "none of its 67 facts joins two terms with one label of their own"),
        ('"ws:weight"', '"ws:weight"\ninverse = true', "relation 'weight' is inverse, but ws:weight leads to texts or numbers"),
        ('steps = ["below"]', 'steps = ["weight"]', "kind 'how_many' needs relations between terms, but 'weight' leads to texts"),
        ('steps = ["above", "above"]', 'steps = ["weight", "above"]', "kind 'above_two' needs relations between terms"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_its_facts_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    refused = refusal(mapping(tmp_path, old, new))
    assert said in refused
    assert "vocabulary 'workshop'" in refused


def test_a_file_without_facts_or_with_broken_ones_is_named(tmp_path: Path) -> None:
    file = mapping(tmp_path)
    (tmp_path / "workshop.ttl").write_text("this is no Turtle", encoding="utf-8")
    assert "workshop.ttl gives the vocabulary 'workshop' no fact: broken: " in refusal(file)
    (tmp_path / "workshop.ttl").write_text("# nothing\n", encoding="utf-8")
    assert "workshop.ttl gives the vocabulary 'workshop' no fact: it holds none" in refusal(file)


def test_a_mapping_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "the mapping " in refusal(tmp_path / "nowhere.toml")
    assert "nowhere.toml cannot be read: No such file or directory" in refusal(tmp_path / "nowhere.toml")


def test_without_files_the_facts_must_be_there(tmp_path: Path) -> None:
    refused = refusal(mapping(tmp_path, 'files = ["workshop.ttl"]\n'))
    assert "no fact of 'workshop' gives a label by skos:prefLabel" in refused
