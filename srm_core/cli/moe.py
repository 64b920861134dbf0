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
@click.option("--experts", type=int, help="Experts of each layer.  [default: 8, or as many as --sizes lists]")
@click.option("--top-k", default=2, show_default=True, help="Experts that a token is sent to.")
@click.option(
    "--sizes",
    metavar="RULE|LIST",
    help="Experts of different widths, which load through srm alone: geometric, arithmetic, equal, or the inner width "
    "of each, e.g. 96,192,384.",
)
@click.option(
    "--noise", default=0.0, show_default=True, help="Added to each expert, as a share of a matrix's standard deviation."
)
@click.option("--seed", default=0, show_default=True, help="Seed of the routers and of the noise.")
def upcycle(
    base: str, out: Path, *, experts: int | None, top_k: int, sizes: str | None, noise: float, seed: int
) -> None:
    """Turn a dense model into a mixture of experts.

    BASE is a folder, or a reference such as embedded:, hf: or tiny:; OUT is a new folder. Without noise the mixture
    computes what the dense model computes; of experts with --sizes only those as wide as the base do. Build on it with
    --base dir:OUT.
    """
    if sizes is not None:
        _unequal(base, out, sizes=sizes, experts=experts, top_k=top_k, noise=noise, seed=seed)
        return
    from ..moe.upcycle import upcycle as make

    made = make(base, out, experts=8 if experts is None else experts, top_k=top_k, noise=noise, seed=seed)
    click.echo(f"{out}: {made.experts} experts a layer, {made.top_k} of them a token")
    click.echo(
        f"parameters: {made.parameters:,} in all, {made.active:,} active a token; {made.bytes:,} bytes of weights"
    )
    click.echo(f"Build on it: srm build --pack NAME --base dir:{out}")


def _unequal(base: str, out: Path, *, sizes: str, experts: int | None, top_k: int, noise: float, seed: int) -> None:
    from ..moe.heterogeneous import upcycle_unequal

    made = upcycle_unequal(base, out, sizes=sizes, experts=experts, top_k=top_k, noise=noise, seed=seed)
    widths = ", ".join(map(str, made.sizes))
    click.echo(f"{out}: {len(made.sizes)} experts a layer, {widths} neurons wide, {made.top_k} of them a token")
    click.echo(
        f"parameters: {made.parameters:,} in all, {made.active_least:,} to {made.active_most:,} active a token; "
        f"{made.bytes:,} bytes of weights"
    )
    click.echo("It loads through srm alone, so of a student on it only the adapter is exported:")
    click.echo(f"srm build --pack NAME --base dir:{out} --set 'release.exports=[\"adapter\"]'")
