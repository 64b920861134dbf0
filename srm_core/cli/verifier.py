"""``srm verifier card PACK`` and ``srm verifier attack PACK``: how far a pack's verifiers can be trusted."""

from __future__ import annotations

from pathlib import Path

import click

from .options import json_option


@click.group("verifier")
def command() -> None:
    """Measure a pack's verifiers, and attack them."""


def _kinds_option(function: click.decorators.FC) -> click.decorators.FC:
    return click.option("--kind", "kinds", multiple=True, help="Only this kind; may be repeated.")(function)


def _seconds_option(function: click.decorators.FC) -> click.decorators.FC:
    return click.option(
        "--seconds", default=5.0, show_default=True, type=click.FloatRange(min=0.1), help="Limit of one verdict."
    )(function)


@command.command("card")
@click.argument("pack")
@_kinds_option
@click.option("--per-kind", default=300, show_default=True, type=click.IntRange(min=1), help="Problems of each kind.")
@_seconds_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for card.json and card.md.")
@json_option
@click.pass_context
def card(
    ctx: click.Context,
    pack: str,
    kinds: tuple[str, ...],
    per_kind: int,
    seconds: float,
    out: Path | None,
    as_json: bool,
) -> None:
    """Measure false accepts and false rejects of a pack's verifiers.

    Every kind is measured on near misses, on surface forms of the gold, and on garbage. Exits with 1 if one fails.
    """
    from ..host import Host
    from ..verifying import card as cards
    from ..verifying.measuring import measure
    from ..verifying.posing import posed
    from ..verifying.worker import TimedVerifier
    from .tables import console, print_table, printable

    host = Host(pack=pack)
    host.require_whole()
    with posed(host, kinds, per_kind) as made, TimedVerifier(pack, seconds) as judge:
        measured = measure(host, made.problems, judge=judge, right=made.right, seconds_limit=seconds, kinds=kinds)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "card.json").write_text(measured.model_dump_json(indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
        (out / "card.md").write_text(cards.markdown(measured), encoding="utf-8", errors="backslashreplace")
    if as_json:
        click.echo(measured.model_dump_json(indent=1, ensure_ascii=True))
    else:
        print_table(cards.BRIEF, cards.brief_rows(measured), title=cards.heading(measured))
        for kind in measured.kinds:
            for line in cards.error_lines(kind):
                console().print(printable(f"{kind.kind}: {line}"), soft_wrap=True)
        for line in cards.blind_spot_lines(measured):
            console().print(printable(f"blind spot: {line}"), soft_wrap=True)
    if not measured.passed:
        ctx.exit(1)


@command.command("attack")
@click.argument("pack")
@_kinds_option
@click.option("--per-kind", default=12, show_default=True, type=click.IntRange(min=1), help="Problems of each kind.")
@click.option("--seed", default=0, show_default=True, help="Seed of the drawn combinations.")
@_seconds_option
@click.option(
    "--save",
    "saved",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Judge what this file holds again, and add what is found.",
)
@click.pass_context
def attack(
    ctx: click.Context, pack: str, kinds: tuple[str, ...], per_kind: int, seed: int, seconds: float, saved: Path | None
) -> None:
    """Search for wrong outputs that a pack's verifiers reward.

    One of each sort is printed. Exits with 1 if there is one, or one on which a verifier fails.
    """
    from ..host import Host
    from ..verifying import attack as attacks
    from ..verifying.card import shown
    from ..verifying.posing import posed
    from ..verifying.worker import TimedVerifier

    host = Host(pack=pack)
    host.require_whole()
    with posed(host, kinds, max(per_kind, 60)) as made, TimedVerifier(pack, seconds) as judge:
        old = attacks.still_rewarded(attacks.load(saved), judge) if saved is not None and saved.exists() else []
        new = list(attacks.attack(made.problems, judge, right=made.right, per_kind=per_kind, seed=seed))
        posed_kinds = len({problem.kind for problem in made.problems})
    for each, count in (found := attacks.sorts([*old, *new])):
        more = f", and {count - 1} more like it" if count > 1 else ""
        click.echo(f"{each.problem.kind}, {each.family}: {shown(each.text)} for {each.problem.id}{more}")
        click.echo(f"    gold {shown(each.problem.answer)}; {each.why}")
    added = attacks.save([each for each, _ in found], saved) if saved is not None and found else 0
    total = sum(count for _, count in found)
    click.echo(f"{total} outputs of {len(found)} sorts are rewarded or get no verdict; {posed_kinds} kinds attacked")
    if added:
        click.echo(f"{added} were added to {saved}; the same command judges them again")
    if found:
        ctx.exit(1)
