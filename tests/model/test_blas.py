"""y = a·x + b·y in one pass, by the BLAS that NumPy has loaded or by NumPy itself."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from nnbasic.model import blas
from nnbasic.model.blas import axpby
from nnbasic.runs.kernels import in_use


@pytest.fixture(params=["BLAS", "NumPy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "NumPy":
        monkeypatch.setattr(blas, "_axpby", lambda number: None)
    return str(request.param)


@pytest.mark.skipif(in_use() is None, reason="needs OpenBLAS")
@pytest.mark.parametrize("number", [ctypes.c_float, ctypes.c_double])
def test_the_blas_of_numpy_has_it(number: Any) -> None:
    assert blas._axpby(number) is not None


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


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("a", "b"), [(1.0, 0.9), (-0.01, 1.0), (0.001, 0.999), (2.0, 0.0)])
@pytest.mark.parametrize("n", [0, 1, 7, 64, 1000])
def test_it_is_a_x_plus_b_y(
    dtype: Any, a: float, b: float, n: int, rng: np.random.Generator
) -> None:
    x, y = rng.normal(size=(2, n)).astype(dtype)
    expected = a * x.astype(np.float64) + b * y.astype(np.float64)
    before = x.copy()
    axpby(a, x, b, y)
    precision = np.finfo(dtype).eps
    np.testing.assert_allclose(y, expected, rtol=4 * precision, atol=4 * precision)
    assert (x == before).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_of_an_element_depend_on_nothing_else(
    dtype: Any, rng: np.random.Generator
) -> None:
    x, y = rng.normal(size=(2, 200)).astype(dtype)
    whole = y.copy()
    axpby(0.3, x, 0.7, whole)
    for offset in range(17):  # where it lies in memory, and in the vector
        for start, stop in ((0, 200), (1, 200), (offset, offset + 31), (3 * offset, 130)):
            room = np.empty(300, dtype)
            part = room[offset : offset + stop - start]
            part[:] = y[start:stop]
            axpby(0.3, x[start:stop], 0.7, part)
            assert (part == whole[start:stop]).all(), (offset, start, stop)


@pytest.mark.usefixtures("way")
def test_what_does_not_go_together_is_refused() -> None:
    x = np.zeros(4, np.float32)
    for y in (np.zeros(5, np.float32), np.zeros(4), np.zeros((2, 2), np.float32)):
        with pytest.raises(ValueError, match="axpby of"):
            axpby(1, x, 1, y)
    with pytest.raises(ValueError, match="axpby of int64"):
        axpby(1, np.zeros(4, np.int64), 1, np.zeros(4, np.int64))


def test_a_vector_with_gaps_is_refused() -> None:
    if blas._axpby(ctypes.c_float) is None:
        pytest.skip("NumPy takes vectors with gaps")
    with pytest.raises((TypeError, BufferError)):
        axpby(1, np.zeros(8, np.float32)[::2], 1, np.zeros(4, np.float32))
