"""Training: the stream of results, learning, the same bits again, going on after a stop."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest

from nnbasic.data import Batches
from nnbasic.model import (
    ACTIVATIONS,
    MLP,
    OPTIMIZERS,
    SCHEDULES,
    EpochResult,
    StepResult,
    evaluate,
    fit,
    steps,
    stream,
)
from support import examples

SIZES = [6, 8, 7, 3]
EPOCHS = 4


def batches(dtype: Any = np.float32, seed: int = 0) -> Batches:
    """50 examples: three batches of 16 and one of 2, shuffled in each epoch."""
    order = stream(seed, "batch_order")
    return Batches(*examples(50, seed=1), batch_size=16, dtype=dtype, order=order)


def validation(dtype: Any = np.float32) -> Batches:
    return Batches(*examples(30, seed=2), batch_size=16, dtype=dtype)


def untimed(results: list[Any]) -> list[Any]:
    """The results without the seconds, which are never the same."""
    return [
        replace(result, epoch_seconds=0.0) if isinstance(result, EpochResult) else result
        for result in results
    ]


def test_the_stream_tells_every_step_and_every_epoch() -> None:
    network = MLP(SIZES)
    results = list(steps(network, batches(), epochs=2, validation=validation()))
    kinds = [(type(result), result.epoch, result.step) for result in results]
    assert kinds == [
        *((StepResult, 1, step) for step in (1, 2, 3, 4)),
        (EpochResult, 1, 4),
        *((StepResult, 2, step) for step in (5, 6, 7, 8)),
        (EpochResult, 2, 8),
    ]
    for result in results:
        if isinstance(result, EpochResult):
            assert result.epoch_seconds > 0


def test_an_epoch_is_the_mean_over_its_examples() -> None:
    results = list(steps(MLP(SIZES), batches(), epochs=1))
    sizes = [16, 16, 16, 2]
    *each, epoch = results
    assert isinstance(epoch, EpochResult)
    loss = sum(n * step.loss for n, step in zip(sizes, each, strict=True)) / 50  # type: ignore[union-attr]
    right = sum(n * step.accuracy for n, step in zip(sizes, each, strict=True))  # type: ignore[union-attr]
    assert epoch.train_loss == pytest.approx(loss, rel=1e-12)
    assert epoch.train_accuracy == pytest.approx(right / 50, rel=1e-12)
    assert right == round(right)
    assert epoch.learning_rate == each[-1].learning_rate


def test_a_step_is_one_update_with_the_gradient_of_its_batch() -> None:
    network, copy = (MLP(SIZES, seed=3, dtype=np.float64) for _ in range(2))
    told = steps(network, batches(np.float64), optimizer={"name": "sgd", "lr": 0.5}, epochs=1)
    for x, labels, _ in batches(np.float64).epoch(1):
        result = next(told)
        loss, gradients = copy.loss_and_gradients(x, labels)
        for name, gradient in gradients.items():
            copy.parameters[name] -= 0.5 * gradient
        assert isinstance(result, StepResult)
        assert result.loss == loss  # of the parameters before the update
        np.testing.assert_allclose(network.vector, copy.vector, rtol=1e-13, atol=1e-16)


def test_the_schedule_scales_the_rate_over_all_steps() -> None:
    told = steps(
        MLP(SIZES),
        batches(),
        optimizer={"name": "sgd", "lr": 0.2},
        schedule={"name": "linear", "warmup": 0.25},
        epochs=2,
    )
    rates = [result.learning_rate for result in told if isinstance(result, StepResult)]
    assert rates == pytest.approx([0.2 / 3, 0.4 / 3, *(0.2 * (6 - i) / 6 for i in range(6))])


def test_validation_is_scored_after_the_epoch_and_trains_nothing() -> None:
    network, other = MLP(SIZES), MLP(SIZES)
    for scored, plain in zip(
        fit(network, batches(), epochs=EPOCHS, validation=validation()),
        fit(other, batches(), epochs=EPOCHS),
        strict=True,
    ):
        assert (scored.val_loss, scored.val_accuracy) == evaluate(network, validation())
        assert plain.val_loss is None
        assert plain.val_accuracy is None
        assert (scored.train_loss, scored.train_accuracy) == (
            plain.train_loss,
            plain.train_accuracy,
        )
    np.testing.assert_array_equal(network.vector, other.vector)


def test_fit_tells_the_epochs_of_steps() -> None:
    told = [r for r in steps(MLP(SIZES), batches(), epochs=3) if isinstance(r, EpochResult)]
    assert untimed(list(fit(MLP(SIZES), batches(), epochs=3))) == untimed(told)


def test_evaluate_by_hand() -> None:
    """Zero weights: every class has 1/3, and of equal logits the first class is taken."""
    score = evaluate(MLP(SIZES, init="zeros"), validation())
    _, labels = examples(30, seed=2)
    assert score.loss == pytest.approx(math.log(3), rel=1e-6)
    assert score.accuracy == np.mean(labels == 0)


def test_evaluate_does_not_depend_on_the_batch_size() -> None:
    network = MLP(SIZES, dtype=np.float64)
    scores = [
        evaluate(network, Batches(*examples(30, 2), batch_size=size, dtype=np.float64))
        for size in (1, 7, 30, 100)
    ]
    for score in scores[1:]:
        assert score.loss == pytest.approx(scores[0].loss, rel=1e-12)
        assert score.accuracy == scores[0].accuracy


RATES = {"sgd": 0.1, "adagrad": 0.1, "rmsprop": 0.01, "adam": 0.01, "adamw": 0.01}


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS])
def test_every_optimizer_learns(optimizer: str) -> None:
    spec = {"name": optimizer, "lr": RATES[optimizer]}
    *_, last = fit(MLP(SIZES), batches(), optimizer=spec, epochs=30, validation=validation())
    assert last.train_loss < 0.2
    assert last.val_accuracy is not None
    assert last.val_accuracy > 0.9


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", {"name": "mse", "output": "sigmoid"}])
@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "step"])
def test_every_activation_learns_with_every_loss(activation: str, loss: Any) -> None:
    network = MLP(SIZES, activation, "xavier", loss=loss)
    *_, last = fit(network, batches(), optimizer={"name": "adam", "lr": 0.02}, epochs=30)
    assert last.train_accuracy > 0.9


def test_step_trains_the_output_layer_and_leaves_the_hidden_ones() -> None:
    network = MLP([6, 40, 3], "step", seed=2)
    before = {name: array.copy() for name, array in network.parameters.items()}
    *_, last = fit(network, batches(), optimizer={"name": "sgd", "momentum": 0.9}, epochs=30)
    for name in ("layer1.weight", "layer1.bias"):
        np.testing.assert_array_equal(network.parameters[name], before[name])
    for name in ("layer2.weight", "layer2.bias"):
        assert not np.array_equal(network.parameters[name], before[name])
    assert last.train_accuracy > 0.85


def test_zeros_keep_the_units_of_a_layer_alike() -> None:
    network = MLP([6, 5, 3], "sigmoid", "zeros")
    list(fit(network, batches(), epochs=3))
    weight = network.parameters["layer1.weight"]
    assert weight.any()
    assert (weight == weight[:, :1]).all()


def test_weight_decay_pulls_weights_alone() -> None:
    def trained(decay: float) -> MLP:
        network = MLP(SIZES, init={"name": "he", "bias": 1.0})
        list(fit(network, batches(), optimizer={"name": "sgd", "weight_decay": decay}, epochs=20))
        return network

    free, decayed = trained(0.0), trained(0.3)
    for name in free.parameters:
        shrunk = np.linalg.norm(decayed.parameters[name]) / np.linalg.norm(free.parameters[name])
        assert (shrunk < 0.5) == name.endswith("weight"), (name, shrunk)


EXACT: list[tuple[Any, Any]] = [
    *((name, "constant") for name in OPTIMIZERS),
    ({"name": "sgd", "momentum": 0.9}, "cosine"),
    ({"name": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3}, "linear"),
    ({"name": "adam", "clip_norm": 0.1}, {"name": "one_cycle", "warmup": 0.1}),
    ("adamw", {"name": "exponential", "warmup": 0.4}),
    ("rmsprop", "step"),
]


STOPS = [
    *((*choices, 2) for choices in EXACT),
    *((*EXACT[0], done) for done in range(EPOCHS + 1) if done != 2),
]


@pytest.mark.parametrize(("optimizer", "schedule", "done"), STOPS, ids=str)
def test_going_on_after_a_stop_gives_the_same_bits(
    optimizer: Any, schedule: Any, done: int
) -> None:
    choices = {"optimizer": optimizer, "schedule": schedule, "epochs": EPOCHS}
    whole = MLP(SIZES, ["prelu", "maxout"], seed=5)
    expected = untimed(list(steps(whole, batches(), validation=validation(), **choices)))

    stopped = MLP(SIZES, ["prelu", "maxout"], seed=5)
    state = OPTIMIZERS.build(optimizer).init(stopped.vector)
    told = steps(stopped, batches(), validation=validation(), state=state, **choices)
    kept = list(islice(told, done * 5))  # four steps and an epoch each

    resumed = MLP(SIZES, ["prelu", "maxout"], seed=99)
    resumed.vector[:] = stopped.vector
    saved = {name: array.copy() for name, array in state.items()}
    rest = steps(resumed, batches(), validation=validation(), state=saved, done=done, **choices)
    assert untimed([*kept, *rest]) == expected
    np.testing.assert_array_equal(resumed.vector, whole.vector)


@pytest.mark.parametrize("activation", [*ACTIVATIONS])
def test_a_paired_run_sees_the_same_batches(activation: str) -> None:
    """The order of the examples depends on the seed and the epoch, not on the network."""
    seen: list[Any] = []

    class Watched(Batches):
        def epoch(self, *arguments: Any) -> Any:
            for batch in super().epoch(*arguments):
                seen.append(batch.labels.tolist())
                yield batch

    order = stream(0, "batch_order")
    watched = Watched(*examples(50, seed=1), batch_size=16, order=order)
    list(fit(MLP(SIZES, activation, "xavier"), watched, epochs=2))
    assert seen == [labels.tolist() for epoch in (1, 2) for _, labels, _ in batches().epoch(epoch)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "sdg"}, "did you mean 'sgd'"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
    ],
    ids=str,
)
def test_unknown_components_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        next(steps(MLP(SIZES), batches(), epochs=1, **arguments))


# The factors of the steps 1, 7 and 12 of 12, worked out by hand.
FACTORS = {
    "constant": [1, 1, 1],
    "step": [1, 0.1, 0.01],
    "exponential": [1, 0.1, 0.0146779927],
    "cosine": [1, 0.5, 0.0170370869],
    "linear": [1, 0.5, 1 / 12],
    "one_cycle": [0.04, 5 / 7, 5 / 42],
}


@pytest.mark.parametrize("schedule", [*SCHEDULES])
def test_every_schedule_scales_each_update_from_the_first_step_to_the_last(schedule: str) -> None:
    network, copy = (MLP(SIZES, seed=3, dtype=np.float64) for _ in range(2))
    optimizer = {"name": "sgd", "lr": 0.2}
    told = steps(network, batches(np.float64), optimizer=optimizer, schedule=schedule, epochs=3)
    rates = []
    for epoch in (1, 2, 3):
        for x, labels, _ in batches(np.float64).epoch(epoch):
            rates.append(next(told).learning_rate)
            _, gradients = copy.loss_and_gradients(x, labels)
            for name, gradient in gradients.items():
                copy.parameters[name] -= rates[-1] * gradient
            np.testing.assert_allclose(network.vector, copy.vector, rtol=1e-12, atol=1e-15)
        assert next(told).learning_rate == rates[-1]
    assert [rates[step] / 0.2 for step in (0, 6, 11)] == pytest.approx(FACTORS[schedule])
