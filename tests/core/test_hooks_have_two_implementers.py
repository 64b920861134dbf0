"""A hook that only one module implements is an opinion, not an interface."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from srm_core.discovery import HOOKS
from srm_core.host import Host

TOY = Path(__file__).parents[1] / "external_pack"


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_two_implementers(hook: str, srm_install: Callable[[Path], None]) -> None:
    srm_install(TOY)
    owners: dict[str, set[str]] = defaultdict(set)
    for pack in ("medical", "toy"):
        host = Host(pack)
        host.require_whole()
        for name, plugin, _ in host.implementations():
            owners[name].add(plugin)
    assert len(owners[hook]) >= 2, f"{hook} is implemented by {sorted(owners[hook]) or 'nobody'}"
