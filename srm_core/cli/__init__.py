"""The command line. A command's module is imported when the command is used, so ``srm --help`` stays fast."""

from __future__ import annotations

import difflib
import errno
import os
import warnings
from importlib import import_module
from typing import Any

import click

from ..errors import SrmError

COMMANDS = {  # name: short help, the same as the command's own
    "build": "Build a reasoning model from a pack, and judge it.",
    "show": "Show what a build gained, and the gate's verdict.",
    "compare": "Compare arms of one build, or finished runs.",
    "plan": "Show the memory that training needs of each GPU.",
    "ask": "Ask a built model, and see what it stands on.",
    "quantize": "Measure what rounding a student's weights changes.",
    "moe": "Make mixtures of experts.",
    "mix": "Make one model of several students.",
    "serve": "Serve a model to programs that speak OpenAI's interface.",
    "release": "Release a run's candidate if the gate passes.",
    "export": "Write a run's student as GGUF, with a Modelfile, and ask it again.",
    "verify": "Re-hash a release and re-run a sample of its evaluation and audit.",
    "trace": "Walk a record back to its sources, or forward.",
    "leak": "Show a run's leak certificate.",
    "evaluate": "Evaluate a run again.",
    "audit": "Audit a run again, or plan its audit.",
    "packs": "List the installed packs.",
    "plugins": "List the installed plugins.",
    "doctor": "Check this machine, and say how to mend what fails.",
    "new": "Write the skeleton of a pack or plugin.",
    "verifier": "Measure a pack's verifiers, and attack them.",
    "check": "Check that a pack keeps every promise.",
    "completion": "Print the completion script of a shell.",
}


QUIET = {  # the libraries below neither chat nor call home
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
}


class Commands(click.Group):
    """The group of all commands: ours by name, those of plugins only if the name is not ours."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return our commands in the order of a first visit, then what plugins have added so far."""
        return [*COMMANDS, *sorted(set(self.commands) - set(COMMANDS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, its module imported; an unknown name is looked for among the plugins."""
        if cmd_name in COMMANDS:
            command: click.Command = import_module(f".{cmd_name}", __package__).command
            return command
        if not self.commands:
            self._ask_plugins()
        return self.commands.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of ``args``; a wrong name is answered with the nearest right one."""
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            close = difflib.get_close_matches(name, self.list_commands(ctx), 1, cutoff=0.5)
            ctx.fail(f"there is no command {name!r}.{f' Did you mean {close[0]!r}?' if close else ''}")
        return super().resolve_command(ctx, args)

    def _ask_plugins(self) -> None:
        """Let the installed plugins add their commands; a broken one is named and left out."""
        from ..host import Host

        host = Host()
        host.commands(self)
        for reason in host.broken.values():
            click.echo(f"warning: {reason}", err=True)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take ``--debug`` at any place, because it is added after something failed."""
        if "--debug" in args:
            args = ["--debug", *(word for word in args if word != "--debug")]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; our errors become one sentence and exit code 1, an interruption 130."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted; the same command goes on from what is finished", err=True)
            ctx.exit(130)
        except (SrmError, OSError) as error:
            sentence = _sentence(error)
            if ctx.params["debug"] or sentence is None:
                raise
            raise click.ClickException(sentence) from error


def _sentence(error: SrmError | OSError) -> str | None:
    """Return what the user reads, or None for an error that is a bug of ours and keeps its traceback."""
    if isinstance(error, SrmError):
        return " ".join(str(error).split())
    if error.errno == errno.ENOSPC:
        return (
            f"no space left on the disk ({error.filename or 'while writing'}); free some and run the same command again"
        )
    if isinstance(error, PermissionError):
        return f"{error.filename}: permission denied; choose another folder with --workspace, or change its rights"
    return None


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: srm build --pack medical. Plugins may add commands; `srm plugins` lists them.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="srm-sdk", prog_name="srm")
def cli(debug: bool) -> None:
    """Turn a small open language model into a domain reasoning model that its owner can defend."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if debug:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    else:
        warnings.simplefilter("ignore")  # those of the libraries below; `make test` turns every warning into an error


def main() -> None:
    """Run the command line; the entry point of ``srm``."""
    cli(prog_name="srm")
