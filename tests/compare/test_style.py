"""Which colour and dash a line has."""

from __future__ import annotations

from nnbasic.compare.style import ACTIVATIONS, SERIES, looks
from nnbasic.model import ACTIVATIONS as TABLE


def test_every_activation_has_a_look_of_its_own() -> None:
    assert ACTIVATIONS.keys() == set(TABLE)
    assert len(set(ACTIVATIONS.values())) == len(ACTIVATIONS)


def test_the_usual_activations_have_different_colours() -> None:
    usual = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu")
    assert len({ACTIVATIONS[name].colour for name in usual}) == len(usual) == len(SERIES)


def test_an_activation_looks_the_same_whatever_it_stands_with() -> None:
    for others in (["tanh"], ["elu", "sigmoid", "my_own"], ["leaky_relu slope=0.2"]):
        assert looks([*others, "relu"])["relu"] == ACTIVATIONS["relu"]


def test_one_activation_twice_keeps_its_colour() -> None:
    found = looks(["leaky_relu slope=0.01", "leaky_relu slope=0.2"])
    one, other = found.values()
    assert one.series == other.series == ACTIVATIONS["leaky_relu"].series
    assert one.dash != other.dash


def test_what_is_no_activation_takes_the_free_colours_in_order() -> None:
    assert [look.series for look in looks(["normal", "xavier", "he"]).values()] == [0, 1, 2]
    found = looks(["mine", "relu", "yours"])
    assert len({look.series for look in found.values()}) == 3
    assert list(found) == ["mine", "relu", "yours"]


def test_no_two_of_many_look_alike() -> None:
    assert len(set(looks([f"lr={n}" for n in range(30)]).values())) == 30
