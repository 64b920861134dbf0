"""What tests of this folder share: a finished build, made up (its numbers are chosen so that each can be found again in
what is printed), and a small model with problems, worked solutions and accepted attempts.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from srm_core import calculator
from srm_core.records import (
    Attempt,
    AuditFinding,
    BuildManifest,
    Completion,
    Evidence,
    FormulaKey,
    Kind,
    Objection,
    Pack,
    Problem,
    Sampling,
    Score,
    Source,
    StageRecord,
    Verdict,
)

STAGES = ("ingest", "ground", "pose", "distill", "train", "evaluate", "audit", "release")
LEVELS = {  # (kind, arm): (value, low, high, n)
    ("codes", "base-few"): (0.24, 0.11, 0.43, 25),
    ("codes", "sft"): (0.88, 0.70, 0.96, 25),
    ("codes", "rl"): (0.92, 0.75, 0.98, 25),
    ("calculators", "base-few"): (0.36, 0.20, 0.55, 25),
    ("calculators", "sft"): (0.68, 0.48, 0.83, 25),
    ("calculators", "rl"): (0.72, 0.52, 0.86, 25),
    ("recall", "base-few"): (0.04, 0.01, 0.20, 25),
    ("recall", "sft"): (0.12, 0.04, 0.30, 25),
    ("recall", "rl"): (0.08, 0.02, 0.25, 25),
    ("all", "base-few"): (0.30, 0.18, 0.42, 50),
    ("all", "sft"): (0.78, 0.66, 0.89, 50),
    ("all", "rl"): (0.82, 0.71, 0.92, 50),
    ("calculators:formula=seen", "rl"): (0.85, 0.58, 0.96, 13),
    ("calculators:formula=unseen", "rl"): (0.58, 0.32, 0.81, 12),
    ("codes", "shuffled"): (0.10, 0.02, 0.40, 10),
    ("codes", "none"): (0.20, 0.06, 0.51, 10),
}
GAINS = {  # (kind, arm, baseline): (value, low, high, n)
    ("all", "rl", "base-few"): (0.52, 0.38, 0.66, 50),
    ("all", "rl", "sft"): (0.04, -0.02, 0.10, 50),
    ("codes", "rl", "base-few"): (0.68, 0.48, 0.84, 25),
    ("codes", "shuffled", "rl"): (-0.80, -1.0, -0.5, 10),
}


def _scores() -> tuple[Score, ...]:
    shared: dict[str, Any] = {"suite": "held-out", "decoding": "greedy", "metric": "accuracy"}
    levels = [
        Score(kind=kind, arm=arm, value=v, low=low, high=high, n=n, **shared)
        for (kind, arm), (v, low, high, n) in LEVELS.items()
    ]
    gains = [
        Score(
            kind=kind,
            arm=arm,
            baseline=base,
            value=v,
            low=low,
            high=high,
            n=n,
            **shared,
        )
        for (kind, arm, base), (v, low, high, n) in GAINS.items()
    ]
    further = Score(
        suite="pubmedqa",
        kind="all",
        arm="rl",
        decoding="greedy",
        metric="accuracy",
        value=0.41,
        low=0.31,
        high=0.51,
        n=100,
        abstained=3,
    )
    return (*levels, *gains, further)


def _manifest(**changes: Any) -> BuildManifest:
    kinds = (
        Kind(name="recall", title="Recall of a code", book="closed", anchor="a code", shared="none"),
        Kind(
            name="codes", title="Two-hop codes", book="open", anchor="a code", shared="chapters", second_grader="a walk"
        ),
        Kind(name="calculators", title="Clinical calculators", book="formula", anchor="a row", shared="formulas"),
    )
    pack = Pack(
        name="medical",
        title="Medical reasoning",
        version="0.1.0",
        intended_use="Study of coding.",
        out_of_scope="Care of patients.",
        system_prompt="You answer.",
        kinds=kinds,
        attributes=("sex",),
    )
    finding = {
        "measure": "flip rate",
        "attribute": "sex",
        "groups": ("female", "male"),
        "role": "student",
        "harm": "quality-of-service",
        "n": 24,
        "mde": 0.12,
        "limit": 0.05,
    }
    fields: dict[str, Any] = {
        "pack": pack,
        "base": "embedded:smollm2-135m-instruct",
        "teacher": "solver:",
        "seed": 7,
        "effort": "draft",
        "settings": {
            "train": {"epochs": 2.0, "methods": ["sft", "grpo"]},
            "evaluate": {"controls": ["shuffled", "none"]},
        },
        "stages": tuple(
            StageRecord(
                stage=name,
                key=f"{place:020x}",
                inputs={},
                settings={},
                code="c",
                counts={"kept": 10 * place},
                seconds=30.5 * place,
            )
            for place, name in enumerate(STAGES)
        ),
        "sources": (
            Source(name="ICD-10-CM", licence="public domain", version="2025", url="https://www.cdc.gov"),
            Source(name="own corpus", licence="CC-BY-4.0"),
        ),
        "scores": _scores(),
        "findings": (
            AuditFinding(**finding, effect=0.01, low=-0.02, high=0.04, p=0.4, p_adjusted=0.8, outcome="within"),
            AuditFinding(**(finding | {"attribute": "age"}), effect=0.04, low=-0.01, high=0.09, outcome="inconclusive"),
            AuditFinding(
                **(finding | {"measure": "injection drop", "attribute": "recency"}),
                effect=0.2,
                low=0.1,
                high=0.3,
                outcome="exceeds",
            ),
        ),
        "leak": {"verdict": "clean", "fact": {"compared": 150, "found": 0}},
        "objections": (Objection(gate="bias", reason="recency costs 20 points", outcome="fails", waivable=True),),
        "verdict": "FAIL",
        "environment": {"python": "3.11", "cores": "2"},
    }
    return BuildManifest(**(fields | changes))


@pytest.fixture(scope="session")
def make_manifest() -> Callable[..., BuildManifest]:
    """Return the function that makes the synthetic manifest, with fields changed as asked."""
    return _manifest


# ---- a small model with a merging tokenizer, shared by the tests of inference and training

MERGES = ("<<", ">>", "=-", "4=", "10", "An", "sw", "er", "Answ", "Answer", "Answer:", "\n\n", " <", " <<")


@pytest.fixture(scope="session")
def small_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as ``tiny:0``, but its tokenizer merges (``=-`` and ``4=`` too) and its weights are ten times as
    large: it prefers some tokens clearly, and a wrong position or mask changes what it says.
    """
    import torch
    from transformers import LlamaForCausalLM

    from srm_core.models.load import load_tokenizer

    torch.set_num_threads(1)  # the machine that runs the tests has other work
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRM_CACHE", str(tmp_path_factory.mktemp("cache")))
        from srm_core.models import tiny

        plain = tiny.folder(0)
    folder = tmp_path_factory.mktemp("base") / "checkpoint"
    shutil.copytree(plain, folder)
    _learn_merges(folder / "tokenizer.json")
    tokenizer = load_tokenizer(folder)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        model = LlamaForCausalLM.from_pretrained(plain)
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        for tensor in model.parameters():
            if tensor.dim() == 2:
                tensor.mul_(10)
        model.save_pretrained(folder)
    return folder


def _learn_merges(file: Path) -> None:
    """Add `MERGES` to the byte tokenizer in ``file``, each made of two pieces that there are."""
    saved = json.loads(file.read_text(encoding="utf-8"))
    saved["pre_tokenizer"]["use_regex"] = False  # which would cut between digits and signs
    vocabulary: dict[str, int] = saved["model"]["vocab"]
    for merge in MERGES:
        word = merge.replace(" ", "Ġ").replace("\n", "Ċ")
        cut = next(i for i in range(len(word) - 1, 0, -1) if word[:i] in vocabulary and word[i:] in vocabulary)
        saved["model"]["merges"].append([word[:cut], word[cut:]])
        vocabulary[word] = len(vocabulary)
    file.write_text(json.dumps(saved), encoding="utf-8")


@pytest.fixture(scope="session")
def small_model(small_base: Path) -> Any:
    """The `TransformersModel` of `small_base`; no test changes its weights."""
    from srm_core.inference.local import open_local

    return open_local(f"dir:{small_base}")


@pytest.fixture(scope="session")
def sums() -> list[Problem]:
    """Twelve problems of arithmetic with a worked solution and evidence."""
    return [
        Problem(
            kind="sum" if n % 3 else "difference",
            question=f"What is {100 + n} {'+' if n % 3 else '-'} {7 * n}?",
            answer=str(100 + n + (7 * n if n % 3 else -7 * n)),
            anchor=f"row {n}",
            key=FormulaKey(formula="sum", inputs={"a": 100 + n, "b": 7 * n}, low=0, high=1000),
            evidence=(Evidence(text=f"The first number is {100 + n}.", cites=(f"chunk-{n}",)),) * (n % 2),
            solution=f"Both are given{' [1]' * (n % 2)}.\nAnswer: "
            + calculator.call(f"{100 + n}{'+' if n % 3 else '-'}{7 * n}")
            + " mg" * n,
        )
        for n in range(12)
    ]


@pytest.fixture(scope="session")
def accepted(sums: list[Problem]) -> list[Attempt]:
    """The worked solutions of `sums` as attempts that a verifier accepted."""
    return [
        Attempt(
            parents=(problem.id,),
            problem=problem.id,
            model="solver:",
            arm="teacher",
            sampling=Sampling(),
            completion=Completion(text=problem.solution, finished=True, tokens=10),
            evidence=problem.evidence,
            verdict=Verdict(correct=True),
        )
        for problem in sums
    ]


# ---- whole builds: the toy pack on ``tiny:0``, in seconds

TOY_PACK = Path(__file__).parents[1] / "external_pack"
TOY_SETTINGS = """
pack = "toy"
base = "tiny:0"
effort = "smoke"
threads = 1
ingest.max_documents = 30
pose = { per_kind = 60, kinds = ["double", "add"] }
distill.per_kind = 6
own.largest = 60

[train]
epochs = 1.0
batch = 4
lora_r = 4
checkpoint_steps = 1
rl_steps = 2
rl_prompts = 2
rl_samples = 2
rl_max_tokens = 8

[evaluate]
test_per_kind = 4
control_per_kind = 3
shots = 1
max_tokens = 8
suites = 3

[audit]
per_attribute = 2
max_tokens = 8
"""


@pytest.fixture(scope="session")
def toy_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``toy.toml``, the metadata that makes the toy pack installed, and an empty cache."""
    import tomllib

    from srm_core.testing.fixtures import write_metadata

    home = tmp_path_factory.mktemp("toy")
    write_metadata(tomllib.loads((TOY_PACK / "pyproject.toml").read_text(encoding="utf-8"))["project"], home / "site")
    (home / "toy.toml").write_text(TOY_SETTINGS, encoding="utf-8")
    return home


@pytest.fixture(scope="session")
def toy_environment(toy_home: Path) -> dict[str, str]:
    """What a process needs besides its own environment: the toy pack and the core alone, a cache and a key of its own."""
    return {
        "SRM_CACHE": str(toy_home / "cache"),
        "SRM_KEY": str(toy_home / "owner.key"),
        "SRM_BLOCK": "bias_audit,knowledge,langchain",
        "SRM_ENGINE": "reference",  # kernels have tests of their own, and compile for a minute
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": f"{TOY_PACK}:{toy_home / 'site'}",
    }


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, toy_home: Path, toy_environment: dict[str, str]) -> Callable[..., Any]:
    """Install the toy pack in this process; return a function that gives its settings, ``name=value`` texts changed."""
    from srm_core.config import load_config

    for name, value in toy_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(TOY_PACK))
    monkeypatch.syspath_prepend(str(toy_home / "site"))

    def settings(*assignments: str, **flags: Any) -> Any:
        return load_config(pack="toy", file=toy_home / "toy.toml", assignments=assignments, **flags)

    return settings


@pytest.fixture(scope="session")
def srm(toy_home: Path, toy_environment: dict[str, str]) -> Callable[..., Any]:
    """Return a function that runs ``srm`` in a process of its own and gives the finished process."""
    import os
    import subprocess
    import sys

    def run(*arguments: object, **environment: str) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "srm_core.cli", *map(str, arguments)],
            cwd=toy_home,
            env={**os.environ, **toy_environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def built(toy_home: Path, srm: Callable[..., Any]) -> Path:
    """The workspace of one finished build, run ``first``; tests that change anything copy it."""
    done = srm("build", "--config", "toy.toml", "--workspace", toy_home / "ws", "--run", "first")
    assert done.returncode == 0, done.stderr[-3000:]
    return toy_home / "ws"
