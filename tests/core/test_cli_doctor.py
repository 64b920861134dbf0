"""The doctor: every failure says how to mend it, and no failure hides the others."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import srm_core.doctor as doctor
import srm_core.host
from srm_core.cli import cli
from srm_core.discovery import PluginInfo


@pytest.fixture
def healthy(monkeypatch, tmp_path):
    """Leave out what depends on the machine that runs the tests."""
    monkeypatch.setenv("SRM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(doctor, "MIN_RAM_GB", 0.1)
    monkeypatch.setattr(doctor, "MIN_DISK_GB", 0.0)
    monkeypatch.setattr(doctor, "processor", lambda: iter(()))
    monkeypatch.setattr(srm_core.host, "Host", lambda pack=None: SimpleNamespace(plugins=list))
    monkeypatch.setattr("srm_core.discovery.installed_packs", dict)


def test_a_fit_machine_exits_with_0_and_fetches_nothing(healthy, tmp_path):
    done = CliRunner().invoke(cli, ["doctor", "--json", "--workspace", str(tmp_path / "ws")])
    assert done.exit_code == 0, done.output
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert checks["chat template"]["value"].startswith("not looked at")
    assert checks["model smollm2-135m-instruct"]["value"].startswith("not cached")
    assert not (tmp_path / "ws").exists()


def test_what_fails_is_named_with_its_mend_and_exits_with_1(healthy, monkeypatch, tmp_path):
    broken = PluginInfo("bad", "bad.hooks", "bad-dist", "1", broken="bad cannot be imported")
    monkeypatch.setattr(srm_core.host, "Host", lambda pack=None: SimpleNamespace(plugins=lambda: [broken]))
    done = CliRunner().invoke(cli, ["doctor", "--workspace", str(tmp_path)])
    assert done.exit_code == 1
    assert (
        "FAILED plugin bad: bad cannot be imported\n       mend: mend or uninstall it, or set SRM_BLOCK=bad"
        in done.stdout
    )


def test_a_check_that_breaks_is_a_failure_and_the_rest_is_still_looked_at(healthy, monkeypatch, tmp_path):
    def broken():
        raise OSError("libtorch_cpu.so: cannot open shared object file")

    monkeypatch.setattr(doctor, "models", broken)
    checks = {check.name: check for check in doctor.examine(base="embedded:none", workspace=tmp_path)}
    assert not checks["models"].ok
    assert "libtorch_cpu.so" in checks["models"].value
    assert checks["extra medical"].ok


def test_a_package_that_is_absent_or_too_old_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("torch", "no-such-package"))
    monkeypatch.setattr(doctor, "_required", lambda: {"torch": "torch>=99.1"})
    torch, absent = list(doctor.versions())[1:]
    assert (torch.ok, torch.fix) == (False, "pip install --upgrade 'torch>=99.1'")
    assert (absent.ok, absent.value, absent.fix) == (False, "not installed", "pip install 'no-such-package'")


def test_a_containers_memory_limit_counts(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n")
    (tmp_path / "max").write_text("4000000000\n")
    (check,) = doctor.memory(tmp_path / "meminfo", tmp_path / "max")
    assert not check.ok
    assert check.value.startswith("4.0 GB usable")
    (tmp_path / "max").write_text("max\n")
    (check,) = doctor.memory(tmp_path / "meminfo", tmp_path / "max")
    assert check.ok


def test_vector_instructions_are_read_from_the_kernels_list(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor : 0\nflags : fpu avx2 avx512f\nmodel : x\n")
    assert doctor.vector_instructions(tmp_path / "cpuinfo") == ["AVX2", "AVX-512"]
    assert doctor.vector_instructions(tmp_path / "absent") == []


def test_a_template_that_drops_the_system_turn_fails():
    deaf = SimpleNamespace(apply_chat_template=lambda turns, **_: "user: " + turns[-1]["content"])
    whole = SimpleNamespace(apply_chat_template=lambda turns, **_: "|".join(turn["content"] for turn in turns))
    assert not doctor._template(deaf).ok
    assert doctor._template(whole).ok


@pytest.mark.parametrize(
    ("tokens", "ok"),
    [
        ([("user", False), ("36", True), ("<end>", True)], True),
        ([("user", True), ("36", True), ("<end>", True)], False),
        ([("user", False), ("36", False), ("<end>", False)], False),
    ],
)
def test_a_loss_outside_the_answer_or_nowhere_fails(monkeypatch, tokens, ok):
    monkeypatch.setattr("srm_core.training.rows.mask_preview", lambda tokenizer: tokens)
    check = doctor._mask(None)
    assert check.ok is ok


def test_the_tiny_models_template_and_mask_are_sound(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("SRM_CACHE", str(tmp_path))
    checks = {check.name: check for check in doctor.base_model("tiny:0")}
    assert checks["chat template"].ok
    assert checks["loss mask"].ok
    assert "=]36>>" in checks["loss mask"].value
