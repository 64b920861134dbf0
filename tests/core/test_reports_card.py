"""The model card: a head that the hub reads, measured numbers, and "not measured" where nothing is known."""

from __future__ import annotations

import json

from srm_core.records import Section, Source, StageRecord
from srm_core.reports.card import model_card


def _head(card: str) -> dict:
    lines = card.split("---\n")[1].strip().splitlines()
    return {name: json.loads(value) for name, value in (line.split(": ", 1) for line in lines)}


def test_the_head_names_licence_base_and_results(make_manifest):
    head = _head(model_card(make_manifest(), ()))
    assert head["license"] == "other"
    assert head["license_name"] == "CC-BY-4.0; public domain"
    assert head["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    first = head["model-index"][0]["results"][0]
    assert first["task"]["name"] == "mean over kinds"
    assert first["metrics"] == [
        {"type": "accuracy", "name": "accuracy, 95 % interval [0.710, 0.920], n 50", "value": 0.82}
    ]


def test_the_head_is_yaml(make_manifest):
    yaml = __import__("pytest").importorskip("yaml")
    card = model_card(make_manifest(), ())
    assert yaml.safe_load(card.split("---\n")[1]) == _head(card)


def test_one_known_licence_is_named_as_the_hub_names_it(make_manifest):
    sources = (Source(name="a", licence="CC-BY-4.0"), Source(name="b", licence="CC-BY-4.0"))
    assert _head(model_card(make_manifest(sources=sources), ()))["license"] == "cc-by-4.0"


def test_folders_of_this_machine_stay_private(make_manifest):
    card = model_card(make_manifest(base="dir:/home/someone/models/student", teacher="dir:/srv/teacher/"), ())
    assert "/home" not in card
    assert "/srv" not in card
    assert "dir:student" in card
    assert "base_model" not in _head(card)


def test_the_card_holds_the_measured_numbers(make_manifest):
    card = model_card(make_manifest(), ())
    assert "| mean over kinds | 30 % [18, 42] n 50 | 78 % [66, 89] n 50 | 82 % [71, 92] n 50 |" in card
    assert "+52 [+38, +66] n 50" in card
    assert "## Release gate: FAIL" in card
    assert "- **bias** (fails, waivable): recency costs 20 points" in card
    assert "+20.0 [+10.0, +30.0] | ±5.0 | 24 | exceeds" in card
    assert "| own corpus | – | CC-BY-4.0 | – |" in card
    assert "Graded by one grader only: Recall of a code, Clinical calculators." in card


def test_what_is_unknown_is_printed_as_not_measured(make_manifest):
    card = model_card(make_manifest(scores=(), findings=(), stages=()), ())
    assert "| Energy | not measured |" in card
    assert "| Compute: operations | not measured |" in card
    assert "| Architecture and parameters | not measured |" in card
    assert "nothing is known about bias" in card
    assert "model-index" not in _head(card)


def test_what_the_stages_measured_reaches_the_annex(make_manifest):
    metrics = {"parameters": 134515008.0, "trainable_parameters": 4884480.0}
    train = StageRecord(
        stage="train", key="k", inputs={}, settings={}, code="c", counts={}, metrics=metrics, seconds=90.0
    )
    card = model_card(make_manifest(stages=(train,)), ())
    assert "| Architecture and parameters | 134,515,008 parameters |" in card
    assert "| Compute: time | 1 min 30 s in all, 1 min 30 s training |" in card
    # 90 s at 65 W are 5850 J, and a kWh is 3,600,000 J: 0.001625, to three digits
    assert "| Energy | 0.00162 kWh, estimated: 1 min 30 s of the stages (measured) times 65 W (assumed, " in card
    assert "the power was not measured |" in card


def test_operations_are_bounded_by_parameters_and_tokens(make_manifest):
    train = StageRecord(
        stage="train", key="k", inputs={}, settings={}, code="c", counts={"rows": 10, "tokens": 5000}, metrics={}
    )
    exported = {"weights": {"tensors": 1, "not_finite": 0, "named": [], "parameters": {"merged": 200, "adapter": 7}}}
    card = model_card(make_manifest(stages=(train,), exported=exported), ())
    assert "| Architecture and parameters | 200 parameters |" in card
    assert "| Parameters trained | 7 parameters |" in card
    # 6 x 200 parameters x 5000 tokens x 2 epochs = 12,000,000
    assert "| Compute: operations | at most 1.2e+07 floating-point operations in supervised training" in card
    assert "| Data: number of points | 10 training rows |" in card


def test_the_head_names_language_data_and_metric(make_manifest):
    head = _head(model_card(make_manifest(), ()))
    assert head["language"] == ["en"]
    assert head["datasets"] == ["icd-10-cm", "own-corpus"]
    assert head["metrics"] == ["accuracy"]
    assert "metrics" not in _head(model_card(make_manifest(scores=()), ()))


def test_a_medical_card_answers_the_ten_principles_and_another_one_does_not(make_manifest):
    card = model_card(make_manifest(), ())
    checklist = card.partition("## Good machine learning practice (medical)\n\n")[2]
    assert checklist.startswith("This is not a medical device and was not assessed as one.")
    assert [line.split(".")[0] for line in checklist.splitlines()[4:14]] == [f"| {n}" for n in range(1, 11)]
    assert "| 7. The team of human and model is looked at | not measured |" in checklist
    assert "1 of 3 kinds have a second grader" in checklist
    levels = {"fact": {"leaks": 0}, "exact": {"leaks": 2}}
    leak = {"train": 300, "test": 40, "levels": levels, "not_checked": []}
    assert "2 leaks of 40 test items at 2 levels" in model_card(make_manifest(leak=leak), ())
    law = make_manifest().pack.model_copy(update={"name": "law"})
    assert "medical)" not in model_card(make_manifest(pack=law), ())


def test_sections_of_plugins_follow_ours_and_titles_cannot_become_markup(make_manifest):
    pack = make_manifest().pack.model_copy(update={"title": "<b>Loud</b>\n# Injected", "out_of_scope": "a | b"})
    card = model_card(make_manifest(pack=pack), [Section(title="Bias audit", body="Read *this*.")])
    assert "# &lt;b>Loud&lt;/b> # Injected\n" in card
    assert "\n# Injected" not in card
    assert "| not: a \\| b |" in card
    assert (
        card.index("## How to use")
        < card.index("## Bias audit\n\nRead *this*.")
        < card.index("## Technical documentation")
    )


def test_the_card_says_how_to_use_what_the_release_holds_and_nothing_else(make_manifest):
    whole = make_manifest()
    assert 'from_pretrained("merged")' in model_card(whole, ())
    part = whole.model_copy(update={"settings": whole.settings | {"release": {"exports": ["adapter"]}}})
    card = model_card(part, ())
    assert "from_pretrained" not in card
    assert 'holds adapter: `srm ask RUN "..."` answers with it' in card
