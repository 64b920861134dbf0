"""The reference pages say what the code says, and the committed ones are those pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from srm_core import config, hookspecs
from srm_core.cli import COMMANDS, cli
from srm_core.reports.reference import pages, write

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", ["cli.md", "hooks.md", "records.md", "settings.md", "support.md"])
def test_the_committed_page_is_what_the_code_says(name):
    committed = (FOLDER / name).read_text(encoding="utf-8")
    assert committed == pages(cli)[name], "run: python -m srm_core.reports.reference"


def test_every_command_hook_and_setting_has_its_place():
    texts = pages(cli)
    assert all(f"## srm {name}\n" in texts["cli.md"] for name in COMMANDS)
    assert all(f"## {name}\n" in texts["hooks.md"] for name in vars(hookspecs) if name.startswith("srm_"))
    stages = {
        name: type(value)
        for name, value in vars(config.BuildConfig(pack="x")).items()
        if isinstance(value, config.Value)
    }
    for stage, model in stages.items():
        assert all(f"| `{stage}.{field}` |" in texts["settings.md"] for field in model.model_fields)


def test_fields_carry_type_default_and_comment_of_the_source():
    texts = pages(cli)
    row = "| `train.rl_samples` | `int ≥ 2` | `6` | completions a prompt |"
    assert row in texts["settings.md"]
    assert (
        "| `anchor` | `str, not empty` | required | the entity or family the answer depends on; decides the split |"
        in texts["records.md"]
    )
    assert "Identity: `kind`, `question`, `choices`, `answer`, `anchor`." in texts["records.md"]
    assert (
        "The first answer that is not None is taken." in texts["hooks.md"].split("## srm_verify\n")[1].split("## ")[0]
    )


def test_pages_are_written_into_the_folder(tmp_path):
    written = write(tmp_path / "new", cli)
    assert {path.name: path.read_text(encoding="utf-8") for path in written} == pages(cli)
