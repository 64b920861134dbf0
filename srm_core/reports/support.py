"""The support matrix: which method trains which base with which adapter and launch, how well tried, and what does not.

Every cell is asked of the check that a build makes before it begins, so the page says what a build would say. Marks
come from `EVIDENCE`; a test looks for every file and test that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ..config import POLICY_METHODS, PREFERENCE_METHODS, TrainConfig
from ..errors import ConfigError, MissingExtra
from .markdown import table

Mark = Literal["measured", "tested", "untried"]
Cell = tuple[str, str, str, str]  # method, adapter, base, launch
Check = Callable[[TrainConfig, Mapping[str, Any], Mapping[str, str]], None]

ROWS = ("cpt", "sft", "esft", "gkd", *PREFERENCE_METHODS, *POLICY_METHODS)
BASES: Mapping[str, Mapping[str, Any]] = {
    "dense": {"model_type": "llama"},
    "mixture": {"model_type": "mixtral", "num_local_experts": 8},
    "unequal mixture": {"model_type": "srm_heterogeneous_moe", "num_local_experts": 2, "expert_sizes": [64, 128]},
}
ADAPTERS: Sequence[str] = get_args(TrainConfig.model_fields["adapter"].annotation)
COLUMNS: Sequence[tuple[str, str]] = [(base, adapter) for base in BASES for adapter in ADAPTERS]
LAUNCHES: Sequence[str] = get_args(TrainConfig.model_fields["launch"].annotation)
SAID: Mapping[str, str] = {
    "none": "One process",
    "torch": "Several processes (`--launch torch`)",
    "deepspeed": "DeepSpeed (`--launch deepspeed`, extra `distributed`)",
}


@dataclass(frozen=True)
class Evidence:
    """Where a combination was trained: figures of a whole build of a real model, or a test (``file::name``)."""

    mark: Mark
    method: str
    adapter: str
    base: str
    where: str
    launch: str = "none"


def _tried(method: str, test: str, adapter: str = "lora", base: str = "dense", launch: str = "none") -> Evidence:
    return Evidence("tested", method, adapter, base, f"tests/core/{test}", launch)


_POLICIES = "test_reinforcement.py::test_every_method_of_the_table_trains"
_KINDS = "test_adapter_kinds.py::test_reinforcement_and_preferences_go_on_from_it_held_to_their_start"
EVIDENCE: Sequence[Evidence] = (
    Evidence("measured", "sft", "lora", "dense", "benchmarks/results/medical-draft.json"),
    Evidence("measured", "grpo", "lora", "dense", "benchmarks/results/medical-draft.json"),
    Evidence("measured", "dapo", "lora", "dense", "benchmarks/results/medical-full.json"),
    _tried("cpt", "test_cpt.py::test_the_perplexity_of_what_was_held_back_falls"),
    _tried("gkd", "test_gkd.py::test_the_student_nears_its_teacher"),
    _tried("dpo", "test_preference.py::test_dpo_raises_the_margin_of_chosen_over_rejected_on_its_own_rows"),
    _tried("kto", "test_preference.py::test_kto_raises_right_answers_over_wrong_ones_on_its_own_rows"),
    _tried("ppo", "test_ppo.py::test_what_is_paid_for_is_said_more_often"),
    *(_tried(method, _POLICIES) for method in POLICY_METHODS if method != "ppo"),
    *(_tried(method, _KINDS, kind) for method in ("sft", "grpo", "kto") for kind in ("rslora", "dora")),
    _tried("sft", "test_adalora.py::test_the_loss_falls_while_ranks_are_taken", "adalora"),
    _tried("grpo", "test_adalora.py::test_reinforcement_goes_on_from_it", "adalora"),
    _tried("cpt", "scale/test_processes.py::test_continued_pretraining_is_shared_too", launch="torch"),
    _tried("sft", "scale/test_processes.py::test_two_processes_reach_the_loss_and_the_adapter_of_one", launch="torch"),
    _tried(
        "sft", "scale/test_deepspeed.py::test_two_processes_reach_the_loss_and_the_adapter_of_one", launch="deepspeed"
    ),
    _tried("sft", "moe/test_balancing.py::test_a_large_factor_lowers_what_it_is_of", base="mixture"),
    _tried("esft", "moe/test_esft_training.py::test_the_loss_falls", base="mixture"),
    _tried(
        "grpo",
        "moe/test_learning_on_experts.py::test_reinforcement_samples_with_the_experts_it_trains",
        base="mixture",
    ),
    _tried(
        "sft",
        "moe/test_heterogeneous_training.py::test_a_large_penalty_lowers_the_parameters_that_a_token_uses",
        base="unequal mixture",
    ),
    _tried(
        "grpo",
        "moe/test_heterogeneous_training.py::test_reinforcement_samples_with_the_experts_it_trains",
        base="unequal mixture",
    ),
)
OTHERS: Sequence[tuple[Mapping[str, Any], str]] = (  # further refusals, each on a kind of base
    ({"methods": ("sft", "cpt")}, "dense"),
    ({"methods": ("grpo",)}, "dense"),
    ({"methods": ("sft", "grpo", "dapo")}, "dense"),
    ({"methods": ("sft", "sft")}, "dense"),
    ({"methods": ("esft", "grpo")}, "mixture"),
    ({"methods": ("esft",), "dtype": "bfloat16"}, "mixture"),
    ({"methods": ("sft",), "moe_balance_loss": 0.01}, "dense"),
    ({"methods": ("sft",), "moe_z_loss": 0.001}, "dense"),
    ({"methods": ("sft",), "moe_bias_rate": 0.001}, "dense"),
    ({"methods": ("esft",), "moe_balance_loss": 0.01}, "mixture"),
    ({"methods": ("sft",), "moe_balance_loss": 0.01, "accumulation": 2}, "mixture"),
    ({"methods": ("sft",), "moe_balance_loss": 0.01, "launch": "torch", "processes": 2}, "mixture"),
    ({"methods": ("dpo",), "adapter": "adalora"}, "dense"),
    ({"methods": ("sft",), "adapter": "adalora", "adalora_start_r": 8}, "dense"),
    ({"methods": ("sft",), "adapter": "adalora", "adalora_warmup": 0.5, "adalora_settle": 0.5}, "dense"),
    ({"methods": ("sft",), "moe_parameter_penalty": 0.1}, "dense"),
    ({"methods": ("sft",), "moe_parameter_penalty": 0.1}, "mixture"),
    ({"methods": ("sft",), "processes": 2}, "dense"),
    ({"methods": ("sft",), "batch": 3, "launch": "torch", "processes": 2}, "dense"),
)


def support_page(check: Check) -> str:
    """Return the page; ``check`` raises what a build with these settings on a base with this ``config.json`` would."""
    cells = [(method, adapter, base, launch) for launch in LAUNCHES for method in ROWS for base, adapter in COLUMNS]
    said = {cell: refused(settings_of(cell[0], cell[1], cell[3]), cell[2], check) for cell in cells}
    reasons = _numbered({cell: reason for cell, reason in said.items() if reason})
    shown = {cell: f"no: {reasons[_template(cell, said[cell])]}" if said[cell] else mark_of(*cell) for cell in cells}
    parts = ["# Support", _INTRODUCTION]
    for launch in LAUNCHES:
        rows = [(method, *(shown[method, adapter, base, launch] for base, adapter in COLUMNS)) for method in ROWS]
        parts += [f"## {SAID[launch]}", table(("method", *(", ".join(column) for column in COLUMNS)), rows)]
    parts += ["## Why not", "\n".join(f"{number}. {reason}" for reason, number in reasons.items())]
    others = [(_shown(settings), base, refused(settings, base, check)) for settings, base in OTHERS]
    parts += ["## Settings that do not fit", table(("settings of `train`", "base", "refused with"), others)]
    return "\n\n".join(parts)


def settings_of(method: str, adapter: str, launch: str) -> dict[str, Any]:
    """Return the settings of ``method``, after sft where it goes on from the adapter of another method."""
    methods = ("sft", method) if method in POLICY_METHODS else (method,)
    return {"methods": methods, "adapter": adapter, "launch": launch, "processes": 1 if launch == "none" else 2}


def refused(settings: Mapping[str, Any], base: str, check: Check) -> str:
    """Return the sentence with which a build is refused, or "" if it is not; a missing extra is no refusal."""
    try:
        check(TrainConfig.model_validate(settings), BASES[base], {})
    except ConfigError as error:
        return str(error)
    except MissingExtra:
        return ""
    return ""


def mark_of(method: str, adapter: str, base: str, launch: str) -> Mark:
    """Return how well a combination that is not refused is tried."""
    wanted = (method, adapter, base, launch)
    marks = {each.mark for each in EVIDENCE if (each.method, each.adapter, each.base, each.launch) == wanted}
    return next((mark for mark in get_args(Mark) if mark in marks), "untried")


def _template(cell: Cell, reason: str) -> str:
    """Return a refusal without its method's name, so that methods refused alike share one sentence."""
    return " ".join("METHOD" if word == cell[0] else word for word in reason.split(" "))


def _numbered(said: Mapping[Cell, str]) -> dict[str, int]:
    """Return the number of each refusal, in the order of the cells; a method is named METHOD in all of them."""
    return {reason: n for n, reason in enumerate(dict.fromkeys(_template(*each) for each in said.items()), 1)}


def _shown(settings: Mapping[str, Any]) -> str:
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
    return ", ".join(f"{name} = {value}" for name, value in values.items())


_INTRODUCTION = """Rows are methods, columns a base and what `train.adapter` lays on it. `esft` lays nothing on it: it
is in the column `lora`, the default. Reinforcement is asked about after `sft`.

- *measured*: whole builds of a real model, figures in `benchmarks/results/`.
- *tested*: trained by the tests, on tiny models, with checks of what it learned.
- *untried*: nothing refuses it, and nothing tries it.
- *no: N*: refused before anything is loaded, with sentence N below, in which METHOD is the row's."""
