"""Values on one line, as overrides and names are written."""

from typing import Any

import pytest

from nnbasic.configs import Config, flow
from nnbasic.configs.text import Document


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"name": "leaky_relu", "slope": 0.2}, "{name: leaky_relu, slope: 0.2}"),
        ([784, 10], "[784, 10]"),
        ([{"name": "relu", "grad_at_zero": 0}, "tanh"], "[{name: relu, grad_at_zero: 0}, tanh]"),
        ({"b": 1, "a": [1, {"c": None}]}, "{b: 1, a: [1, {c: null}]}"),
        (None, "null"),
        (True, "true"),
        ("relu", "relu"),
        ("é", "é"),
        ("null", "'null'"),
        ("1e-3", "'1e-3'"),
        ("x " * 200, f"'{'x ' * 200}'"),
        ("", "''"),
    ],
)
def test_on_one_line(value: Any, text: str) -> None:
    assert flow(value) == text
    assert Document(text, "here").value == value


@pytest.mark.parametrize(
    "value", [0.1, 1e-5, 1e38, -0.0, 10**20, float("inf"), "a\nb", "#", "a: b"]
)
def test_is_read_as_what_it_is(value: Any) -> None:
    assert Document(f"[{flow(value)}]", "here").value == [value]


@pytest.mark.parametrize("recipe", [{}, {"shift": 1.0}, {"elastic": 30.0, "smoothness": 6.0}])
def test_of_distortions_that_are_off_nothing_is_written(recipe: dict[str, float]) -> None:
    config = Config(augmentation=recipe | {"rotation": 0.0})
    assert config.model_dump()["augmentation"] == (recipe or None)
    assert Config.model_validate(config.model_dump()) == config
