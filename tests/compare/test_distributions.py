"""Student's t, digamma and trigamma against SciPy's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from nnbasic.compare.distributions import (
    digamma,
    f_tail,
    t_quantile,
    t_tail,
    trigamma,
    trigamma_inverse,
)

FREEDOM = st.floats(0.4, 3000)
POSITIVE = st.floats(1e-4, 1e4)


@given(st.floats(-50, 50), FREEDOM)
def test_t_tail(t: float, freedom: float) -> None:
    assert t_tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-10)


@given(st.floats(1e-3, 1e3), st.floats(0.5, 50), st.floats(0.5, 50))
def test_f_tail(ratio: float, above: float, below: float) -> None:
    expected = stats.f.sf(ratio, above, below)
    assert f_tail(ratio, above, below) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("level", [0.05, 0.5, 0.9, 0.95, 0.99, 1 - 0.05 / 66, 1 - 1e-6])
@pytest.mark.parametrize("freedom", [0.9, 1, 1.5, 2, 3.3, 5, 30, 99.9, 1000])
def test_t_quantile(level: float, freedom: float) -> None:
    expected = stats.t.ppf((1 + level) / 2, freedom)
    assert t_quantile(level, freedom) == pytest.approx(expected, rel=1e-9)


@given(POSITIVE)
def test_digamma(x: float) -> None:
    assert digamma(x) == pytest.approx(special.digamma(x), rel=1e-12, abs=1e-13)


@given(POSITIVE)
def test_trigamma_and_its_inverse(x: float) -> None:
    value = float(special.polygamma(1, x))
    assert trigamma(x) == pytest.approx(value, rel=1e-13)
    assert trigamma_inverse(value) == pytest.approx(x, rel=1e-11)
