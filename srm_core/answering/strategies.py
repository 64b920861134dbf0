"""The strategies by name, and how each is run: drafted, read or given up, and tested against what it cites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..config import AskConfig, hint
from ..errors import ConfigError
from ..inference.asking import Asker
from ..records import Evidence
from .answers import Answer, Draft, Failed, Retrieve, weighed, withholding
from .iterative import iterative
from .searching import search
from .self_reasoning import self_reasoning
from .single import judged, once
from .talking import Talk, as_problem

Strategy = Callable[[Talk, str, Retrieve], Draft]
SINGLE = "single"
STEPPED: Mapping[str, Strategy] = {"iterative": iterative, "search": search, "self-reasoning": self_reasoning}
STRATEGIES = (SINGLE, *STEPPED)


def answered(
    strategy: str,
    asker: Asker,
    question: str,
    retrieve: Retrieve,
    settings: AskConfig | None = None,
    *,
    constrained: bool = False,
) -> Answer:
    """Answer ``question`` by ``strategy``, and withhold an answer that comes without what it cites as well.

    To test that, a strategy of several steps is run once more from the beginning, by a retriever that no longer gives
    what was cited: what a later search gave may hang on what an earlier one found. If a step cannot be read, or the
    tokens end where nothing can be answered yet, the whole is given up, ``single`` answers, and ``failed`` and ``note``
    of the answer say so.

    Raises:
        ConfigError: there is no such strategy.
    """
    if strategy == SINGLE:
        evidence = tuple(retrieve(question))
        if not evidence:
            return weighed(once(asker, as_problem(question), evidence), lambda cited: None)
        return judged(asker, as_problem(question), evidence, constrained=constrained)
    if strategy not in STEPPED:
        raise ConfigError(f"there is no strategy {strategy!r}.{hint(strategy, STRATEGIES)}")
    bounds = settings or AskConfig()

    def drafted(give: Retrieve) -> Draft:
        try:
            return STEPPED[strategy](Talk(asker, bounds, constrained=constrained), question, give)
        except Failed as error:
            instead = once(asker, as_problem(question), tuple(give(question)), constrained=constrained)
            return replace(instead, steps=error.steps, failed=error.count, note=str(error))

    def without(cited: tuple[Evidence, ...]) -> str | None:
        return drafted(withholding(retrieve, cited)).answer

    first = drafted(retrieve)
    answer = weighed(first, without)
    if not first.failed:
        return answer
    count = f"{first.failed} step{'' if first.failed == 1 else 's'}"
    return replace(answer, note=f"{strategy}: {count} failed ({first.note}); answered by {SINGLE}")
