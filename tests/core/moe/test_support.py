"""The support matrix says what a build would say, and its marks rest on files that are there."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from srm_core.builtin import METHODS
from srm_core.config import BuildConfig, TrainConfig
from srm_core.errors import ConfigError, MissingExtra
from srm_core.models.heterogeneous import HETEROGENEOUS
from srm_core.preflight import check_settings, check_training
from srm_core.reports.support import (
    ADAPTERS,
    BASES,
    EVIDENCE,
    LAUNCHES,
    OTHERS,
    ROWS,
    SAID,
    mark_of,
    refused,
    settings_of,
    support_page,
)

ROOT = Path(__file__).resolve().parents[3]
CELLS = [(m, a, b, lau) for m in ROWS for a in ADAPTERS for b in BASES for lau in LAUNCHES]


def _cells(page: str) -> dict[tuple[str, str, str, str], str]:
    """Read the tables of the page back."""
    found = {}
    for launch in LAUNCHES:
        lines = page.split(f"## {SAID[launch]}\n\n")[1].split("\n\n", maxsplit=1)[0].splitlines()
        head, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "---" not in line]
        for row in rows:
            for column, cell in zip(head[1:], row[1:], strict=True):
                base, adapter = column.split(", ")
                found[row[0], adapter, base, launch] = cell
    return found


def test_every_cell_is_what_a_build_is_told(small_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    folders = {}
    for base, settings in BASES.items():
        folders[base] = tmp_path / base
        folders[base].mkdir()
        for file in small_base.iterdir():
            (folders[base] / file.name).write_bytes(file.read_bytes())
        whole = json.loads((small_base / "config.json").read_text(encoding="utf-8"))
        (folders[base] / "config.json").write_text(json.dumps(whole | settings), encoding="utf-8")
    host: Any = SimpleNamespace(
        pack=lambda: SimpleNamespace(kinds=()),
        implementations=lambda: [(f"srm_{hook}", "", _cells) for hook in ("train", "load_model", "export", "mitigate")],
    )
    page = support_page(check_training)
    shown, reasons = _cells(page), page.split("## Why not\n\n")[1].split("\n\n", maxsplit=1)[0].splitlines()
    assert sorted(shown) == sorted(CELLS)
    for method, adapter, base, launch in CELLS:
        own = {"gkd_teacher": f"dir:{small_base}"} if method == "gkd" else {}
        config = BuildConfig.model_validate(
            {
                "pack": "p",
                "base": f"dir:{folders[base]}",
                "train": settings_of(method, adapter, launch) | own,
                "release": {"exports": ("adapter",)},  # what holds a model is refused for unequal experts
            }
        )
        said = ""
        try:
            check_settings(config, host)
        except ConfigError as error:
            said = str(error)
        except MissingExtra:
            assert launch == "deepspeed"
        cell = shown[method, adapter, base, launch]
        if said:
            number = int(cell.removeprefix("no: "))
            assert reasons[number - 1].replace("METHOD", method) == f"{number}. {said}"
        else:
            assert cell == mark_of(method, adapter, base, launch)


def test_every_method_is_a_row_and_some_of_what_matters_is_refused() -> None:
    assert sorted(ROWS) == sorted(METHODS)
    assert BASES["unequal mixture"]["model_type"] == HETEROGENEOUS
    cells = _cells(support_page(check_training))
    assert all(
        cells["esft", adapter, "dense", launch].startswith("no: ") for adapter in ADAPTERS for launch in LAUNCHES
    )
    assert all(cells[m, "dora", "mixture", "none"].startswith("no: ") for m in ROWS)
    assert cells["sft", "lora", "unequal mixture", "none"] == "tested"
    assert cells["sft", "dora", "unequal mixture", "none"] == "untried"  # linear layers, which peft can scale
    assert all(cells[m, "lora", "unequal mixture", "torch"].startswith("no: ") for m in ROWS)
    assert cells["grpo", "lora", "dense", "torch"].startswith("no: ")
    assert cells["esft", "lora", "mixture", "none"] == "tested"
    assert cells["sft", "lora", "dense", "none"] == "measured"


def test_every_mark_rests_on_figures_or_a_test_that_is_there() -> None:
    for each in EVIDENCE:
        name, _, test = each.where.partition("::")
        text = (ROOT / name).read_text(encoding="utf-8")
        assert each.method in ROWS
        assert (f"\ndef {test}(" if test else each.method) in text, each
        assert (each.mark == "tested") == bool(test), each
        assert not refused(settings_of(each.method, each.adapter, each.launch), each.base, check_training), each
    for method in ROWS:  # what is offered without another word has been tried at least on tiny models
        if method != "esft":
            assert mark_of(method, "lora", "dense", "none") != "untried", method


def test_settings_that_do_not_fit_are_refused_each_with_a_sentence() -> None:
    said = [refused(settings, base, check_training) for settings, base in OTHERS]
    assert all(sentence.endswith(tuple("abcdefghijklmnopqrstuvwxyz)0123456789")) for sentence in said)
    assert len(set(said)) >= len(said) - 1
    page = support_page(check_training)
    assert all(sentence.replace("<", "&lt;") in page for sentence in said)


def test_the_page_is_the_same_with_and_without_deepspeed(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, pages = importlib.util.find_spec, []
    for found in (None, SimpleNamespace()):

        def find(name: str, *rest: Any, found: Any = found) -> Any:
            return found if name == "deepspeed" else usual(name, *rest)

        monkeypatch.setattr("srm_core.training.launchable.find_spec", find)
        pages.append(support_page(check_training))
    assert pages[0] == pages[1]


def test_a_refusal_of_the_check_appears_in_the_matrix_at_once() -> None:
    def stricter(settings: TrainConfig, base: Any, environment: Any) -> None:
        check_training(settings, base, environment)
        if "kto" in settings.methods:
            raise ConfigError("kto is not trained on Mondays")

    page = support_page(stricter)
    assert "METHOD is not trained on Mondays" in page
    assert _cells(page)["kto", "lora", "dense", "none"].startswith("no: ")
