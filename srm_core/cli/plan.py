"""``srm plan --parameters 8e9 --gpus 8``: what training a large model needs of each GPU, before one is rented."""

from __future__ import annotations

import click

from .options import json_option


@click.command("plan")
@click.option("--parameters", type=click.FloatRange(min=1e6), default=8e9, show_default=True, help="Of the base.")
@click.option("--gpus", type=click.IntRange(min=1), default=8, show_default=True, help="One process each.")
@click.option(
    "--memory", type=click.FloatRange(min=1), default=80.0, show_default=True, help="GB (1e9 bytes) of a GPU."
)
@click.option("--rank", type=click.IntRange(min=1), default=16, show_default=True, help="Of LoRA (train.lora_r).")
@click.option("--tokens", type=click.IntRange(min=1), default=4096, show_default=True, help="In one pass of one GPU.")
@click.option(
    "--dtype", type=click.Choice(["float32", "bfloat16"]), default="bfloat16", show_default=True, help="Of the weights."
)
@click.option("--layers", type=click.IntRange(min=1), help="Of the base; a usual model's of its size if not said.")
@click.option("--width", type=click.IntRange(min=1), help="Of the base's hidden states; likewise.")
@json_option
def command(
    *,
    parameters: float,
    gpus: int,
    memory: float,
    rank: int,
    tokens: int,
    dtype: str,
    layers: int | None,
    width: int | None,
    as_json: bool,
) -> None:
    """Show the memory that training needs of each GPU.

    By the formulas of the ZeRO paper, for an adapter and for full weights, under ZeRO 0, 2 and 3. What a build takes on
    this machine is shown by `srm build --dry-run`.
    """
    import json
    from dataclasses import asdict

    from ..training.memory import GB, HALF, SINGLE, STAGES, Shape, adapter_parameters, need, shape_of
    from .tables import print_table

    usual = shape_of(parameters)
    shape = Shape(parameters, layers or usual.layers, width or usual.width)
    told = {"rank": rank, "gpus": gpus, "tokens": tokens, "number": HALF if dtype == "bfloat16" else SINGLE}
    found = [
        (trained, stage, need(shape, trained=trained, stage=stage, **told))
        for trained in ("lora", "full")
        for stage in STAGES
    ]
    adapter = adapter_parameters(shape, rank)
    if as_json:
        needs = [{"trained": trained, "zero": stage, **asdict(n), "whole": n.whole} for trained, stage, n in found]
        click.echo(json.dumps({"shape": asdict(shape), "adapter_parameters": adapter, "bytes_a_gpu": needs}))
        return
    click.echo(
        f"{parameters / GB:g} billion parameters, {dtype} ({shape.layers} layers, width {shape.width:,}), {gpus} GPUs "
        f"of {memory:g} GB, {tokens:,} tokens a pass; LoRA of rank {rank} has {adapter / 1e6:.1f} million parameters"
    )
    print_table(
        ["trained", "ZeRO", "weights", "gradients", "optimizer", "activations", "in all", f"within {memory:g} GB"],
        [
            [
                "LoRA" if trained == "lora" else "all weights",
                str(stage),
                *(f"{part / GB:.2f}" for part in (n.weights, n.gradients, n.optimizer, n.activations, n.whole)),
                "yes" if n.whole <= memory * GB else "no",
            ]
            for trained, stage, n in found
        ],
        title="GB of each GPU, by formula; logits, buffers and fragments come on top",
    )
    click.echo("srm trains adapters; all weights are shown for comparison (docs/scale.md)")
