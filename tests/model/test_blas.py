"""Which of the loaded libraries computes NumPy's products."""

from __future__ import annotations

from pathlib import Path

import pytest
from threadpoolctl import ThreadpoolController

from nnbasic.model import blas


def test_numpys_own_is_taken_beside_scipys() -> None:
    import scipy.linalg  # noqa: F401 - brings a BLAS of its own

    found = ThreadpoolController().select(user_api="blas").lib_controllers
    if len(found) < 2:
        pytest.skip("needs a NumPy and a SciPy that each bring their BLAS, as the wheels do")
    for order in (found, found[::-1]):
        chosen = blas.numpys(order)
        assert chosen is not None
        assert "numpy" in Path(chosen.filepath).parent.name
    assert blas.numpys([]) is None
