"""What worked solutions of several packs share."""

from __future__ import annotations

from srm_core.calculator import recompute
from srm_core.composing import extreme


def test_the_calculator_finds_the_extreme_and_its_name_stands_behind_it() -> None:
    values = {"iron": 3134.2, "lead": 2022.2, "gold": 3109.2}
    listed = "3134.2 iron, 2022.2 lead, 3109.2 gold: "
    assert extreme(values, largest=True) == listed + "<<max(3134.2, 2022.2, 3109.2)=3134.2>> iron"
    assert extreme(values, largest=False) == listed + "<<min(3134.2, 2022.2, 3109.2)=2022.2>> lead"
    assert recompute(extreme(values, largest=True)) == extreme(values, largest=True)
