"""A trained network says of images what it said when it was scored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.inference import predict
from nnbasic.runs import Predictions, Run, RunError, start
from nnbasic.runs.trained import load


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_it_repeats_the_predictions_of_the_run(
    output: str, config: Callable[..., Config], dataset: Dataset, tmp_path: Path
) -> None:
    changed = config(loss={"name": "mse", "output": output}, data={"scale": "standard"})
    session = start(changed, dataset, runs=tmp_path, name="x")
    for _ in session.train():
        pass
    digits, probabilities = predict(load(session.run), dataset.test.images.reshape(-1, 28, 28))
    recorded = Predictions.read(session.run.predictions)
    np.testing.assert_array_equal(digits, recorded.predicted)
    np.testing.assert_array_equal(probabilities.astype(np.float32), recorded.probabilities)


def test_a_diverged_network_says_so(finished: Run) -> None:
    trained = load(finished)
    trained.network.vector[:] = np.nan
    with pytest.raises(RunError, match="diverged"):
        predict(trained, np.zeros((2, 784), np.uint8))
