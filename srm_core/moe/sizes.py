"""The inner widths of unequal experts, by name. After Wang et al. 2024 (HMoE), its strategies of heterogeneity."""

from __future__ import annotations

from ..errors import ConfigError

RULES = ("geometric", "arithmetic", "equal")
EXPERTS = 8  # where nothing says how many
SMALLEST, LARGEST = 9, 23  # of the paper's arithmetic sizes 9, 11, ..., 23


def sizes_of(said: str, experts: int | None, inner: int) -> tuple[int, ...]:
    """Return the inner widths of the experts of a base whose feed-forward is ``inner`` neurons wide.

    ``geometric``: each is twice the one before. ``arithmetic``: equal steps from 9/23 of the base's width, the paper's
    sizes. The largest of both is as wide as the base. ``equal``: all are. Widths are rounded to whole neurons. Else
    ``said`` lists them, e.g. ``96,192,384``, and ``experts``, if given, is how many there are.

    Raises:
        ConfigError: ``said`` is neither, there are fewer than two experts, or one would have no neuron or more than
            the base.
    """
    if said not in RULES:
        return _listed(said, experts, inner)
    count = EXPERTS if experts is None else experts
    if count < 2:
        raise ConfigError(f"{count} expert(s): a mixture needs at least two")
    if said == "equal":
        return (inner,) * count
    if said == "geometric":
        shares = [2.0 ** (number - count + 1) for number in range(count)]
    else:
        step = (LARGEST - SMALLEST) / (count - 1)
        shares = [(SMALLEST + step * number) / LARGEST for number in range(count)]
    sizes = tuple(round(inner * share) for share in shares)
    if sizes[0] < 1:
        raise ConfigError(
            f"--sizes {said} with {count} experts: the smallest would be {inner * shares[0]:.2g} of the base's {inner} "
            "neurons wide; take fewer experts, or arithmetic"
        )
    return sizes


def _listed(said: str, experts: int | None, inner: int) -> tuple[int, ...]:
    words = [word.strip() for word in said.split(",")]
    if not all(word.isdecimal() for word in words):
        raise ConfigError(
            f"--sizes {said}: it is {', '.join(RULES)}, or the inner width of each expert, e.g. 96,192,384"
        )
    sizes = tuple(int(word) for word in words)
    if len(sizes) < 2:
        raise ConfigError(f"--sizes {said}: {len(sizes)} expert(s): a mixture needs at least two")
    if experts is not None and experts != len(sizes):
        raise ConfigError(f"--sizes {said} are {len(sizes)} experts, and --experts says {experts}; leave --experts out")
    if wrong := [size for size in sizes if not 1 <= size <= inner]:
        raise ConfigError(f"--sizes {said}: an expert has 1 to {inner} neurons, as many as the base, not {wrong[0]}")
    return sizes
