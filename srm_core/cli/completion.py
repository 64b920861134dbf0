"""``srm completion SHELL``: the script that completes commands and options."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    For bash, add this line to ~/.bashrc: eval "$(srm completion bash)"
    """
    from click.shell_completion import get_completion_class

    writer = get_completion_class(shell)
    if writer is None:
        raise click.ClickException(f"click has no completion for {shell}")
    # asked for the source alone, so that bash's own version is not looked up
    script = writer(ctx.find_root().command, {}, "srm", "_SRM_COMPLETE")
    click.echo(script.source_template % script.source_vars())
