"""Which colour and dash a line has."""

from __future__ import annotations

from nnbasic.compare.style import ACTIVATIONS, looks
from nnbasic.model import ACTIVATIONS as TABLE


def test_an_activation_looks_the_same_whatever_it_stands_with() -> None:
    assert ACTIVATIONS.keys() == set(TABLE)
    for others in (["tanh"], ["elu", "sigmoid", "my_own"], ["leaky_relu slope=0.2"]):
        assert looks([*others, "relu"])["relu"] == ACTIVATIONS["relu"]


def test_one_activation_twice_keeps_its_colour() -> None:
    one, other = looks(["leaky_relu slope=0.01", "leaky_relu slope=0.2"]).values()
    assert one.series == other.series == ACTIVATIONS["leaky_relu"].series
    assert one.dash != other.dash


def test_no_two_look_alike() -> None:
    assert len(set(ACTIVATIONS.values())) == len(ACTIVATIONS)
    assert len({look.series for look in looks(["mine", "relu", "yours"]).values()}) == 3
    assert len(set(looks(f"lr={n}" for n in range(30)).values())) == 30
