"""Schedules: the factor at chosen steps, worked out by hand, and what holds for all."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnbasic.model import SCHEDULES

# The factors of the steps 0, 25, 50, 75 and 100 of 101.
LITERALS: list[tuple[dict[str, Any], list[float]]] = [
    ({"name": "constant"}, [1, 1, 1, 1, 1]),
    ({"name": "step"}, [1, 1, 0.1, 0.01, 0.01]),
    ({"name": "step", "milestones": [0.2, 0.6], "gamma": 0.5}, [1, 0.5, 0.5, 0.25, 0.25]),
    ({"name": "step", "milestones": []}, [1, 1, 1, 1, 1]),
    ({"name": "exponential"}, [1, 0.316227766017, 0.1, 0.0316227766017, 0.01]),
    ({"name": "cosine"}, [1, 0.8535533905932737, 0.5, 0.14644660940672627, 0]),
    ({"name": "cosine", "final": 0.2}, [1, 0.8828427124746, 0.6, 0.3171572875254, 0.2]),
    ({"name": "linear"}, [1, 0.75, 0.5, 0.25, 0]),
    ({"name": "linear", "final": 0.5}, [1, 0.875, 0.75, 0.625, 0.5]),
    ({"name": "one_cycle", "peak_at": 0.5}, [0.04, 0.52, 1, 0.5, 0]),
    ({"name": "one_cycle", "peak_at": 0.25, "initial": 0.2, "final": 0.1}, [0.2, 1, 0.7, 0.4, 0.1]),
]


@pytest.mark.parametrize(("spec", "factors"), LITERALS, ids=str)
def test_factors(spec: dict[str, Any], factors: list[float]) -> None:
    schedule = SCHEDULES.build(spec)
    assert [schedule(step, 101) for step in (0, 25, 50, 75, 100)] == pytest.approx(
        factors, rel=1e-9, abs=1e-15
    )


def test_every_schedule_has_literals() -> None:
    assert {spec["name"] for spec, _ in LITERALS} == set(SCHEDULES)


@pytest.mark.parametrize("name", [*SCHEDULES])
def test_warmup_rises_in_a_line_and_then_the_shape_has_the_rest(name: str) -> None:
    warm = SCHEDULES.build({"name": name, "warmup": 0.2})
    assert [warm(step, 20) for step in range(4)] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    plain = SCHEDULES.build(name)
    assert [warm(step, 20) for step in range(4, 20)] == pytest.approx(
        [plain(step, 16) for step in range(16)]
    )


@pytest.mark.parametrize("name", [*SCHEDULES])
@settings(deadline=None, max_examples=60)
@given(steps=st.integers(1, 500), warmup=st.floats(0, 0.999))
def test_every_factor_is_between_nothing_and_all(name: str, steps: int, warmup: float) -> None:
    schedule = SCHEDULES.build({"name": name, "warmup": warmup})
    factors = [schedule(step, steps) for step in range(steps)]
    assert all(math.isfinite(factor) and 0 <= factor <= 1 + 1e-12 for factor in factors)
    if name != "one_cycle":
        top = factors.index(max(factors))
        assert factors == sorted(factors[:top]) + sorted(factors[top:], reverse=True)
