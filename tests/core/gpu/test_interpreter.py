"""The tests of this folder again, in a process where the kernels are interpreted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from srm_core.inference.kernels.gpu.language import INTERPRETED, triton


@pytest.mark.skipif(triton is None, reason="triton is not installed (extra `gpu`)")
@pytest.mark.skipif(INTERPRETED, reason="this is the process of its own")
def test_the_kernels_compute_what_the_plain_torch_beside_them_computes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", str(Path(__file__).parent)],
        env={**os.environ, "TRITON_INTERPRET": "1"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    found = re.search(r"(\d+) passed", done.stdout)
    assert found is not None
    assert int(found[1]) > 60
    assert "kernels need TRITON_INTERPRET" not in done.stdout
