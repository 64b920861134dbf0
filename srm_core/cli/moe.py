"""``srm moe upcycle BASE OUT``: a mixture of experts from a dense model."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("moe")
def command() -> None:
    """Make mixtures of experts."""


@command.command("upcycle")
@click.argument("base")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--experts", default=8, show_default=True, help="Experts of each layer.")
@click.option("--top-k", default=2, show_default=True, help="Experts that a token is sent to.")
@click.option(
    "--noise", default=0.0, show_default=True, help="Added to each expert, as a share of a matrix's standard deviation."
)
@click.option("--seed", default=0, show_default=True, help="Seed of the routers and of the noise.")
def upcycle(base: str, out: Path, experts: int, top_k: int, noise: float, seed: int) -> None:
    """Turn a dense model into a mixture of experts.

    BASE is a folder, or a reference such as embedded:, hf: or tiny:; OUT is a new folder. Without noise the mixture
    computes what the dense model computes. Build on it with --base dir:OUT.
    """
    from ..moe.upcycle import upcycle as make

    made = make(base, out, experts=experts, top_k=top_k, noise=noise, seed=seed)
    click.echo(f"{out}: {made.experts} experts a layer, {made.top_k} of them a token")
    click.echo(
        f"parameters: {made.parameters:,} in all, {made.active:,} active a token; {made.bytes:,} bytes of weights"
    )
    click.echo(f"Build on it: srm build --pack NAME --base dir:{out}")
