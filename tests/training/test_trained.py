"""A trained network without the images that it was trained on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nnbasic.configs import Config
from nnbasic.data import Dataset, Scale
from nnbasic.model import DivergedError
from nnbasic.training import Predictions, Run, RunError, Trained, build
from nnbasic.training.trained import SCORING_BATCH, load
from support import Begin, edit, finish, stop_after


@pytest.fixture
def standard(begin: Begin, dataset: Dataset) -> Run:
    """A run whose scale depends on the training images."""
    return finish(begin(data={"validation": 100, "scale": "standard"}, epochs=2), dataset)


def test_the_scale_is_kept_with_the_run(standard: Run, dataset: Dataset) -> None:
    fitted = Scale.fit("standard", dataset.train.images)
    assert standard.record().scale == fitted
    assert load(standard).scale == fitted


@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_pixels_give_the_bits_of_the_training(
    standard: Run, dataset: Dataset, checkpoint: Any
) -> None:
    trained = load(standard, checkpoint)
    with np.load(standard.directory / f"{checkpoint}.npz") as file:
        weight = file["parameters/layer1.weight"]
    assert trained.network.parameters["layer1.weight"].tobytes() == weight.tobytes()
    assert trained.config == standard.config()
    if checkpoint == "best":
        expected = Predictions.load(standard.predictions)
        found = trained.probabilities(dataset.test.images)
        assert found.tobytes() == expected.probabilities.tobytes()
        logits = trained.logits(dataset.test.images)
        assert logits.argmax(axis=1).tolist() == expected.predicted.tolist()


def test_many_images_are_taken_in_batches(standard: Run, rng: np.random.Generator) -> None:
    trained = load(standard)
    images = rng.integers(0, 256, (SCORING_BATCH + 7, 784)).astype(np.uint8)
    scale, network = trained.scale, trained.network
    x = images.astype(np.float64) * scale.multiplier + scale.offset
    logits = trained.logits(images)
    assert logits.shape == (SCORING_BATCH + 7, 10)
    np.testing.assert_allclose(logits, network.forward(x), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(trained.probabilities(images), network.probabilities(x), rtol=1e-4)
    # each batch is one product, whatever comes before and after it
    assert logits[SCORING_BATCH:].tobytes() == trained.logits(images[SCORING_BATCH:]).tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.int64, bool])
def test_what_is_no_pixels(standard: Run, dtype: Any) -> None:
    """Images that were scaled already would be scaled twice, and nothing would show it."""
    with pytest.raises(ValueError, match="they must be uint8"):
        load(standard).probabilities(np.zeros((3, 784), dtype))


def test_the_class_of_saturated_outputs_is_the_one_that_training_counts(
    dataset: Dataset, config: Callable[..., Config]
) -> None:
    """Several sigmoids at exactly 1 are a tie; the logits behind them are none."""
    setting = config(loss={"name": "mse", "output": "sigmoid"})
    trained = Trained(build(setting), dataset.scale("unit"), setting)
    trained.network.vector *= 1000
    x, labels = next(trained.batches(dataset.test).epoch(0))
    correct = np.count_nonzero(trained.network.forward(x).argmax(axis=1) == labels)
    evaluation = trained.evaluate(dataset.test)
    assert ((evaluation.probabilities == 1).sum(axis=1) > 1).any()
    assert evaluation.accuracy == correct / len(labels)


class TestNoTrainedNetwork:
    """A run without an epoch has the weights before the first step, at most."""

    @pytest.fixture
    def begun(self, begin: Begin, dataset: Dataset) -> Run:
        run = begin()
        stop_after(0, run, dataset)
        assert run.last.exists()
        return run

    @pytest.mark.parametrize("checkpoint", ["best", "last"])
    def test_interrupted_in_the_first_epoch(self, begun: Run, checkpoint: Any) -> None:
        command = f"nnbasic train --resume {begun.directory}$"
        with pytest.raises(RunError, match=rf"the run \(interrupted\) has not .*{command}"):
            load(begun, checkpoint)

    def test_in_the_first_epoch(self, begun: Run) -> None:
        edit(begun, status="running")
        with begun.claim(), pytest.raises(RunError, match=r"\(running\) has not .* wait"):
            load(begun)
        with pytest.raises(RunError, match=r"the run \(crashed\) has not"):
            load(begun)

    @pytest.mark.parametrize("checkpoint", ["best", "last"])
    def test_diverged_in_the_first_epoch(
        self, begin: Begin, dataset: Dataset, checkpoint: Any
    ) -> None:
        run = begin(optimizer={"name": "sgd", "lr": 1e25}, schedule="constant")
        with pytest.raises(DivergedError):
            finish(run, dataset)
        with pytest.raises(RunError) as error:
            load(run, checkpoint)
        message = str(error.value)
        assert message.startswith(
            f"{run.directory}: the run diverged in its first epoch and has no"
        )
        assert "not finite at epoch 1, step 2" in message
        again = f"nnbasic train --config {run.directory / 'config.yaml'} --set optimizer.lr=1e+24"
        assert message.endswith(again)
