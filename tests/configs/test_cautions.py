"""Choices that are allowed, and pointed out."""

import pytest

from nnbasic.configs import cautions, load, loads, presets


def test_no_preset_but_step_surprises() -> None:
    assert [name for name in presets() if cautions(load(name))] == ["step"]


@pytest.mark.parametrize(
    ("text", "caution"),
    [
        ("layers: [784, 10]", "there is no hidden layer: this net is a linear classifier"),
        ("layers: [784, 50, 12]", "2 of the 12 outputs are for no class"),
    ],
)
def test_a_shape_that_may_surprise(text: str, caution: str) -> None:
    assert cautions(loads(text)) == [caution]


def test_each_is_said_once() -> None:
    assert len(cautions(loads("activation: [step, step]\ninit: zeros"))) == 2
