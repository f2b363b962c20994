"""The axes of figures: which ticks they have, and where."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes

from nnbasic.compare.colours import DASHES, LAYERS, SERIES
from nnbasic.compare.layers import MOST_LAYERS
from nnbasic.compare.scales import Limits
from nnbasic.compare.theme import (
    WIDTH,
    depth,
    logarithmic,
    panels,
    stretched,
)


@pytest.fixture
def axes() -> Axes:
    _, ((axes,),) = panels(2, left=0.5, bottom=0.4)
    assert isinstance(axes, Axes)
    return axes


@pytest.mark.parametrize(
    ("limits", "labels"),
    [
        ((0.08, 0.999), ["10", "20", "50", "80", "90", "95", "98", "99", "99.5", "99.8", "99.9"]),
        ((0.94, 0.985), ["94", "95", "96", "97", "98"]),
        ((0.9812, 0.9838), ["98.2", "98.3"]),
    ],
)
def test_a_stretched_axis_has_ticks_wherever_it_lies(
    axes: Axes, limits: Limits, labels: list[str]
) -> None:
    stretched(axes, "y", limits)
    assert [axes.yaxis.get_major_formatter()(tick) for tick in axes.get_yticks()] == labels
    assert all(limits[0] <= tick <= limits[1] for tick in axes.get_yticks())


def test_the_stretched_axis_is_the_one_that_is_asked_for(axes: Axes) -> None:
    stretched(axes, "x", (0.8, 0.99))
    assert (axes.get_xscale(), axes.get_yscale()) == ("logit", "linear")
    steps = [axes.transData.transform((x, 0))[0] for x in (0.8, 0.9, 0.98, 0.99)]
    # odds of 4 and 9, of 49 and 99: distances go with the logarithms of their ratios
    assert (steps[3] - steps[2]) / (steps[1] - steps[0]) == pytest.approx(0.867, abs=1e-3)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((0.04, 2.5), [0.05, 0.1, 0.2, 0.5, 1, 2]),
        ((0.03, 12), [0.03, 0.1, 0.3, 1, 3, 10]),
        ((1e-4, 9), [1e-4, 1e-3, 0.01, 0.1, 1]),
        ((1e-10, 2), [1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1]),
    ],
)
def test_a_logarithmic_axis_has_at_most_six_ticks(
    axes: Axes, limits: Limits, expected: list[float]
) -> None:
    logarithmic(axes, limits)
    assert list(axes.get_yticks()) == pytest.approx(expected)
    assert axes.get_ylim() == limits


def test_margins_are_in_inches() -> None:
    figure, grid = panels(2, 2, 1, left=0.42, bottom=0.5)
    assert grid.shape == (2, 1)
    above, below = (axes.get_position() for axes in grid[:, 0])
    assert (above.x0, below.y0) == pytest.approx((0.1, 0.25))
    assert figure.get_size_inches().tolist() == [WIDTH, 2]


def test_layers_go_from_one_end_of_the_ramp_to_the_other() -> None:
    assert [depth(n, 8) for n in range(8)] == list(LAYERS)
    assert (depth(0, 3), depth(2, 3)) == (LAYERS[0], LAYERS[-1])
    assert depth(0, 1) == LAYERS[0]
    assert len(LAYERS) == MOST_LAYERS


def test_each_colour_has_a_dash() -> None:
    assert len(SERIES) == len(DASHES)
