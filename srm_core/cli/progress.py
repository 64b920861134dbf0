"""What a build says while it runs, on stderr: a bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

TENTHS = 10  # plain lines a step at most
LOGGERS = ("srm_core", "srm_knowledge", "srm_bias_audit", "srm_plugin_langchain", "srm_pack_medical")


class TerminalProgress:
    """Told ``(what, done, total)``; without a total, ``what`` is a line of its own."""

    def __init__(self, bar: Bar | None) -> None:
        self._bar = bar
        self._tasks: dict[str, Any] = {}
        self._told: dict[str, int] = {}

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        """Show how far ``what`` is."""
        if total <= 0:
            self._line(what)
        elif self._bar is not None:
            self._move(self._bar, what, done, total)
        elif (tenth := TENTHS * done // total) > self._told.get(what, 0):
            self._told[what] = tenth
            self._line(f"{what}: {done} of {total}")

    def _line(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            click.echo(text, err=True)

    def _move(self, bar: Bar, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = bar.add_task(what, total=total)
        bar.update(self._tasks[what], completed=done, total=total, visible=done < total)


class _Lines(logging.Handler):
    """Sends the library's log lines the way of the progress."""

    def __init__(self, progress: TerminalProgress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        self._progress(record.getMessage())


@contextmanager
def terminal_progress() -> Iterator[TerminalProgress]:
    """Yield what a build tells its progress to; the library's log lines appear with it, and end with it."""
    with _bar() as bar:
        progress = TerminalProgress(bar)
        handler = _Lines(progress)
        loggers = [logging.getLogger(name) for name in LOGGERS]
        levels = [logger.level for logger in loggers]
        try:
            for logger in loggers:
                logger.addHandler(handler)
                logger.setLevel(min(logging.INFO, logger.level or logging.INFO))
            yield progress
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.removeHandler(handler)
                logger.setLevel(level)


@contextmanager
def _bar() -> Iterator[Bar | None]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        yield bar
