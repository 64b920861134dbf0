"""Foreign errors become ours at the border, with a name; ours and the user's pass."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from srm_core import errors
from srm_core.errors import ConfigError, PackNotFound, PluginError, SrmError, boundary


@pytest.mark.parametrize("error", [ZeroDivisionError("no"), SystemExit(2), RecursionError("deep"), MemoryError()])
def test_a_foreign_exception_becomes_a_plugin_error_with_its_cause(error: BaseException) -> None:
    with pytest.raises(PluginError, match=f"^the hook raised {type(error).__name__}: ") as caught, boundary("the hook"):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [ConfigError("ours"), KeyboardInterrupt()])
def test_our_errors_and_an_interrupt_pass_unchanged(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, boundary("the hook"):
        raise error
    assert caught.value is error


def test_a_generator_inside_the_border_can_be_closed() -> None:
    closed = []

    def numbers() -> Iterator[int]:
        try:
            with boundary("numbers"):
                yield 1
        finally:
            closed.append(True)

    stream = numbers()
    assert next(stream) == 1
    stream.close()  # type: ignore[attr-defined]
    assert closed == [True]


def test_every_error_is_drawn_in_the_tree() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SrmError)]
    assert len(kinds) > 8
    for kind in kinds:
        assert kind.__name__ in (errors.__doc__ or "")


def test_a_missing_pack_is_a_plugin_error() -> None:
    assert issubclass(PackNotFound, PluginError)
