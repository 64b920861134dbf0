"""The frame of the command line: help, names, errors, exit codes, commands of plugins."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import ClassVar

import click
import pytest
from click.testing import CliRunner

import srm_core.host
from srm_core.cli import COMMANDS, cli
from srm_core.errors import ConfigError
from srm_core.sandbox.shared import allow_unsafe, unsafe_allowed

HEAVY = (
    "torch",
    "transformers",
    "matplotlib",
    "jinja2",
    "rich",
    "numpy",
    "chromadb",
    "srm_core.host",
    "srm_core.config",
)


@pytest.fixture(autouse=True)
def _fresh_group(monkeypatch):
    """Forget what plugins add during a test."""
    monkeypatch.setattr(cli, "commands", {})


def _fail_with(monkeypatch, error: BaseException) -> None:
    @click.command("broken")
    def broken() -> None:
        raise error

    monkeypatch.setitem(cli.commands, "broken", broken)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_listed_short_help_is_the_commands_own(name):
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(limit=200) == COMMANDS[name]
    assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0


def test_help_lists_every_command_and_imports_nothing_heavy():
    code = f"import sys; from srm_core.cli import main\ntry: main()\nfinally: print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(name in done.stdout for name in COMMANDS)


def test_a_mistyped_command_is_answered_with_the_nearest_one():
    done = CliRunner().invoke(cli, ["bild"])
    assert done.exit_code == 2
    assert "there is no command 'bild'. Did you mean 'build'?" in done.stderr


def test_our_errors_are_one_sentence_on_stderr_and_exit_with_1(monkeypatch):
    _fail_with(monkeypatch, ConfigError("epochs is\n  negative"))
    done = CliRunner().invoke(cli, ["broken"])
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "Error: epochs is negative\n")


def test_debug_at_any_place_keeps_the_traceback(monkeypatch):
    _fail_with(monkeypatch, ConfigError("epochs is negative"))
    done = CliRunner().invoke(cli, ["broken", "--debug"])
    assert isinstance(done.exception, ConfigError)


def test_a_full_disk_is_one_sentence(monkeypatch):
    _fail_with(monkeypatch, OSError(28, "No space left on device", "/data/x"))
    done = CliRunner().invoke(cli, ["broken"])
    assert done.exit_code == 1
    assert "no space left on the disk (/data/x)" in done.stderr


def test_a_bug_of_ours_keeps_its_traceback(monkeypatch):
    _fail_with(monkeypatch, FileNotFoundError(2, "No such file", "/data/x"))
    assert isinstance(CliRunner().invoke(cli, ["broken"]).exception, FileNotFoundError)


def test_an_interruption_exits_with_130(monkeypatch):
    _fail_with(monkeypatch, KeyboardInterrupt())
    done = CliRunner().invoke(cli, ["broken"])
    assert done.exit_code == 130
    assert "interrupted" in done.stderr


def test_commands_of_plugins_are_asked_for_only_when_the_name_is_not_ours(monkeypatch):
    asked = []

    class Host:
        broken: ClassVar = {"bad": "plugin 'bad' is left out: no module named x"}

        def commands(self, group: click.Group) -> None:
            asked.append(True)
            group.add_command(click.Command("orbit", callback=lambda: click.echo("round")))

    monkeypatch.setattr(srm_core.host, "Host", Host)
    assert CliRunner().invoke(cli, ["completion", "bash"]).exit_code == 0
    assert not asked
    done = CliRunner().invoke(cli, ["orbit"])
    assert done.stdout == "round\n"
    assert done.stderr == "warning: plugin 'bad' is left out: no module named x\n"
    assert "orbit" in cli.list_commands(click.Context(cli))


def test_the_completion_script_names_srm():
    for shell in ("bash", "zsh", "fish"):
        assert "_SRM_COMPLETE" in CliRunner().invoke(cli, ["completion", shell]).stdout


def test_check_exits_with_1_if_a_promise_is_broken(monkeypatch):
    results = [
        SimpleNamespace(name="gold", passed=True, message=""),
        SimpleNamespace(name="splits", passed=False, message="they share an anchor"),
    ]
    monkeypatch.setattr(srm_core.host, "Host", lambda pack: SimpleNamespace(require_whole=lambda: None))
    monkeypatch.setitem(sys.modules, "srm_core.testing.checks", SimpleNamespace(run_checks=lambda host: results))
    done = CliRunner().invoke(cli, ["check", "toy"])
    assert done.exit_code == 1
    assert done.stdout == "ok     gold\nFAILED splits: they share an anchor\n"
    results.pop()
    assert CliRunner().invoke(cli, ["check", "toy"]).exit_code == 0


@pytest.mark.parametrize(("option", "allowed"), [([], False), (["--unsafe-code"], True)])
def test_check_runs_code_without_a_sandbox_only_if_asked(monkeypatch, option, allowed):
    seen = []

    def checks(host):
        seen.append(unsafe_allowed())
        return []

    monkeypatch.setattr(srm_core.host, "Host", lambda pack: SimpleNamespace(require_whole=lambda: None))
    monkeypatch.setitem(sys.modules, "srm_core.testing.checks", SimpleNamespace(run_checks=checks))
    try:
        assert CliRunner().invoke(cli, ["check", "toy", *option]).exit_code == 0
    finally:
        allow_unsafe(False)
    assert seen == [allowed]


def test_new_asks_the_scaffold_and_prints_where_it_wrote(monkeypatch, tmp_path):
    made = []
    scaffold = SimpleNamespace(
        new_pack=lambda name, folder: made.append(("pack", name, folder)) or folder / name,
        new_plugin=lambda name, folder: made.append(("plugin", name, folder)) or folder / name,
    )
    monkeypatch.setitem(sys.modules, "srm_core.scaffold", scaffold)
    done = CliRunner().invoke(cli, ["new", "plugin", "mine", "--folder", str(tmp_path)])
    assert made == [("plugin", "mine", tmp_path)]
    assert done.stdout == f"{tmp_path / 'mine'}\n"
