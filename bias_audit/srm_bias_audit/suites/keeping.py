"""What a model made of a suite's items, as records of the audit: what the findings of the suite rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.records import AuditItem, Completion, Verdict

from .items import SuiteItem, SuiteOutcome, paired, total
from .running import question

NO_VERDICT = Verdict(correct=None, reason="an item of a published suite: it is scored, not judged")


def kept_items(role: str, items: Sequence[SuiteItem], outcomes: Sequence[SuiteOutcome]) -> Iterator[AuditItem]:
    """Yield one record for each item, in order: what was asked, and what the model said or how likely it found it.

    ``probe`` is the item's name in its file, with the suite's before it, and ``variant`` the words that were asked.
    Of scored texts the completion is empty, and its ``logprobs`` are the texts' own in nats, one each.

    Raises:
        ConfigError: an item has no outcome, or two.
    """
    for item, outcome in paired(items, outcomes):
        scored = Completion(text="", finished=True, tokens=0, logprobs=tuple(map(total, outcome.logprobs)))
        yield AuditItem(
            probe=item.id if item.id.startswith(f"{item.suite}:") else f"{item.suite}:{item.id}",
            variant=asked(item),
            role=role,
            completion=outcome.completion or scored,
            verdict=NO_VERDICT,
        )


def asked(item: SuiteItem) -> str:
    """Return the words of an item: the question with its options, the beginning to write on, or the texts scored."""
    if item.task == "choose":
        return question(item)
    texts = " | ".join(item.continuations)
    return item.prompt if item.task == "write" else f"{item.prompt} ... {texts}" if item.prompt else texts
