"""Call one plugin's function for one hook: only with what it asks for, every answer checked, every failure named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from .errors import HookAnswerError, SrmError, boundary
from .records import Reward

T = TypeVar("T")


@dataclass(frozen=True)
class Implementation:
    """One plugin's function for one hook, and the names of the arguments it takes."""

    hook: str
    plugin: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]

    @property
    def what(self) -> str:
        """How messages name it."""
        return f"{self.hook} of plugin {self.plugin!r}"

    def ask(self, offered: Mapping[str, Any]) -> Any:
        """Call it with what it names of ``offered``; any foreign exception becomes a `PluginError` naming it."""
        with boundary(self.what):
            return self.function(**{name: offered[name] for name in self.arguments})


def answer_of(each: Implementation, offered: Mapping[str, Any], kind: type[T]) -> T | None:
    """Return the answer of a verb: None (not mine) or something of ``kind``."""
    answer = each.ask(offered)
    if answer is None or isinstance(answer, kind):
        return answer
    lacks = _missing(answer, kind)
    more = f" (it lacks {', '.join(lacks)})" if lacks else ""
    raise HookAnswerError(f"{each.what} gave {_a(answer)}{more}; expected {kind.__name__.strip('_')} or None")


def items_of(each: Implementation, offered: Mapping[str, Any], kinds: tuple[type[T], ...]) -> Iterator[T]:
    """Yield the items of a noun, each of one of ``kinds``."""
    return typed(each, each.ask(offered), kinds)


def typed(each: Implementation, answer: Any, kinds: tuple[type[T], ...]) -> Iterator[T]:
    """Yield the items of ``answer``. A generator fails while it is read, so the plugin is named here too."""
    names = " or ".join(kind.__name__ for kind in kinds)
    if not isinstance(answer, Iterable):
        raise HookAnswerError(f"{each.what} gave {_a(answer)}; expected an iterable of {names}")
    with boundary(each.what):
        for item in answer:
            if not isinstance(item, kinds):
                raise HookAnswerError(f"{each.what} gave {_a(item)}; expected {names}")
            yield item


def new_terms(each: Implementation, given: Sequence[Reward], old: Mapping[str, Reward]) -> dict[str, Reward]:
    """Return ``given`` by name; a name given twice would be paid twice and is refused."""
    terms: dict[str, Reward] = {}
    for reward in given:
        if reward.name in terms or reward.name in old:
            raise HookAnswerError(f"{each.what} gave the reward {reward.name!r}, which was already given")
        terms[reward.name] = reward
    return terms


def sentence(each: Implementation, error: SrmError) -> str:
    """Return the error's message with the plugin's name in it."""
    return str(error) if each.what in str(error) else f"{each.what}: {error}"


def _missing(answer: object, kind: type) -> list[str]:
    """Return the members of a protocol that ``answer`` does not have."""
    if Protocol not in kind.__mro__:
        return []
    return [name for name in dir(kind) if not name.startswith("_") and name not in dir(answer)]


def _a(value: object) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
