"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def workspace_option(function: Command) -> Command:
    """Add ``--workspace FOLDER`` (a `Path`, or None for the default)."""
    return click.option(
        "--workspace",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the store and the runs; default: SRM_HOME, or .srm here.",
    )(function)


def set_option(function: Command) -> Command:
    """Add the repeatable ``--set NAME=VALUE`` as ``assignments``."""
    return click.option(
        "--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Change one setting, e.g. train.epochs=3."
    )(function)


def json_option(function: Command) -> Command:
    """Add ``--json`` as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")(function)


def weights_option(default: str = "float32") -> Callable[[Command], Command]:
    """Add ``--weights``: how the engine keeps the student's matrices."""
    return click.option(
        "--weights",
        type=click.Choice(["float32", "bfloat16", "int8", "int4"]),
        default=default,
        show_default=True,
        help="How the matrices are kept: less memory and faster, rounded. `srm quantize` says what it costs.",
    )
