"""What is measured on the exported files: every weight finite, the tokenizer the one trained with, asked again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...inference.tokens import encode_completion, encode_prompt
from ...models.load import has_template, load_tokenizer
from ...prompts import conversation
from ...reauditing.keeping import kept_reports
from ...records import Problem

NAMED = 5  # tensors or problems that are named


def measure_exported(folder: Path, base: Path, system: str, problems: Sequence[Problem]) -> dict[str, Any]:
    """Return ``weights`` (tensors, not_finite, named) and ``tokens`` (problems, different, named) of a candidate.

    ``tokens`` compares prompts and answers of ``problems`` by the tokenizer in ``folder/merged`` and by that of the
    checkpoint in ``base``, id by id; without an exported tokenizer it is absent. ``reports`` is what the reports on
    exports for other engines say (`kept_reports`); absent if there are none.

    Raises:
        ArtifactError: such a report is damaged, or does not fit the files it is about.
    """
    found: dict[str, Any] = {"weights": finite_weights(sorted(folder.rglob("*.safetensors")))}
    merged = folder / "merged"
    if (merged / "tokenizer_config.json").exists():
        found["tokens"] = same_tokens(merged, base, system, problems)
    if reports := kept_reports(folder):
        found["reports"] = reports
    return found


def finite_weights(files: Iterable[Path]) -> dict[str, Any]:
    """Return how many tensors the safetensors ``files`` hold, and how many of them a NaN or an infinity.

    ``parameters`` counts numbers by the folder of the file (``merged``, ``adapter``).
    """
    import torch
    from safetensors import safe_open

    tensors, bad = 0, []
    parameters: Counter[str] = Counter()
    for file in files:
        with safe_open(file, framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118 - a handle of safetensors is no mapping
                tensor = opened.get_tensor(name)
                tensors += 1
                parameters[file.parent.name] += tensor.numel()
                if not bool(torch.isfinite(tensor).all()):
                    bad.append(f"{file.parent.name}/{file.name}: {name}")
    return {"tensors": tensors, "not_finite": len(bad), "named": bad[:NAMED], "parameters": dict(parameters)}


def same_tokens(exported: Path, base: Path, system: str, problems: Sequence[Problem]) -> dict[str, Any]:
    """Return on how many of ``problems`` two tokenizers give other ids, for the prompt or for the worked answer."""
    if not has_template(exported):
        return {"problems": len(problems), "different": len(problems), "named": ["the chat template is missing"]}
    one, other = load_tokenizer(exported), load_tokenizer(base)
    bad = [problem.id for problem in problems if _ids(one, system, problem) != _ids(other, system, problem)]
    return {"problems": len(problems), "different": len(bad), "named": bad[:NAMED]}


def _ids(tokenizer: Any, system: str, problem: Problem) -> tuple[list[int], list[int]]:
    prompt = encode_prompt(tokenizer, conversation(system, problem, problem.evidence))
    return prompt, encode_completion(tokenizer, problem.solution or f"Answer: {problem.answer}")[0]
