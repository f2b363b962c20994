"""Losses: values and gradients by hand, stability, and what holds for any logits."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nnbasic.model import LOSSES
from nnbasic.model.losses import correct, softmax

SPECS: list[dict[str, Any]] = [*({"name": n} for n in LOSSES), {"name": "mse", "output": "sigmoid"}]
# Softmax gives the probabilities 1/7, 2/7, 4/7 and 2/3, 1/3, 0 + ε.
LOGITS = np.log([[1.0, 2.0, 4.0], [2.0, 1.0, 1e-300]])
LABELS = np.array([1, 0], np.intp)


def applied(spec: Any, logits: np.ndarray, labels: Any) -> tuple[float, np.ndarray]:
    return LOSSES.build(spec)(logits, np.asarray(labels, np.intp))


def test_cross_entropy_by_hand() -> None:
    loss, gradient = applied("cross_entropy", LOGITS, LABELS)
    assert loss == pytest.approx((math.log(7 / 2) + math.log(3 / 2)) / 2, rel=1e-14)
    expected = [[1 / 14, -5 / 14, 4 / 14], [-1 / 6, 1 / 6, 0]]
    np.testing.assert_allclose(gradient, expected, rtol=1e-14, atol=1e-16)


def test_label_smoothing_is_the_cross_entropy_with_smoothed_labels() -> None:
    log_p = np.log([[1 / 7, 2 / 7, 4 / 7], [2 / 3, 1 / 3, 1e-300 / 3]])
    target = np.array([[0.1, 0.8, 0.1], [0.8, 0.1, 0.1]])
    spec = {"name": "cross_entropy", "label_smoothing": 0.3}
    loss, gradient = applied(spec, LOGITS, LABELS)
    assert loss == pytest.approx(-(target * log_p).sum() / 2, rel=1e-12)
    np.testing.assert_allclose(gradient, (np.exp(log_p) - target) / 2, rtol=1e-12)
    smoothed, plain = (LOSSES.build(one).forward(LOGITS, LABELS) for one in (spec, spec["name"]))
    np.testing.assert_array_equal(smoothed, plain)  # what is scored


def test_mse_of_softmax_by_hand() -> None:
    loss, gradient = applied("mse", LOGITS, LABELS)
    assert loss == pytest.approx(((1 + 25 + 16) / 49 / 2 + (1 + 1) / 9 / 2) / 2, rel=1e-14)
    # p_j (e_j - Σ e_k p_k) / 2 with e = (1, -5, 4)/7, Σ e p = 7/49; e = (-1, 1, 0)/3, Σ e p = -1/9
    first = [1 / 7 * (1 / 7 - 1 / 7), 2 / 7 * (-5 / 7 - 1 / 7), 4 / 7 * (4 / 7 - 1 / 7)]
    second = [2 / 3 * (-1 / 3 + 1 / 9), 1 / 3 * (1 / 3 + 1 / 9), 0]
    np.testing.assert_allclose(gradient, np.array([first, second]) / 2, rtol=1e-14, atol=1e-16)


def test_mse_of_sigmoid_by_hand() -> None:
    # sigmoid(ln 3) = 3/4, sigmoid(0) = 1/2, sigmoid(-ln 3) = 1/4
    logits = np.array([[math.log(3), 0.0, -math.log(3)]])
    loss, gradient = applied({"name": "mse", "output": "sigmoid"}, logits, [0])
    assert loss == pytest.approx((1 / 16 + 1 / 4 + 1 / 16) / 2, rel=1e-14)
    expected = [[-1 / 4 * 3 / 16, 1 / 2 * 1 / 4, 1 / 4 * 3 / 16]]
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_of_ten_thousand_are_no_trouble(spec: dict[str, Any], dtype: Any) -> None:
    logits = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4], [88, -88, 104]], dtype)
    with np.errstate(all="raise", under="ignore"):
        loss, gradient = applied(spec, logits, [1, 1, 0])
        p = LOSSES.build(spec).probabilities(logits)
    assert gradient.dtype == p.dtype == dtype
    assert np.isfinite(gradient).all()
    assert ((p >= 0) & (p <= 1)).all()
    if spec["name"] == "cross_entropy":
        assert loss == pytest.approx((20000 + math.log(2) + 16) / 3, rel=1e-6)
        np.testing.assert_allclose(gradient[:2] * 3, [[1, -1, 0], [0, -0.5, 0.5]], atol=1e-6)
    else:
        assert 0 <= loss <= 1.5


@pytest.mark.parametrize("spec", SPECS, ids=str)
@settings(deadline=None, max_examples=50)
@given(
    logits=hnp.arrays(
        np.float64, st.tuples(st.integers(1, 6), st.integers(2, 5)), elements=st.floats(-30, 30)
    ),
    data=st.data(),
)
def test_what_holds_for_any_logits(
    spec: dict[str, Any], logits: np.ndarray, data: st.DataObject
) -> None:
    n, classes = logits.shape
    labels = data.draw(hnp.arrays(np.intp, n, elements=st.integers(0, classes - 1)))
    before = logits.copy()
    loss, gradient = applied(spec, logits, labels)
    np.testing.assert_array_equal(logits, before)
    assert loss >= 0
    assert (gradient[np.arange(n), labels] <= 0).all()  # the right class is pulled up
    if spec.get("output") != "sigmoid":
        # softmax does not change when a number is added to all logits, and so the sum is 0
        np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-15)
        shifted = applied(spec, logits + 5, labels)
        assert shifted[0] == pytest.approx(loss, rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(softmax(logits).sum(axis=1), 1, rtol=1e-14)
    # the mean over the batch: twice the same examples cost and pull the same
    twice, double = applied(spec, np.tile(logits, (2, 1)), np.tile(labels, 2))
    assert twice == pytest.approx(loss, rel=1e-12, abs=1e-15)
    np.testing.assert_allclose(double[:n] * 2, gradient, rtol=1e-12, atol=1e-18)
    # and the losses of the examples are those of batches of one
    each = LOSSES.build(spec).forward(logits, labels)
    singles = [applied(spec, logits[i : i + 1], labels[i : i + 1])[0] for i in range(n)]
    np.testing.assert_allclose(each, singles, rtol=1e-12, atol=1e-15)
    assert each.mean() == pytest.approx(loss, rel=1e-12, abs=1e-15)


def test_what_is_classified_right() -> None:
    """Of equal logits the first class is taken."""
    logits = np.array([[0.0, 2, 1], [0, 2, 1], [3, 3, 0], [3, 3, 0]])
    assert correct(logits, np.array([1, 2, 0, 1])).tolist() == [True, False, True, False]
