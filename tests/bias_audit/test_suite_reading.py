"""Published formats: rows written by us in each format, malformed rows counted and named, the real files where present."""

import json
from pathlib import Path

import pytest
from srm_bias_audit.suites.bbq import read_bbq
from srm_bias_audit.suites.bec_pro import read_bec_pro
from srm_bias_audit.suites.bold import read_bold
from srm_bias_audit.suites.catalogue import SUITES, read_suite
from srm_bias_audit.suites.crows_pairs import read_crows_pairs
from srm_bias_audit.suites.sofa import read_sofa
from srm_bias_audit.suites.stereoset import read_stereoset
from srm_bias_audit.suites.winogender import read_winogender

from srm_core.errors import ConfigError

BENCH = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "bench"
needs_bench = pytest.mark.skipif(
    not (BENCH / "fair-bbq").exists(), reason="the published suites are not in a sibling folder shared/"
)


def bbq_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "example_id": 3, "question_index": "7", "question_polarity": "neg", "context_condition": "ambig",
        "category": "Tidiness",
        "answer_info": {"ans0": ["the blue team", "blue"], "ans1": ["Unknown", "unknown"], "ans2": ["the red team", "red"]},
        "additional_metadata": {"subcategory": "None", "stereotyped_groups": ["red"], "version": "None", "source": "x"},
        "context": "Two teams met.", "question": "Who left the room in a mess?",
        "ans0": "The blue team", "ans1": "Unknown", "ans2": "The red team", "label": 1,
    }  # fmt: skip
    return row | changes


def test_bbq_says_which_option_leans_on_the_stereotype(tmp_path: Path) -> None:
    rows = [bbq_row(), bbq_row(example_id=4, question_polarity="nonneg")]
    path = tmp_path / "Tidiness.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    neg, nonneg = read_bbq(path).items
    assert (neg.fields["biased"], nonneg.fields["biased"]) == ("2", "0")
    assert neg.options == ("The blue team", "Unknown", "The red team")
    assert neg.template == nonneg.template == "Tidiness:7"
    assert neg.prompt == "Two teams met. Who left the room in a mess?"


def test_bbq_knows_the_letters_of_gender_identity(tmp_path: Path) -> None:
    info = {"ans0": ["the man", "man"], "ans1": ["the girl", "girl"], "ans2": ["Unknown", "unknown"]}
    extra = {"stereotyped_groups": ["F"], "version": "None"}
    path = tmp_path / "g.jsonl"
    path.write_text(json.dumps(bbq_row(answer_info=info, additional_metadata=extra, label=2)))
    (item,) = read_bbq(path).items
    assert item.fields["biased"] == "1"


def test_bbq_names_every_malformed_row(tmp_path: Path) -> None:
    both = {"stereotyped_groups": ["red", "blue"], "version": "None"}
    lines = [
        json.dumps(bbq_row()),
        "{",
        "[1]",
        json.dumps(bbq_row(question_polarity="odd")),
        json.dumps(bbq_row(label=7)),
        json.dumps(bbq_row(additional_metadata=both)),
        json.dumps({"example_id": 1}),
        json.dumps(bbq_row(label="x")),
    ]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(lines))
    read = read_bbq(path)
    assert len(read.items) == 1
    assert [row.place for row in read.skipped] == [f"row {n}" for n in range(2, 9)]
    assert read.reasons == {
        "no JSON": 1,
        "no JSON object": 1,
        "unknown polarity or condition": 1,
        "no label in 0..2, or not exactly one unknown option": 1,
        "the stereotyped group is not exactly one of the options": 1,
        "a field is missing or has another type": 2,
    }


def test_crows_pairs_and_its_malformed_rows(tmp_path: Path) -> None:
    path = tmp_path / "crows_pairs_anonymized.csv"
    path.write_text(
        ",sent_more,sent_less,stereo_antistereo,bias_type,annotations,anon_writer,anon_annotators\n"
        '0,"Reds, as ever, were late.","Blues, as ever, were late.",stereo,team,[],a0,[]\n'
        "1,Same.,Same.,stereo,team,[],a0,[]\n"
        "2,Reds sang.,,stereo,team,[],a0,[]\n"
        "3,Reds sang.,Blues sang.,sideways,team,[],a0,[]\n"
    )
    read = read_crows_pairs(path)
    assert [item.continuations for item in read.items] == [("Reds, as ever, were late.", "Blues, as ever, were late.")]
    assert [(row.place, row.reason) for row in read.skipped] == [
        ("row 2", "both sentences are the same"),
        ("row 3", "empty: sent_less"),
        ("row 4", "stereo_antistereo is neither stereo nor antistereo"),
    ]


def stereoset_row(**changes: object) -> dict[str, object]:
    labels = ("unrelated", "stereotype", "anti-stereotype")
    sentences = [{"sentence": f"Reds are {label}.", "gold_label": label, "id": label} for label in labels]
    return {
        "id": "a",
        "target": "red",
        "bias_type": "team",
        "context": "Reds are BLANK.",
        "sentences": sentences,
    } | changes


def test_stereoset_orders_the_sentences_and_names_what_is_malformed(tmp_path: Path) -> None:
    data = {
        "intrasentence": [stereoset_row(), stereoset_row(id="b", sentences=[])],
        "intersentence": [stereoset_row(id="c"), {"id": "d"}],
    }
    path = tmp_path / "dev.json"
    path.write_text(json.dumps({"version": "1.0", "data": data}))
    read = read_stereoset(path)
    assert [item.id for item in read.items] == ["intrasentence:a", "intersentence:c"]
    assert read.items[0].continuations == ("Reds are stereotype.", "Reds are anti-stereotype.", "Reds are unrelated.")
    assert (read.items[0].prompt, read.items[1].prompt) == ("", "Reds are BLANK.")
    assert [row.place for row in read.skipped] == ["intrasentence 2", "intersentence 2"]
    path.write_text("{}")
    with pytest.raises(ConfigError, match="not StereoSet"):
        read_stereoset(path)


def write_winogender(folder: Path) -> tuple[Path, Path]:
    rows = [
        ("smith.guest.0.male.txt", "The smith told the guest that he had finished."),
        ("smith.guest.0.female.txt", "The smith told the guest that she had finished."),
        ("smith.guest.0.neutral.txt", "The smith told the guest that they had finished."),
        ("smith.guest.1.male.txt", "The smith told the guest that he could pay."),
        ("smith.guest.male.txt", "Broken."),
        ("tiler.guest.1.male.txt", "The tiler told the guest that he could pay."),
    ]
    sentences, statistics = folder / "all_sentences.tsv", folder / "occupations-stats.tsv"
    sentences.write_text("sentid\tsentence\n" + "\n".join("\t".join(row) for row in rows))
    statistics.write_text(
        "occupation\tbergsma_pct_female\tbls_pct_female\tbls_year\nsmith\t5\t12.5\t2015\npoet\t5\tmany\t2015\n"
    )
    return sentences, statistics


def test_winogender_makes_schemas_or_questions(tmp_path: Path) -> None:
    read = read_winogender(*write_winogender(tmp_path))
    (schema,) = read.items
    assert schema.continuations[1] == "The smith told the guest that she had finished."
    assert schema.fields == {"answer": "0", "share": "12.5"}
    assert read.reasons == {
        "bls_pct_female is no percentage": 1,
        "malformed sentid or no sentence": 1,
        "no statistics for the occupation": 1,
        "not all three genders": 1,
    }
    asked = read_winogender(*write_winogender(tmp_path), ask=True).items
    assert [item.prompt.splitlines()[1] for item in asked] == [
        f'Who does "{word}" refer to?' for word in ("he", "she", "they")
    ]
    assert asked[0].options == ("the smith", "the guest")


def test_bec_pro_puts_a_neutral_word_for_the_masks(tmp_path: Path) -> None:
    path = tmp_path / "BEC-Pro_EN.tsv"
    head = "\tSentence\tSent_TM\tSent_AM\tSent_TAM\tTemplate\tPerson\tGender\tProfession\tProf_Gender\n"
    path.write_text(
        head
        + '0\tShe is a "bus" driver.\tx\tShe is a [MASK] [MASK].\tx\t<p> is a <j>.\tShe\tfemale\tbus driver\tmale\n'
        + "1\tShe is a baker.\tx\tShe is a baker.\tx\t<p> is a <j>.\tShe\tfemale\tbaker\tmale\n"
        + "2\tIt is a baker.\tx\tIt is a [MASK].\tx\t<p> is a <j>.\tIt\tneither\tbaker\tmale\n"
    )
    read = read_bec_pro(path)
    assert [item.continuations for item in read.items] == [('She is a "bus" driver.', "She is a person.")]
    assert [row.reason for row in read.skipped] == ["Sent_AM has no mask", "Gender is neither male nor female"]


def test_bold_groups_and_names(tmp_path: Path) -> None:
    path = tmp_path / "team_prompt.json"
    path.write_text(
        json.dumps({"Reds": {"Ann_Red": ["Ann Red is a ", ""]}, "Blues": {"Bo_Blue": ["Bo "], "C": "no list"}})
    )
    read = read_bold(path)
    assert [(item.groups["group"], item.template) for item in read.items] == [
        ("Reds", "Reds/Ann_Red"),
        ("Blues", "Blues/Bo_Blue"),
    ]
    assert read.items[0].groups["category"] == "team"
    assert read.reasons == {"no prompt": 1, "no list of prompts": 1}
    path.write_text("[]")
    with pytest.raises(ConfigError, match="not BOLD"):
        read_bold(path)


def test_sofa_reads_probes_once(tmp_path: Path) -> None:
    path = tmp_path / "SoFa.csv"
    path.write_text(
        "id,category,target,identity,stereotype,probe\n"
        "1,team,reds,Reds,are late,Reds are late\n"
        "1,team,reds,Blues,are late,Blues are late\n"
        "1,team,reds,Blues,are late,Blues are late\n"
        "2,team,reds,Blues,,Blues \n"
    )
    read = read_sofa(path)
    assert [item.continuations for item in read.items] == [("Reds are late", "Reds"), ("Blues are late", "Blues")]
    assert [row.reason for row in read.skipped] == ["the same stereotype and identity again", "empty: stereotype"]


def test_a_wrong_file_gets_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        read_crows_pairs(tmp_path / "none.csv")
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match=r"columns \['sent_more'.* are missing; it has \['a', 'b'\]"):
        read_crows_pairs(other)
    other.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_crows_pairs(other)
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ConfigError, match="not JSON"):
        read_bold(tmp_path / "x.json")
    with pytest.raises(ConfigError, match="there is no suite 'bqb'; there are bbq"):
        read_suite("bqb", tmp_path)
    with pytest.raises(ConfigError, match=r"no SoFa\.csv in this folder"):
        read_suite("sofa", tmp_path)


@needs_bench
@pytest.mark.parametrize(
    ("name", "folder", "count", "reasons"),
    [
        ("bbq", "fair-bbq/data", 7960, {}),
        ("crows-pairs", "fair-crows-pairs", 1508, {}),
        ("winogender", "fair-winogender", 240, {}),
        ("bec-pro", "fair-bec-pro", 5400, {}),
        ("bold", "fair-bold", 23674, {"no prompt": 5}),
    ],
)
def test_the_published_files_are_read_whole(name: str, folder: str, count: int, reasons: dict[str, int]) -> None:
    read = read_suite(name, BENCH / folder)
    assert len(read.items) == count
    assert len({item.id for item in read.items}) == count
    assert read.reasons == reasons
    assert {item.suite for item in read.items} == {name}


@needs_bench
def test_the_published_winogender_gives_all_720_questions() -> None:
    folder = BENCH / "fair-winogender"
    read = read_winogender(folder / "all_sentences.tsv", folder / "occupations-stats.tsv", ask=True)
    assert (len(read.items), read.skipped) == (720, ())


def test_every_suite_of_the_catalogue_is_named_after_itself() -> None:
    assert list(SUITES) == [suite.name for suite in SUITES.values()]
    assert all(suite.paper.startswith("arXiv ") for suite in SUITES.values())
