"""An adapter beside the base says what the merged model says; it is changed in place, and refused on another base."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from srm_core.errors import ModelError
from srm_core.inference.adapters import CONFIG, WEIGHTS, Part, _same_base, read_adapter
from srm_core.inference.engines import TIERS, VARIABLE
from srm_core.inference.local import TransformersModel, open_local
from srm_core.models.load import load_weights
from srm_core.records import Message, Sampling
from srm_core.training.lora import false_alarms_silenced, merged

PROMPTS = [[70, 71, 72], list(range(60, 100)), [5]]
TURNS = [[Message(role="user", content="Which one?")], [Message(role="user", content="And this?" * 5)]]


def written(base: Path, folder: Path, seed: int, **settings: Any) -> Path:
    """Write an adapter of random halves for ``base``, as peft does."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    lora = LoraConfig(
        **{"r": 4, "lora_alpha": 12, "target_modules": "all-linear", "task_type": "CAUSAL_LM"} | settings,
        init_lora_weights=False,
    )
    with false_alarms_silenced():
        get_peft_model(load_weights(base), lora).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def adapters(small_base: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    home = tmp_path_factory.mktemp("adapters")
    return [
        written(small_base, home / "one", 1),
        written(small_base, home / "two", 2, r=3, use_rslora=True, target_modules=["q_proj", "down_proj"]),
    ]


@pytest.fixture(params=TIERS)
def opened(request: pytest.FixtureRequest, small_base: Path, monkeypatch: pytest.MonkeyPatch) -> TransformersModel:
    monkeypatch.setenv(VARIABLE, request.param)
    made = open_local(f"dir:{small_base}")
    assert made is not None
    return made


def said(model: Any) -> tuple[list[float], list[str]]:
    """Return log-probabilities of given answers, and the greedy texts."""
    scores = model.score(TURNS, ["Answer: 1", "Answer: something"])
    texts = [c.text for (c,) in model.generate(TURNS, Sampling(max_tokens=12))]
    return [value for row in scores for value in row], texts


def test_an_adapter_says_what_the_merged_model_says_and_is_changed_in_place(
    opened: TransformersModel, adapters: list[Path], small_base: Path
) -> None:
    bare = said(opened)
    weights = {name: tensor.clone() for name, tensor in opened.model.state_dict().items()}
    for folder in (adapters[0], adapters[1], adapters[0]):
        opened.update_adapter(folder)
        scores, texts = said(opened)
        theirs = TransformersModel("merged", merged(small_base, folder), opened.tokenizer)
        expected, whole = said(theirs)
        assert scores == pytest.approx(expected, abs=1e-4)
        assert texts == whole
        assert max(abs(a - b) for a, b in zip(scores, bare[0], strict=True)) > 0.05  # it is no small change
    opened.update_adapter(None)
    assert said(opened) == bare
    assert all(torch.equal(tensor, weights[name]) for name, tensor in opened.model.state_dict().items())


def test_logits_with_an_adapter_are_those_of_the_merged_model(
    small_model: Any, adapters: list[Path], small_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = merged(small_base, adapters[0])
    for tier in ("native", "portable", "reference"):
        monkeypatch.setenv(VARIABLE, tier)
        model = open_local(f"dir:{small_base}", adapter=adapters[0])
        assert model is not None
        ours = model.engine.logits(PROMPTS)  # type: ignore[attr-defined]
        with torch.no_grad():
            theirs = torch.stack([whole(torch.tensor([prompt])).logits[0, -1] for prompt in PROMPTS])
        assert float((ours - theirs).abs().max() / theirs.std()) < 1e-4


def test_an_adapter_stays_when_weights_below_it_change(small_base: Path, adapters: list[Path]) -> None:
    model = open_local(f"dir:{small_base}", adapter=adapters[0])
    assert model is not None
    name = "model.layers.0.self_attn.q_proj"
    changed = model.model.state_dict()[f"{name}.weight"] * 0.5
    model.update_weights({f"{name}.weight": changed})
    part = read_adapter(adapters[0], model.model).parts[name]
    whole = merged(small_base, adapters[0])
    with torch.no_grad():
        whole.state_dict()[f"{name}.weight"].copy_(changed + part.delta())
        theirs = torch.stack([whole(torch.tensor([prompt])).logits[0, -1] for prompt in PROMPTS])
    ours = model.engine.logits(PROMPTS)  # type: ignore[attr-defined]
    assert float((ours - theirs).abs().max() / theirs.std()) < 1e-4


def test_a_part_is_what_it_adds_by_hand() -> None:
    part = Part(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [-1.0]]), 0.5)  # rank 1, from 2 to 2
    x = torch.tensor([[10.0, 1.0]])
    inner = 1.0 * 10.0 + 2.0 * 1.0
    assert part.added(x).tolist() == [[3.0 * inner * 0.5, -1.0 * inner * 0.5]]
    assert part.delta().tolist() == [[1.5, 3.0], [-0.5, -1.0]]


# ---- what is refused


def _changed(source: Path, out: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Path:
    shutil.copytree(source, out)
    config = json.loads((out / CONFIG).read_text(encoding="utf-8"))
    tensors = load_file(out / WEIGHTS)
    change(config, tensors)
    (out / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    save_file(tensors, out / WEIGHTS)
    return out


FIRST = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, t: c.update(base_model_name_or_path="x/Other-1B"), "made for another base: other-1b, and this is"),
        (lambda c, t: t.update({FIRST: torch.zeros(4, 60)}), "another base: its .*q_proj goes from 60 to 64 by rank 4"),
        (
            lambda c, t: t.update(
                {f"base_model.model.model.layers.9.x.lora_{s}.weight": torch.zeros(4, 4) for s in "AB"}
            ),
            r"another base: this one has no linear layer model\.layers\.9\.x",
        ),
        (lambda c, t: t.pop(FIRST), "is not whole: model.layers.0.self_attn.q_proj has one half"),
        (lambda c, t: t.clear(), "is not whole: it holds no weights"),
        (lambda c, t: c.update(use_dora=True), "uses use_dora, which is not applied beside a base here"),
        (lambda c, t: c.update(bias="all"), "uses bias, which is not applied"),
        (lambda c, t: c.update(peft_type="IA3"), "is no LoRA adapter"),
        (lambda c, t: c.pop("lora_alpha"), "gives no rank and alpha"),
        (lambda c, t: c.update(r=0), "gives no rank and alpha"),
        (lambda c, t: t.update({"base_model.model.lm_head.weight": torch.zeros(4, 4)}), "is none of a linear layer"),
    ],
)
def test_what_is_no_adapter_for_this_base_is_refused_in_one_sentence(
    small_model: Any, adapters: list[Path], tmp_path: Path, change: Any, message: str
) -> None:
    folder = _changed(adapters[0], tmp_path / "changed", change)
    with pytest.raises(ModelError, match=message) as refused:
        small_model.update_adapter(folder)
    assert "\n" not in str(refused.value)


def test_a_refused_adapter_leaves_everything_as_it_was(
    opened: TransformersModel, adapters: Any, tmp_path: Path
) -> None:
    opened.update_adapter(adapters[0])
    before = said(opened)
    for broken in (tmp_path, _changed(adapters[0], tmp_path / "x", lambda c, t: c.update(use_dora=True))):
        with pytest.raises(ModelError):
            opened.update_adapter(broken)
    assert said(opened) == before


def test_a_hub_s_snapshot_is_known_by_its_model(small_model: Any, adapters: list[Path], tmp_path: Path) -> None:
    own = Path(small_model.model.config._name_or_path).name
    snapshot = f"/cache/models--owner--{own}/snapshots/0123abcd"
    folder = _changed(adapters[0], tmp_path / "x", lambda c, t: c.update(base_model_name_or_path=snapshot))
    assert read_adapter(folder, small_model.model).names


def test_a_published_adapter_names_its_base_by_scheme_and_fits_its_folder() -> None:
    _same_base("the adapter", "embedded:smollm2-135m-instruct", "/cache/models/smollm2-135m-instruct")
    with pytest.raises(ModelError, match="made for another base: other, and this is smollm2-135m-instruct"):
        _same_base("the adapter", "embedded:other", "/cache/models/smollm2-135m-instruct")
