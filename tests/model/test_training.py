"""Training: the stream of results, learning, divergence, scores."""

import contextlib
import math
from typing import Any

import numpy as np
import pytest

from nnbasic.data import Batches
from nnbasic.model import (
    ACTIVATIONS,
    METRICS,
    MLP,
    OPTIMIZERS,
    SCHEDULES,
    DivergedError,
    Epoch,
    Step,
    Trainer,
    evaluate,
    fit,
    stream,
)
from support import examples

SIZES = [6, 8, 7, 3]


def batches(dtype: Any = np.float32) -> Batches:
    """50 examples: three batches of 16 and one of 2, shuffled in each epoch."""
    order = stream(0, "batch_order")
    return Batches(*examples(50, seed=1), batch_size=16, dtype=dtype, order=order)


def validation(dtype: Any = np.float32) -> Batches:
    return Batches(*examples(30, seed=2), batch_size=16, dtype=dtype)


def trainer(network: MLP, optimizer: Any = "sgd", schedule: Any = "constant", **more: Any) -> Any:
    more = {"train": batches(network.dtype), "epochs": 1} | more
    return Trainer(
        network,
        optimizer=OPTIMIZERS.build(optimizer),
        schedule=SCHEDULES.build(schedule),
        **more,
    )


def test_the_stream_has_every_step_and_every_epoch() -> None:
    results = list(trainer(MLP(SIZES), epochs=2, validation=validation()).results())
    kinds = [(type(result), result.epoch, result.step) for result in results]
    assert kinds == [
        *((Step, 1, step) for step in (1, 2, 3, 4)),
        (Epoch, 1, 4),
        *((Step, 2, step) for step in (5, 6, 7, 8)),
        (Epoch, 2, 8),
    ]
    assert results[4].seconds > 0


def test_an_epoch_is_the_mean_over_its_examples() -> None:
    *each, epoch = trainer(MLP(SIZES)).results()
    sizes = [16, 16, 16, 2]
    loss = sum(n * step.loss for n, step in zip(sizes, each, strict=True)) / 50
    right = sum(n * step.accuracy for n, step in zip(sizes, each, strict=True))
    assert epoch.metrics == pytest.approx(
        {"train_loss": loss, "train_accuracy": right / 50}, rel=1e-12
    )
    assert right == pytest.approx(round(right), abs=1e-9)
    assert epoch.learning_rate == each[-1].learning_rate


def test_each_update_is_the_gradient_times_the_rate_of_the_schedule() -> None:
    """Which falls from 1 at the first step to 0 at the last of 12."""
    network, copy = (MLP(SIZES, seed=3, dtype=np.float64) for _ in range(2))
    training = trainer(network, {"name": "sgd", "lr": 0.2}, "linear", epochs=3)
    results = training.results()
    rates = []
    for epoch in (1, 2, 3):
        for x, labels in batches(np.float64).epoch(epoch):
            step = next(results)
            loss, gradients = copy.loss_and_gradients(x, labels)
            assert step.loss == pytest.approx(loss, rel=1e-9)  # before the update
            rates.append(step.learning_rate)
            for name, gradient in gradients.items():
                copy.parameters[name] -= rates[-1] * gradient
            np.testing.assert_allclose(network.vector, copy.vector, rtol=1e-12, atol=1e-15)
        assert next(results).learning_rate == rates[-1]
    assert rates == pytest.approx(np.linspace(0.2, 0, 12), abs=1e-15)


def test_validation_is_scored_after_the_epoch_and_trains_nothing() -> None:
    network, other = MLP(SIZES), MLP(SIZES)
    for scored, plain in zip(
        fit(network, batches(), epochs=3, validation=validation()),
        fit(other, batches(), epochs=3),
        strict=True,
    ):
        score = evaluate(network, validation())
        assert scored.metrics == plain.metrics | {f"val_{k}": v for k, v in score.items()}
    np.testing.assert_array_equal(network.vector, other.vector)


def test_the_average_is_scored_and_left_in_the_network() -> None:
    network, other = MLP(SIZES), MLP(SIZES)
    averaged = {"name": "sgd", "lr": 0.1, "averaging": 0.9}
    results = fit(network, batches(), epochs=2, optimizer=averaged, validation=validation())
    plain = fit(other, batches(), epochs=2, validation=validation())
    (_, last), (_, theirs) = results, plain
    assert last.metrics["train_loss"] == theirs.metrics["train_loss"]
    assert last.metrics["val_loss"] == evaluate(network, validation())["loss"]
    assert last.metrics["val_loss"] != theirs.metrics["val_loss"]


def test_a_new_metric_is_scored_beside_the_accuracy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zero weights: every class has the same logit, and the metric is the share of label 2."""
    monkeypatch.setitem(METRICS, "twos", lambda logits, labels: labels == 2)
    results = fit(MLP(SIZES, init="zeros"), batches(), epochs=1, validation=validation())
    (epoch,) = results
    assert list(epoch.metrics)[2:] == ["val_loss", "val_accuracy", "val_twos"]
    assert epoch.metrics["val_twos"] == np.mean(examples(30, seed=2)[1] == 2)


def test_evaluate_by_hand() -> None:
    """Zero weights: every class has 1/3, and of equal logits the first class is taken."""
    score = evaluate(MLP(SIZES, init="zeros"), validation())
    assert score["loss"] == pytest.approx(math.log(3), rel=1e-6)
    assert score["accuracy"] == np.mean(examples(30, seed=2)[1] == 0)


RATES = {"sgd": 0.1, "adagrad": 0.1, "rmsprop": 0.01, "adam": 0.01, "adamw": 0.01}


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS])
def test_every_optimizer_learns(optimizer: str) -> None:
    spec = {"name": optimizer, "lr": RATES[optimizer]}
    *_, last = fit(MLP(SIZES), batches(), optimizer=spec, epochs=30, validation=validation())
    assert last.metrics["train_loss"] < 0.2
    assert last.metrics["val_accuracy"] > 0.9


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", {"name": "mse", "output": "sigmoid"}])
@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "step"])
def test_every_activation_learns_with_every_loss(activation: str, loss: Any) -> None:
    network = MLP(SIZES, activation, "xavier", loss=loss)
    *_, last = fit(network, batches(), optimizer={"name": "adam", "lr": 0.02}, epochs=30)
    assert last.metrics["train_accuracy"] > 0.9


@pytest.mark.parametrize(
    ("x", "labels", "message"),
    [
        (np.zeros((4, 5)), [0, 1, 2, 0], r"\(4, 5\).*\(n, 6\)"),
        (np.zeros((4, 6), np.float32), [0, 1, 2, 0], "float32.*float64"),
        (np.zeros((4, 6)), [0, 1, 3, 0], "labels go from 0 to 3; the network has classes 0 to 2"),
    ],
)
@pytest.mark.parametrize("part", ["train", "validation"])
def test_batches_that_do_not_fit_are_refused_before_the_training(
    part: str, x: np.ndarray, labels: list[int], message: str
) -> None:
    wrong = Batches(x, np.array(labels), batch_size=4, dtype=x.dtype)
    with pytest.raises(ValueError, match=message):
        trainer(MLP(SIZES, dtype=np.float64), **{part: wrong})


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_divergence_names_its_place_and_updates_nothing(loss: str) -> None:
    network = MLP(SIZES, loss=loss)
    training = trainer(network, {"name": "sgd", "momentum": 0.9}, epochs=3)
    results = training.results()
    for _ in range(6):  # four steps, an epoch, a step
        next(results)
    network.parameters["layer2.weight"][0, 0] = np.nan
    before = network.vector.copy()
    velocity = training.state["velocity"].copy()
    with pytest.raises(DivergedError, match=r"epoch 2, step 6; first in layer2\.weight") as caught:
        next(results)
    assert (caught.value.epoch, caught.value.step) == (2, 6)
    assert caught.value.where == "layer2.weight"
    np.testing.assert_array_equal(network.vector, before)
    np.testing.assert_array_equal(training.state["velocity"], velocity)
    assert training.state["steps"] == 5


@pytest.mark.parametrize(
    ("huge", "where"),
    [
        (["layer1.weight", "layer2.weight"], "layer2 (pre-activation)"),
        (["layer1.weight", "layer1.slope"], "layer1 (activation)"),
        (["layer3.bias"], "layer3.bias"),
    ],
    ids=str,
)
def test_the_lowest_place_that_is_not_finite_is_named(huge: list[str], where: str) -> None:
    network = MLP(SIZES, "prelu")
    for name in huge:
        network.parameters[name][:] = np.inf if name == "layer3.bias" else -1e30
    with pytest.raises(DivergedError) as caught:
        list(fit(network, batches(), epochs=1))
    assert caught.value.where == where


def test_a_divergence_in_the_very_last_update_is_noticed() -> None:
    network = MLP(SIZES)
    results = trainer(network).results()
    for _ in range(4):
        next(results)
    network.parameters["layer3.bias"][0] = np.inf
    with pytest.raises(DivergedError, match=r"epoch 1, step 4; first in layer3\.bias"):
        next(results)


@pytest.mark.parametrize("clip_norm", [None, 1.0])
@pytest.mark.parametrize("optimizer", [*OPTIMIZERS])
@pytest.mark.parametrize("lr", [1e3, 1e10, 1e30])
def test_no_rate_however_absurd_makes_numpy_warn(
    optimizer: str, lr: float, clip_norm: float | None
) -> None:
    """NumPy's warnings are errors in these tests; only a divergence may be raised."""
    spec = {"name": optimizer, "lr": lr, "weight_decay": 0.1, "clip_norm": clip_norm}
    network = MLP(SIZES, ["prelu", "mish"], {"name": "normal", "std": 1e3})
    with contextlib.suppress(DivergedError):
        for result in fit(network, batches(), optimizer=spec, epochs=5, validation=batches()):
            assert math.isfinite(result.metrics["train_loss"])
            assert np.isfinite(network.vector).all()
