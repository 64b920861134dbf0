"""What the card says of a mixture of experts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srm_core.builtin import srm_sections
from srm_core.records import StageRecord
from srm_core.reports.annex import annex
from srm_core.reports.experts_section import experts_section
from srm_core.reports.summary import summarize

SFT = {"sft_load_variation_before": 0.5, "sft_load_variation_after": 0.25, "sft_dropped_choices": 0.0}
ESFT = {
    "esft_load_variation_before": 0.5,
    "esft_load_variation_after": 0.4375,
    "esft_dropped_choices": 0.0,
    "esft_experts_trained": 7.0,
    "esft_experts": 32.0,
    "esft_parameters_trained": 1234567.0,
}


def _manifest(make_manifest: Callable[..., Any], metrics: dict[str, float], methods: list[str]) -> Any:
    stage = StageRecord(stage="train", key="k", inputs={}, settings={}, code="c", counts={}, metrics=metrics)
    return make_manifest(leak={}, stages=(stage,), settings={"train": {"methods": methods}})


def test_a_dense_base_has_no_section(make_manifest: Callable[..., Any]) -> None:
    assert experts_section(_manifest(make_manifest, {"sft_tokens": 9.0}, ["sft"])) is None
    assert "Experts" not in {section.title for section in srm_sections(make_manifest(leak={}))}


def test_balance_before_and_after_and_what_the_bias_is_worth(make_manifest: Callable[..., Any]) -> None:
    bias = {"sft_loss_with_bias": 1.25, "sft_loss_without_bias": 1.5}
    section = experts_section(_manifest(make_manifest, SFT | bias, ["sft"]))
    assert section is not None
    assert section.title == "Experts"
    for row in (
        "| sft | load variation before | 0.500 |",
        "| sft | load variation after | 0.250 |",
        "| sft | choices that no expert computed | 0.0% |",
        "| sft | loss with the bias on selection, nats a token | 1.250 |",
        "| sft | loss without it, as published | 1.500 |",
    ):
        assert row in section.body
    plain = experts_section(_manifest(make_manifest, SFT, ["sft"]))
    assert plain is not None
    assert "bias" not in plain.body


def test_which_experts_were_trained(make_manifest: Callable[..., Any]) -> None:
    manifest = _manifest(make_manifest, ESFT, ["esft"])
    section = next(section for section in srm_sections(manifest) if section.title == "Experts")
    assert "| esft | experts trained | 7 of 32 |" in section.body
    assert "| esft | parameters trained | 1,234,567 |" in section.body
    assert "likelihood of verified worked answers (weights of chosen experts)" in annex(manifest, summarize(manifest))
