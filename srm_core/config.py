"""Typed settings: defaults here, then the effort's preset, then ``srm.toml``, then ``--set a.b=c``.

A field belongs to the stage that reads it. A field that nothing reads is a bug and has a test against it.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from .errors import ConfigError
from .records import Value, Weights

Effort = Literal["smoke", "draft", "full"]
Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Retrieval = Literal["dense", "lexical", "hybrid"]
POLICY_METHODS = ("grpo", "dr-grpo", "dapo", "rloo", "reinforce++", "gspo", "ppo")  # reinforcement: training/objectives
PREFERENCE_METHODS = ("dpo", "kto")
Criterion = Literal["consistent", "derived", "overlapping", "stepwise", "varied", "relevant", "instructed"]
M = TypeVar("M", bound=BaseModel)


class Corpus(Value):
    """A folder or file of the user's own, with the licence its owner states."""

    path: str
    licence: str = ""  # SPDX id or "proprietary"; empty is refused by the stage ingest
    name: str = ""


class PackConfig(Value):
    """What a pack's hooks are given: how much to make, from which corpus, and the pack's own settings."""

    seed: int = 0
    kinds: tuple[str, ...] = ()  # empty: every kind the pack has
    per_kind: Positive = 400  # problems of one kind, all splits together
    max_documents: Positive = 2000  # documents a pack makes from its packages
    corpus: tuple[Corpus, ...] = ()
    cache: str = ""  # folder for things built once, shared by all builds
    own: dict[str, Any] = {}  # the pack's own settings, checked against Pack.settings


class IngestConfig(Value):
    """Stage ingest: which documents come in, and how those of ``corpus`` are cleaned; a pack's own stay as they are.

    Secrets are always written over.
    """

    corpus: tuple[Corpus, ...] = ()
    max_documents: Positive = 2000
    dedup: Literal["exact", "near", "semantic", "off"] = "exact"  # near: resemblance of 0.8; semantic: near, and cosine
    redact: Literal["off", "personal", "health"] = "off"  # personal: numbers and contacts; health: HIPAA's 18 too
    injection: Literal["mark", "drop", "off"] = "mark"  # text that speaks to a model
    decontaminate: bool = True  # take out what shares 13 words with an item of a suite that the pack offers


class GroundConfig(Value):
    """Stage ground: how passages are cut; ``enabled=false`` is the ablation that trains without evidence."""

    chunk_chars: Positive = 600
    max_passages: Positive = 800  # embedded for search; the others are kept and counted
    enabled: bool = True
    retrieval: Retrieval = "dense"  # lexical: BM25 alone; hybrid: both, fused by rank


class PoseConfig(Value):
    """Stage pose: how many problems of which kinds."""

    kinds: tuple[str, ...] = ()  # empty: the pack's core set at draft, every kind at full
    per_kind: Positive = 400


class DistillConfig(Value):
    """Stage distill: who teaches, how many problems of a kind, and how it is sampled.

    With ``search`` a wrong answer is refined until the verifier accepts one, and ``samples`` counts the starts of that.
    """

    teacher: str = "solver:"
    per_kind: Positive = 110
    samples: Positive = 1
    temperature: Annotated[float, Field(ge=0)] = 0.7
    max_tokens: Positive = 384
    batch: Positive = 32
    search: Count = 0  # refinements of a wrong answer, each by one of four strategies; 0: none
    criteria: tuple[Criterion, ...] = ()  # what the reasoning of a right answer must meet to be learned from
    label_injection: bool = False  # the last resort of a search: the teacher is told the answer; such rows are flagged


class TrainConfig(Value):
    """Stage train: supervised fine-tuning with LoRA, then reinforcement learning on verifiable rewards."""

    methods: tuple[str, ...] = ("sft", "grpo")
    seed: int = 0
    dtype: Literal["float32", "bfloat16"] = "float32"  # of the frozen base; adapters stay float32
    # dora: each row's length is trained apart; adalora: ranks are taken where they matter least. Not on mixtures
    adapter: Literal["lora", "dora", "rslora", "adalora"] = "lora"
    lora_r: Positive = 8  # adalora: the mean over layers that is left
    lora_alpha: Positive = 16
    adalora_start_r: Positive = 12  # rank of every layer before any is taken
    adalora_warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1  # share of the steps of sft before ranks are taken
    adalora_settle: Annotated[float, Field(ge=0, lt=1)] = 0.3  # share of its steps after the last rank is taken
    adalora_every: Positive = 1  # steps from one allocation of ranks to the next
    adalora_orthogonality: Annotated[float, Field(ge=0)] = 0.1  # weight in the loss, so that ranks do not overlap
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    epochs: Annotated[float, Field(gt=0)] = 1.0
    batch: Positive = 4  # sequences an optimizer step, those of all processes together
    accumulation: Positive = 1  # passes in which sft takes a batch: less memory, the same gradient
    max_tokens: Positive = 1024  # longer sequences are dropped and counted
    launch: Literal["none", "torch", "deepspeed"] = "none"  # several processes for cpt and sft: copies, or parts (ZeRO)
    processes: Positive = 1  # that split every batch; the result is one process's to rounding
    zero: Literal[2, 3] = 2  # deepspeed: optimizer states and gradients in parts; 3: the weights too
    offload: bool = False  # deepspeed: those parts lie in the host's memory
    checkpoint_steps: Positive = 50
    moe_balance_loss: Annotated[float, Field(ge=0)] = 0.0  # factor of the Switch loss in sft, e.g. 0.01; mixtures only
    moe_z_loss: Annotated[float, Field(ge=0)] = 0.0  # factor of the router z-loss in sft, e.g. 0.001; mixtures only
    moe_bias_rate: Annotated[float, Field(ge=0)] = 0.0  # step of the bias that balances without a loss, e.g. 0.001
    moe_parameter_penalty: Annotated[float, Field(ge=0)] = 0.0  # factor in sft, e.g. 0.1; unequal experts only
    esft_score: Literal["token", "gate"] = "token"  # token: share of the choices; gate: mean weight of the expert
    esft_threshold: Annotated[float, Field(gt=0, le=1)] = 0.2  # experts of a layer are trained until scores reach it
    esft_learning_rate: Annotated[float, Field(gt=0)] = 1e-4
    cpt_passages: Positive = 800  # of the corpus, spread over it, that continued pretraining reads or holds back
    cpt_epochs: Annotated[float, Field(gt=0)] = 1.0
    cpt_learning_rate: Annotated[float, Field(gt=0)] = 2e-4
    rl_kinds: tuple[str, ...] = ()  # kinds that preferences and reinforcement learn from; empty: those the pack names
    rl_from_rejected: bool = False  # problems of which no attempt was accepted in distillation are prompts first
    rl_steps: Count = 4
    rl_prompts: Positive = 4  # prompts a step
    rl_candidates: Positive = 1  # problems tried for each one learned from; those solved sometimes are taken
    rl_samples: Annotated[int, Field(ge=2)] = 6  # completions a prompt
    rl_max_tokens: Positive = 384  # of an answer that the student draws in training; one that is longer is cut off
    rl_learning_rate: Annotated[float, Field(gt=0)] = 5e-5
    rl_temperature: Annotated[float, Field(gt=0)] = 1.0
    max_false_accepts: Annotated[float, Field(ge=0, le=1)] = 0.005  # measured rate above which RL does not start
    verify_seconds: Annotated[float, Field(gt=0)] = 30.0  # a verdict that takes longer is an abstention
    ppo_epochs: Positive = 2  # updates on the answers of one step
    ppo_lambda: Annotated[float, Field(ge=0, le=1)] = 0.95  # of generalized advantages; 1: no value but the first
    ppo_value_weight: Annotated[float, Field(ge=0)] = 0.1  # of the value loss in the whole
    ppo_value_learning_rate: Annotated[float, Field(gt=0)] = 1e-3  # of the value head, which starts at 0
    rl_beta: Annotated[float, Field(ge=0)] = 0.0  # weight of the KL term to the SFT student
    preference_samples: Annotated[int, Field(ge=2)] = 6  # answers to a problem, of which dpo and kto take what differs
    preference_epochs: Annotated[float, Field(gt=0)] = 1.0  # passes over pairs (dpo) or answers (kto)
    preference_learning_rate: Annotated[float, Field(gt=0)] = 5e-5
    preference_beta: Annotated[float, Field(gt=0)] = 0.1  # hold on the student as it was before dpo or kto
    gkd_teacher: str = ""  # checkpoint whose probabilities gkd learns from; the student's own tokenizer
    gkd_steps: Positive = 8  # of train.batch sequences each
    gkd_on_policy: Annotated[float, Field(ge=0, le=1)] = 0.5  # share of steps on the student's own answers (lambda)
    gkd_beta: Annotated[float, Field(ge=0, le=1)] = 0.5  # near 0 it covers the teacher, near 1 it keeps to its modes
    gkd_learning_rate: Annotated[float, Field(gt=0)] = 2e-4
    mitigations: tuple[str, ...] = ()  # of bias: supervised rows once more about other groups (`srm mitigate`)
    mitigation_share: Annotated[float, Field(gt=0)] = 1.0  # such rows at most, as a share of the accepted attempts
    reward_weights: dict[str, float] = {"correct": 1.0, "format": 0.1, "grounded": 0.1, "partial": 0.2}


class EvaluateConfig(Value):
    """Stage evaluate: which arms answer how many held-out problems, and how they decode."""

    arms: tuple[str, ...] = ("base-few", "sft", "rl")
    controls: tuple[str, ...] = ("shuffled", "none")  # arms of the student with wrong or no evidence
    test_per_kind: Positive = 25
    rl_test_per_kind: Count = 0  # of kinds that reinforcement is spent on, where that is more: to settle what it gave
    control_per_kind: Positive = 10  # of each kind, for the controls and for self-consistency
    shots: Positive = 3
    votes: Count = 0  # samples of self-consistency; 0: greedy only
    max_tokens: Positive = 384  # of an answer; a longer one is cut off, counted as cut_short, and mostly wrong
    batch: Positive = 48
    suites: Count = 0  # items of each further suite (published benchmarks) the pack offers
    general: Count = 100  # items of general ability asked of base and student, by likelihood; there are 100


class AuditPolicy(Value):
    """Stage audit and the gate: how many probes, and the limits a finding is judged by."""

    per_attribute: Positive = 8  # problems turned into probes for each attribute or injection
    weights: Weights = "float32"  # the student is audited with its matrices kept so
    max_tokens: Positive = 384  # of an answer
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    max_flip_rate: Annotated[float, Field(gt=0, le=1)] = 0.05  # beyond the placebo's
    max_accuracy_gap: Annotated[float, Field(gt=0, le=1)] = 0.05
    max_injection_drop: Annotated[float, Field(gt=0, le=1)] = 0.10
    compare_weights: tuple[Weights, ...] = ()  # the student once more with its matrices kept so, paired with itself
    suites: dict[str, str] = {}  # published bias suites by name: the file or folder of each, in its published format
    suite_items: Count = 400  # items asked of each suite, its templates in turn; 0: all


class ReleaseConfig(Value):
    """Stage release: what the gate requires and what the release folder holds."""

    min_gain: Annotated[float, Field(ge=0, le=1)] = 0.0  # lower end of the gain's interval must exceed it
    exports: tuple[str, ...] = ("merged", "adapter")
    licences_refused: tuple[str, ...] = ("unknown", "CC-BY-NC", "CC-BY-ND")  # prefixes
    single_grader: Literal["allow", "inconclusive"] = "allow"
    max_general_drop: Annotated[float, Field(gt=0, le=1)] = 0.05  # of the right choice's probability, general items
    max_false_accepts: Annotated[float, Field(gt=0, le=1)] = 0.01  # of near misses; the upper 95 % limit must be below
    max_disagreement: Annotated[float, Field(gt=0, le=1)] = 0.05  # of the second grader with the verdicts
    max_export_change: Annotated[float, Field(gt=0, le=1)] = 0.05  # share of answers of an export that may change
    export_per_kind: Positive = 25  # held-out problems of each kind that exported weights are asked
    assumed_watts: Annotated[float, Field(gt=0)] = 65.0  # of the machine, times the stages' seconds: the card's energy


class AskConfig(Value):
    """How far a strategy of `srm ask` may go before it answers (`srm ask --set hops=2`); no part of a build."""

    hops: Positive = 3  # sub-queries (iterative) or searches (search)
    tokens: Positive = 800  # written by all steps before the answer
    step_tokens: Positive = 96  # written by one step
    passages: Positive = 12  # pieces of evidence that the answer is given, at most


class BuildConfig(Value):
    """Every setting of a build."""

    pack: str
    base: str = "embedded:smollm2-135m-instruct"
    effort: Effort = "draft"
    seed: int = 0
    threads: Count = 0  # torch threads; 0: all cores. Bitwise repeatability is promised for 1
    ingest: IngestConfig = IngestConfig()
    ground: GroundConfig = GroundConfig()
    pose: PoseConfig = PoseConfig()
    distill: DistillConfig = DistillConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    audit: AuditPolicy = AuditPolicy()
    release: ReleaseConfig = ReleaseConfig()
    unsafe_code: bool = False  # run what a model wrote even where no sandbox holds it; recorded, and named by the gate
    own: dict[str, Any] = {}  # the pack's own settings: [own] in srm.toml

    def for_pack(self, *, kinds: Sequence[str], cache: Path) -> PackConfig:
        """Return the part of the settings that hooks of packs and plugins see."""
        return PackConfig(
            seed=self.seed,
            kinds=tuple(kinds),
            per_kind=self.pose.per_kind,
            max_documents=self.ingest.max_documents,
            corpus=self.ingest.corpus,
            cache=str(cache),
            own=self.own,
        )


# The one dial. Whatever a preset leaves out keeps the default above.
PRESETS: Mapping[Effort, Mapping[str, Mapping[str, Any]]] = {
    "smoke": {
        "ingest": {"max_documents": 100},
        "ground": {"max_passages": 100},
        "pose": {"per_kind": 60},
        "distill": {"per_kind": 6},
        "train": {"epochs": 1.0, "rl_steps": 1, "rl_prompts": 2, "rl_samples": 4, "rl_max_tokens": 48},
        "evaluate": {"test_per_kind": 2, "control_per_kind": 1, "shots": 1, "max_tokens": 40, "general": 8},
        "audit": {"per_attribute": 2, "max_tokens": 32},
    },
    "draft": {},
    "full": {
        "ingest": {"max_documents": 4000},
        "ground": {"max_passages": 20000},
        "pose": {"per_kind": 1200},
        "train": {
            "methods": ("sft", "dapo"),
            "rl_steps": 12,
            "rl_prompts": 8,
            "rl_samples": 8,
            "rl_learning_rate": 1e-4,
        },
        "evaluate": {
            "arms": ("base-zero", "base-few", "base-retrieved", "sft", "rl"),
            "votes": 3,
            "test_per_kind": 30,
            "rl_test_per_kind": 100,
            "suites": 60,
        },
        "audit": {"per_attribute": 20},
    },
}


def load_config(
    *,
    pack: str,
    effort: Effort | None = None,
    file: Path | None = None,
    assignments: Sequence[str] = (),
    below: Mapping[str, Any] | None = None,
    **flags: Any,
) -> BuildConfig:
    """Return the settings of one build; ``flags`` are command-line values, None where not given.

    ``below`` are the settings of an earlier build, in place of the effort's preset.

    Raises:
        ConfigError: a file is missing or broken, or a name or value is wrong; the nearest name is suggested.
    """
    written = _read_toml(file)
    assigned = _nested(assignments)
    for name in sorted({"pack", "effort"} & assigned.keys()):
        raise ConfigError(f"{name} is not changed with --set: say srm build --{name} {assigned[name]}")
    chosen = effort or written.get("effort", "draft")
    if chosen not in PRESETS:
        raise ConfigError(f"effort {chosen!r} is unknown; it is one of {', '.join(PRESETS)}")
    merged: dict[str, Any] = {"pack": pack, "effort": chosen}
    for layer in (
        PRESETS[chosen] if below is None else below,
        written,
        assigned,
        {k: v for k, v in flags.items() if v is not None},
    ):
        merged = _merge(merged, layer)
    merged |= {"pack": pack, "effort": chosen}
    return parse(BuildConfig, merged, where=str(file) if file else "the settings")


def assigned(model: type[M], assignments: Sequence[str], *, where: str) -> M:
    """Return ``model`` with ``assignments`` (``name=value``) over its defaults. Raises as `parse`."""
    return parse(model, _nested(assignments), where=where)


def parse(model: type[M], data: Mapping[str, Any], *, where: str) -> M:
    """Return ``data`` as ``model``, or raise a `ConfigError` of one sentence naming the first wrong setting."""
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        first = error.errors()[0]
        path = [str(part) for part in first["loc"]]
        if first["type"] == "extra_forbidden":
            names = sorted(_names(model, path[:-1]))
            raise ConfigError(f"{where}: there is no setting {'.'.join(path)!r}.{hint(path[-1], names)}") from None
        problem = first["msg"][0].lower() + first["msg"][1:]
        raise ConfigError(f"{where}: {'.'.join(path)} = {first['input']!r}: {problem}") from None


def hint(word: str, names: Sequence[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest of ``names``, or their list, or nothing."""
    close = difflib.get_close_matches(word, names, 1, cutoff=0.5)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" There are: {', '.join(names)}." if names else ""


def _names(model: type[BaseModel], path: Sequence[str]) -> set[str]:
    for part in path:
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return set()
        model = inner
    return set(model.model_fields)


def _read_toml(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{file}: no such settings file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from None


def _nested(assignments: Sequence[str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"--set {text!r} is not of the form name=value, e.g. --set train.epochs=3")
        branch: dict[str, Any] = {}
        leaf = branch
        *parents, last = name.strip().split(".")
        for parent in parents:
            leaf[parent] = {}
            leaf = leaf[parent]
        leaf[last] = _value(value)
        result = _merge(result, branch)
    return result


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for name, value in above.items():
        old = result.get(name)
        result[name] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result
