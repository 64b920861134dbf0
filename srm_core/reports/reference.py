"""The reference pages, written from the code: commands, hooks, records, settings, support.

``python -m srm_core.reports.reference`` rewrites ``docs/reference``; a test compares what is committed with what the
code says.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click
from pydantic import BaseModel

from .. import config, hookspecs, records
from .support import support_page

_NOTE = "<!-- Written from the code by `python -m srm_core.reports.reference`; do not edit. -->\n\n"
_WORDS = {  # constrained types, in words
    "Positive": "int ≥ 1",
    "Count": "int ≥ 0",
    "Unit": "float in [0, 1]",
    "Text": "str, not empty",
}


def pages(commands: click.Group) -> dict[str, str]:
    """Return every page by its file name."""
    texts = {
        "cli.md": cli_page(commands),
        "hooks.md": hooks_page(),
        "records.md": records_page(),
        "settings.md": settings_page(),
        "support.md": support_page(import_module("srm_core.preflight").check_training),  # which lies above the reports
    }
    return {name: _NOTE + text.rstrip() + "\n" for name, text in texts.items()}


def cli_page(commands: click.Group) -> str:
    """Return every command with its arguments and options; those that plugins have added are left out."""
    context = click.Context(commands, info_name="srm")
    parts = ["# Commands", (commands.help or "").strip(), _exits()]
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        if command is not None and name not in commands.commands:
            parts += _command(command, f"srm {name}")
    return "\n\n".join(parts)


def hooks_page() -> str:
    """Return every hook with its signature and what is expected of an answer."""
    parts = ["# Hooks", inspect.getdoc(hookspecs) or ""]
    for name, function in vars(hookspecs).items():
        if name.startswith("srm_") and inspect.isfunction(function):
            options = getattr(function, "srm_spec")  # noqa: B009  (pluggy's mark on a specification)
            rule = (
                "The first answer that is not None is taken."
                if options["firstresult"]
                else "The answers of all plugins are collected."
            )
            signature = f"def {name}{inspect.signature(function)}".replace("'", "")
            parts += [f"## {name}", f"```python\n{signature}\n```", inspect.getdoc(function) or "", rule]
    return "\n\n".join(parts)


def records_page() -> str:
    """Return every record and value with its fields."""
    parts = ["# Records", inspect.getdoc(records) or ""]
    comments = _comments(records)
    for name, model in _models(records):
        if model in (records.Value, records.Record):
            continue
        parts += [f"## {name}", inspect.getdoc(model) or ""]
        if issubclass(model, records.Record):
            parts.append(f"Identity: {', '.join(f'`{field}`' for field in model.identity)}.")
        parts.append(_fields(comments[name]))
    return "\n\n".join(parts)


def settings_page() -> str:
    """Return every setting with its type, default, meaning and the presets that change it."""
    parts = ["# Settings", inspect.getdoc(config) or ""]
    comments = _comments(config)
    inner = {
        name: field.annotation.__name__
        for name, field in config.BuildConfig.model_fields.items()
        if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel)
    }
    top = {name: row for name, row in comments["BuildConfig"].items() if name not in inner}
    parts += ["## The build itself", "Read by the pipeline.", _fields(top)]
    for name, model in inner.items():
        doc = inspect.getdoc(getattr(config, model)) or ""
        parts += [f"## `{name}`", doc, _fields({f"{name}.{field}": row for field, row in comments[model].items()})]
    parts += ["## Efforts", "What each preset sets; whatever is absent keeps its default.", _presets()]
    return "\n\n".join(parts)


def write(folder: Path, commands: click.Group) -> list[Path]:
    """Write every page into ``folder`` and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in pages(commands).items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written


def _exits() -> str:
    return (
        "Results go to stdout, progress to stderr. Exit codes: 0 done, 1 refused with one sentence, 2 wrong usage, "
        "3 the gate's verdict is FAIL, 4 it is INCONCLUSIVE, 130 interrupted. `--debug` adds the traceback."
    )


def _command(command: click.Command, path: str) -> list[str]:
    context = click.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [f"## {path}", f"```\n{path} {usage}\n```", inspect.cleandoc(command.help or "")]
    rows = [
        (", ".join(f"`{flag}`" for flag in option.opts), _kind(option), option.help or "")
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden
    ]
    parts += [_table(("option", "value", "meaning"), rows)] if rows else []
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (one := command.get_command(context, name)) is not None:
                parts += _command(one, f"{path} {name}")
    return parts


def _kind(option: click.Option) -> str:
    if option.is_flag:
        return ""
    kind = (
        " | ".join(option.type.choices)
        if isinstance(option.type, click.Choice)
        else option.make_metavar(click.Context(click.Command("x")))
    )
    kind = kind.replace("|", "\\|")  # a bar would end the cell
    return f"{kind}, repeatable" if option.multiple else kind


def _models(module: ModuleType) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, value in vars(module).items():
        if inspect.isclass(value) and issubclass(value, BaseModel) and value.__module__ == module.__name__:
            yield name, value


Described = tuple[str, str, str]  # type, default, comment


def _comments(module: ModuleType) -> dict[str, dict[str, Described]]:
    """Return, for each class of ``module``, its fields in order with the words of the source."""
    source = inspect.getsource(module)
    lines = source.splitlines()
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_described(node, lines)) for node in classes}


def _described(node: ast.ClassDef, lines: Sequence[str]) -> Iterator[tuple[str, Described]]:
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            kind = ast.unparse(item.annotation)
            if kind.startswith("ClassVar"):
                continue
            default = ast.unparse(item.value) if item.value is not None else ""
            _, _, comment = lines[(item.end_lineno or item.lineno) - 1][item.end_col_offset or 0 :].partition("#")
            yield item.target.id, (_in_words(kind), default, comment.strip())


def _in_words(kind: str) -> str:
    """Return an annotation as a reader says it: ``Annotated[float, Field(gt=0)]`` is ``float > 0``."""
    if kind in _WORDS:
        return _WORDS[kind]
    if not kind.startswith("Annotated["):
        return kind
    inner = ast.parse(kind, mode="eval").body
    assert isinstance(inner, ast.Subscript)
    assert isinstance(inner.slice, ast.Tuple)
    base, field = inner.slice.elts[0], inner.slice.elts[1]
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "length ≥"}
    assert isinstance(field, ast.Call)
    bounds = [f"{signs[word.arg]} {ast.unparse(word.value)}" for word in field.keywords if word.arg in signs]
    return f"{ast.unparse(base)} {', '.join(bounds)}"


def _fields(rows: Mapping[str, Described]) -> str:
    cells = [
        (
            f"`{name}`",
            f"`{kind}`".replace("|", "\\|"),
            f"`{default}`".replace("|", "\\|") if default else "required",
            comment,
        )
        for name, (kind, default, comment) in rows.items()
    ]
    return _table(("field", "type", "default", "meaning"), cells)


def _presets() -> str:
    names = {
        f"{stage}.{field}": None
        for preset in config.PRESETS.values()
        for stage, fields in preset.items()
        for field in fields
    }
    rows = []
    for name in names:
        stage, _, field = name.partition(".")
        values = [preset.get(stage, {}).get(field) for preset in config.PRESETS.values()]
        rows.append((f"`{name}`", *("" if value is None else f"`{value}`" for value in values)))
    return _table(("setting", *config.PRESETS), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


if __name__ == "__main__":
    # the command line lies above the reports, so the group comes by name
    group = import_module("srm_core.cli").cli
    target = Path(__file__).resolve().parents[2] / "docs" / "reference"
    sys.stdout.write("\n".join(str(path) for path in write(target, group)) + "\n")
