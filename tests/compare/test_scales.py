"""How far axes reach, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnbasic.compare.pooling import Band, Pooled
from nnbasic.compare.scales import about, around, bulk, common_limits


def test_room_about_accuracies_is_room_about_their_odds() -> None:
    low, high = around(0.5, 0.9)  # odds of 1 and 9, whose logarithms are 0 and 2.197
    assert np.log(low / (1 - low)) == pytest.approx(-0.06 * 2.197 - 0.03, abs=1e-3)
    assert np.log(high / (1 - high)) == pytest.approx(2.197 * 1.06 + 0.03, abs=1e-3)


def test_accuracies_of_0_and_1_have_limits() -> None:
    low, high = around(0, 1)
    assert 0 < low < 1e-4
    assert 1 - 1e-4 < high < 1


def test_room_about_losses_is_a_factor() -> None:
    assert about(0.16, 10) == pytest.approx((0.1, 16))
    low, high = about(0, 0)  # a loss may be 0, a logarithmic axis may not
    assert 0 < low < high


def test_limits_are_those_of_all_means() -> None:
    one = Band(np.array([1, 2]), np.array([0.5, 0.7]), np.array([0.1, 0.2]), np.array([0.8, 0.9]))
    other = Band(np.array([1]), np.array([0.9]), None, None)
    assert common_limits("val_accuracy", [one, other]) == around(0.5, 0.9)
    assert common_limits("train_loss", [one, other]) == about(0.5, 0.9)


def test_the_bulk_leaves_out_half_a_percent_at_either_end() -> None:
    assert bulk([Pooled(-1, 0.5, np.array([4, 990, 6]))]) == (-0.5, 0.5)
    assert bulk([Pooled(-1, 0.5, np.array([6, 990, 4]))]) == (-1, 0)
    assert bulk([Pooled(0, 1, np.array([1])), Pooled(3, 2, np.array([1, 1]))]) == (0, 7)
    assert bulk([]) == (0, 1)
