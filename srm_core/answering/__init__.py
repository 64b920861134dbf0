"""`srm ask`: the student answers from retrieved evidence, and the answer is tested against the evidence it cites.

`single` retrieves once and asks once. The other strategies take steps before they answer: `iterative` asks a chain of
sub-queries, `searching` lets the student search while it reasons, `self_reasoning` judges what was retrieved. Each is a
file of plain functions; `strategies` runs them, and counts what a model could not follow.
"""

from .answers import Answer, Draft, Step
from .asking import ask
from .single import judged
from .strategies import STRATEGIES, answered

__all__ = ["STRATEGIES", "Answer", "Draft", "Step", "answered", "ask", "judged"]
