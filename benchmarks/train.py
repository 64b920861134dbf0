"""Training: our SFT and a whole GRPO step beside TRL's own trainers, in one run, each arm in a process of its own.

    python benchmarks/train.py    # about ten minutes a round on two idle cores; nothing else may compute meanwhile

Real input: the medical pack's worked problems on the embedded base model, float32, LoRA r16 on every linear layer.
TRL's arms are `SFTTrainer` and `GRPOTrainer` with their defaults; only what must be equal is set (steps, samples,
lengths, adapters, no bfloat16). The first step of each arm warms up and is not counted. Peak memory is the process's.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROUNDS = 1
SFT_STEPS = 6
GRPO_STEPS = 3
PROMPTS, SAMPLES, NEW_TOKENS = 4, 8, 64  # of a GRPO step
SYSTEM = "Answer from the facts."

warnings.simplefilter("ignore")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


def main() -> None:
    """Run every arm in turn, `ROUNDS` times; print and keep medians and ratios."""
    import torch
    from record import machine  # its neighbour

    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in ARMS}
    for _ in range(ROUNDS):
        for name, kept in rounds.items():
            done = subprocess.run([sys.executable, __file__, name], stdout=subprocess.PIPE, text=True, check=True)
            kept.append(json.loads(done.stdout.splitlines()[-1]))
            print(name, kept[-1], flush=True)
    middle = {
        name: {figure: round(statistics.median(each[figure] for each in kept), 2) for figure in kept[0]}
        for name, kept in rounds.items()
    }
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "command": "python benchmarks/train.py",
        "torch": torch.__version__,
        "rounds": ROUNDS,
        "grpo": {"prompts": PROMPTS, "samples": SAMPLES, "new_tokens": NEW_TOKENS},
        "arms": middle,
        "ratios": {
            "SFT tokens/s: srm / TRL": _ratio(middle, "tokens_per_second", "sft-srm", "sft-trl"),
            "SFT peak memory: srm / TRL": _ratio(middle, "peak_gb", "sft-srm", "sft-trl"),
            "GRPO step: TRL / srm": _ratio(middle, "seconds_a_step", "grpo-trl", "grpo-srm"),
            "GRPO peak memory: srm / TRL": _ratio(middle, "peak_gb", "grpo-srm", "grpo-trl"),
        },
        "runs": rounds,
    }
    file = Path(__file__).resolve().parent / "results" / "train.json"
    file.write_text(json.dumps(result, indent=1), encoding="utf-8")
    print(json.dumps(result["ratios"], indent=1))


def _ratio(arms: dict[str, dict[str, float]], figure: str, over: str, under: str) -> float:
    return round(arms[over][figure] / arms[under][figure], 2)


def sft_srm() -> dict[str, float]:
    """Return the rate of our SFT."""
    from srm_core.training.sft import train_sft

    with tempfile.TemporaryDirectory() as name:
        data = _data(Path(name))
        rows = (data / "rows.jsonl").read_text(encoding="utf-8").splitlines()
        tokens = sum(len(json.loads(row)["ids"]) for row in rows)
        clock = Clock()
        train_sft(_base(), data, _config(), Path(name) / "out", clock.step)
    return {**clock.figures(), "tokens_per_second": tokens / SFT_STEPS / clock.seconds_a_step()}


def sft_trl() -> dict[str, float]:
    """Return the rate of TRL's `SFTTrainer` on the same conversations."""
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    from srm_core.models.load import load_tokenizer, load_weights

    clock = Clock()
    with tempfile.TemporaryDirectory() as name:
        settings = SFTConfig(max_steps=SFT_STEPS, **_trl_settings(name))
        rows = [
            {"prompt": _turns(p), "completion": [{"role": "assistant", "content": p.solution}]}
            for p in _problems()[: SFT_STEPS * settings.per_device_train_batch_size]
        ]
        trainer = SFTTrainer(
            model=load_weights(_base()),
            args=settings,
            train_dataset=Dataset.from_list(rows),
            processing_class=load_tokenizer(_base()),
            peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
            callbacks=[clock.callback()],
        )
        trainer.train()
    tokens = max(row["num_tokens"] for row in trainer.state.log_history if "num_tokens" in row)
    return {**clock.figures(), "tokens_per_second": tokens / SFT_STEPS / clock.seconds_a_step()}


def grpo_srm() -> dict[str, float]:
    """Return the time of our GRPO step: rollouts, verdicts, loss, update."""
    from srm_core.host import Host
    from srm_core.training.lora import with_new_adapter
    from srm_core.training.reinforcement import train_policy
    from srm_core.training.rewards import Judge

    host = Host("medical")
    judge = Judge(verify=host.verify, terms=host.rewards, weights={"correct": 1.0})
    clock = Clock()
    with tempfile.TemporaryDirectory() as name:
        data = _data(Path(name))
        with_new_adapter(_base(), _config()).save_pretrained(data / "adapter")
        train_policy("grpo", _base(), data, _config(), Path(name) / "out", judge=judge, system=SYSTEM, tell=clock.step)
    return clock.figures()


def grpo_trl() -> dict[str, float]:
    """Return the time of TRL's GRPO step on the same problems with the same verdicts."""
    from datasets import Dataset
    from peft import LoraConfig
    from trl import GRPOConfig, GRPOTrainer

    from srm_core.host import Host
    from srm_core.models.load import load_tokenizer, load_weights

    host, asked = Host("medical"), {p.id: p for p in _problems()[: GRPO_STEPS * PROMPTS]}

    def verified(completions: list[list[dict[str, str]]], problem: list[str], **_: Any) -> list[float]:
        texts = [completion[0]["content"] for completion in completions]
        return [
            float(host.verify(asked[i], t, asked[i].evidence).correct is True)
            for i, t in zip(problem, texts, strict=True)
        ]

    clock = Clock()
    with tempfile.TemporaryDirectory() as name:
        settings = GRPOConfig(
            max_steps=GRPO_STEPS,
            num_generations=SAMPLES,
            per_device_train_batch_size=SAMPLES,
            gradient_accumulation_steps=PROMPTS,
            max_completion_length=NEW_TOKENS,
            **_trl_settings(name),
        )
        trainer = GRPOTrainer(
            model=load_weights(_base()),
            args=settings,
            train_dataset=Dataset.from_list([{"prompt": _turns(p), "problem": p.id} for p in asked.values()]),
            processing_class=load_tokenizer(_base()),
            peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
            reward_funcs=verified,
            callbacks=[clock.callback()],
        )
        trainer.train()
    return clock.figures()


class Clock:
    """When each step ended, and the most memory the process held."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def step(self, number: int, *_: object) -> None:
        """Note that step ``number`` has ended; a word about a step that has ended before is passed over."""
        if number > len(self.ends):
            self.ends.append(time.perf_counter())

    def callback(self) -> Any:
        """Return a callback of transformers that notes the end of each step."""
        from transformers import TrainerCallback

        def ended(_self: Any, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            self.step(state.global_step)

        return type("AtEnd", (TrainerCallback,), {"on_step_end": ended})()

    def seconds_a_step(self) -> float:
        """Return the mean time of a step, the first left out."""
        return (self.ends[-1] - self.ends[0]) / (len(self.ends) - 1)

    def figures(self) -> dict[str, float]:
        """Return steps, seconds a step, and the peak memory in GB."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        return {"steps": float(len(self.ends)), "seconds_a_step": self.seconds_a_step(), "peak_gb": peak}


def _base() -> Path:
    from srm_core.models.embedded import base_folder

    return base_folder()


def _problems() -> list[Any]:
    from decode import problems  # its neighbour

    return problems()


def _config() -> Any:
    from srm_core.config import TrainConfig

    return TrainConfig(
        lora_r=16,
        lora_alpha=32,
        batch=8,
        rl_steps=GRPO_STEPS,
        rl_prompts=PROMPTS,
        rl_samples=SAMPLES,
        rl_max_tokens=NEW_TOKENS,
        reward_weights={"correct": 1.0},
    )


def _data(folder: Path) -> Path:
    """Write rows and problems as the stage train does; return their folder."""
    from srm_core.inference.tokens import encode_completion, encode_prompt
    from srm_core.models.load import load_tokenizer
    from srm_core.prompts import conversation
    from srm_core.records import TrainingRow
    from srm_core.store import write_records

    tokenizer, asked = load_tokenizer(_base()), _problems()
    rows = []
    for p in asked[: SFT_STEPS * _config().batch]:
        prompt = encode_prompt(tokenizer, conversation(SYSTEM, p, p.evidence))
        answer, own = encode_completion(tokenizer, p.solution)
        rows.append(TrainingRow(attempt=p.id, ids=(*prompt, *answer), mask=(*(False for _ in prompt), *own)))
    (folder / "out").mkdir()
    write_records(folder / "rows.jsonl", rows)
    write_records(folder / "problems.jsonl", asked[: GRPO_STEPS * PROMPTS])
    return folder


def _turns(problem: Any) -> list[dict[str, str]]:
    from srm_core.prompts import conversation

    return [{"role": m.role, "content": m.content} for m in conversation(SYSTEM, problem, problem.evidence)]


def _trl_settings(folder: str) -> dict[str, Any]:
    return {"output_dir": folder, "bf16": False, "use_cpu": True, "report_to": [], "logging_steps": 1, "seed": 0}


ARMS: dict[str, Callable[[], dict[str, float]]] = {
    "sft-srm": sft_srm,
    "sft-trl": sft_trl,
    "grpo-srm": grpo_srm,
    "grpo-trl": grpo_trl,
}

if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(ARMS[sys.argv[1]]()))
    else:
        main()
