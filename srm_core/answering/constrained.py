"""Answers that can cite only what was shown: a grammar over the whole text.

After: Choi et al. 2023 (KCTS, knowledge-constrained decoding), of which only the aim is taken: there a classifier of
groundedness guides a tree search, here the names of the facts shown are the only citations that can be written.
"""

from __future__ import annotations

from ..records import Grammar


def citing_only(shown: int) -> Grammar:
    """Return the grammar of texts in which ``[`` begins the number of one of ``shown`` facts and nothing else.

    It asks for no citation, so an answer without one is still possible; none can point at nothing.
    """
    if not shown:
        return Grammar(form="regex", text=r"[^\[]*")
    numbers = "|".join(str(number) for number in range(1, shown + 1))
    return Grammar(form="regex", text=rf"([^\[]|\[({numbers})\])*")
