"""Settings: defaults, then the effort, then the file, then --set, then flags; every mistake is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from srm_core.config import PRESETS, BuildConfig, Effort, hint, load_config
from srm_core.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    file = folder / "srm.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_defaults_are_the_effort_draft() -> None:
    assert load_config(pack="medical") == BuildConfig(pack="medical")


@pytest.mark.parametrize("effort", PRESETS)
def test_every_effort_is_valid_and_named_in_the_settings(effort: Effort) -> None:
    assert load_config(pack="p", effort=effort).effort == effort


def test_the_efforts_rise() -> None:
    smoke, draft, full = (load_config(pack="p", effort=effort) for effort in ("smoke", "draft", "full"))
    for stage, field in [("pose", "per_kind"), ("evaluate", "test_per_kind"), ("audit", "per_attribute")]:
        values = [getattr(getattr(config, stage), field) for config in (smoke, draft, full)]
        assert values == sorted(set(values))


def test_what_is_nearer_to_the_user_wins(tmp_path: Path) -> None:
    file = write(tmp_path, 'seed = 1\neffort = "smoke"\nbase = "dir:a"\n[train]\nlora_r = 4\nrl_steps = 7\n')
    config = load_config(pack="p", file=file, assignments=["train.lora_r=8", "base=dir:b"], base="dir:c", seed=None)
    assert config.effort == "smoke"  # file
    assert config.seed == 1  # a flag that was not given changes nothing
    assert config.train.rl_steps == 7  # file over effort
    assert config.train.lora_r == 8  # --set over file
    assert config.base == "dir:c"  # flag over --set
    assert config.train.epochs == 1.0  # effort over default


def test_a_flag_for_the_effort_wins_over_the_file(tmp_path: Path) -> None:
    config = load_config(pack="p", effort="full", file=write(tmp_path, 'effort = "smoke"\npack = "other"\n'))
    assert (config.effort, config.pack) == ("full", "p")
    assert config.evaluate.votes == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [("train.epochs=3", 3.0), ("train.epochs=0.5", 0.5), ("train.rl_steps=0", 0)],
)
def test_assignments_are_read_as_values(text: str, value: float) -> None:
    name = text.partition("=")[0].rpartition(".")[2]
    assert getattr(load_config(pack="p", assignments=[text]).train, name) == value


def test_assignments_take_lists_and_words() -> None:
    config = load_config(pack="p", assignments=['train.methods=["sft"]', "distill.teacher=self:", "own.a.b=1"])
    assert config.train.methods == ("sft",)
    assert config.distill.teacher == "self:"
    assert config.own == {"a": {"b": 1}}


def test_an_unknown_setting_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"^the settings: there is no setting 'train\.epoch'\. Did you mean 'epochs'"):
        load_config(pack="p", assignments=["train.epoch=3"])


def test_an_unknown_setting_unlike_any_other_is_refused_with_the_list() -> None:
    with pytest.raises(ConfigError, match=r"there is no setting 'qqq'\. There are: audit, base, "):
        load_config(pack="p", assignments=["qqq=3"])


def test_a_wrong_value_is_refused_with_its_name_and_place(tmp_path: Path) -> None:
    file = write(tmp_path, "[train]\nepochs = -1\n")
    with pytest.raises(ConfigError, match=r"srm\.toml: train\.epochs = -1: input should be greater than 0"):
        load_config(pack="p", file=file)


@pytest.mark.parametrize("text", ["train.epochs", "=3", ""])
def test_an_assignment_without_name_and_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not of the form name=value"):
        load_config(pack="p", assignments=[text])


def test_an_unknown_effort_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="effort 'huge' is unknown; it is one of smoke, draft, full"):
        load_config(pack="p", file=write(tmp_path, 'effort = "huge"'))


@pytest.mark.parametrize("content", [b"train = [", b"\xff\xfe"])
def test_a_broken_file_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "srm.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"srm\.toml is not valid TOML"):
        load_config(pack="p", file=file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: no such settings file"):
        load_config(pack="p", file=tmp_path / "none.toml")


def test_a_pack_sees_its_part_of_the_settings(tmp_path: Path) -> None:
    config = load_config(pack="p", effort="smoke", seed=3, assignments=["own.level=2"])
    part = config.for_pack(kinds=["a"], cache=tmp_path)
    assert (part.seed, part.kinds, part.per_kind, part.max_documents) == (3, ("a",), 60, 100)
    assert (part.own, part.cache) == ({"level": 2}, str(tmp_path))


def test_a_hint_without_names_is_empty() -> None:
    assert hint("word", []) == ""


@pytest.mark.parametrize(("name", "value"), [("effort", "full"), ("pack", "law")])
def test_effort_and_pack_are_not_changed_with_set(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is not changed with --set: say srm build --{name} {value}"):
        load_config(pack="p", assignments=[f"{name}={value}"])
