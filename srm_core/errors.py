"""Every error `srm` raises on purpose, and the border at which foreign errors become ours.

SrmError
├── ConfigError        a setting, flag or file of the user's is wrong
├── PluginError        a plugin or pack failed; its name is in the message
│   ├── PackNotFound   no installed pack has that name
│   └── HookAnswerError  a hook gave something its specification does not allow
├── MissingExtra       an optional package is needed and not installed
├── ModelError         a model cannot be found, is unsafe, or does not fit
├── ArtifactError      something on disk is damaged, incomplete or held by another build
├── TrainingError      training stopped because going on would be silently wrong
└── ReleaseRefused     the gate did not pass

The command line prints any of them as one sentence and exits with 1; a traceback appears with ``--debug``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class SrmError(Exception):
    """A failure with a message meant for the user: what is wrong, where, what to do."""


class ConfigError(SrmError):
    """A setting, flag or input file is wrong."""


class PluginError(SrmError):
    """A plugin or pack failed."""


class PackNotFound(PluginError):
    """No installed pack has the name asked for."""


class HookAnswerError(PluginError):
    """A hook answered with something its specification does not allow."""


class MissingExtra(SrmError):
    """An optional package is needed; the message names the command that installs it."""


class ModelError(SrmError):
    """A model cannot be found, is unsafe to load, or does not fit what is asked of it."""


class ArtifactError(SrmError):
    """A stored artifact is damaged, incomplete, or held by another build."""


class TrainingError(SrmError):
    """Training stopped because going on would have been silently wrong."""


class ReleaseRefused(SrmError):
    """The gate's verdict is not PASS."""


@contextmanager
def boundary(what: str) -> Iterator[None]:
    """Turn any foreign exception (``SystemExit`` included) into a `PluginError` that names ``what``."""
    try:
        yield
    except (SrmError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise PluginError(f"{what} raised {type(error).__name__}: {error}") from error
