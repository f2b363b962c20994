"""A trained network says of images what it said when it was scored."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.inference import predict
from nnbasic.training import Predictions, Run, RunError, start, train
from nnbasic.training.trained import load


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_it_repeats_the_predictions_of_the_run(
    output: str, config: Callable[..., Config], dataset: Dataset, tmp_path: Path
) -> None:
    changed = config(loss={"name": "mse", "output": output}, data={"scale": "standard"})
    run = start(changed, dataset, runs=tmp_path, name="x")
    for _ in train(run, dataset):
        pass
    found, probabilities = predict(load(run), dataset.test.images.reshape(-1, 28, 28))
    recorded = Predictions.load(run.predictions)
    np.testing.assert_array_equal(found, recorded.predicted)
    np.testing.assert_array_equal(probabilities.astype(np.float32), recorded.probabilities)


def test_a_diverged_network_says_so(finished: Run) -> None:
    trained = load(finished)
    trained.network.vector[:] = np.nan
    with pytest.raises(RunError, match="mine does not compute finite"):
        predict(trained, np.zeros((2, 784), np.uint8), name="mine")


def test_the_example_of_the_documents(
    workplace: Path, trained_on_digits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs = Path(__file__).parents[2] / "docs"
    (example,) = re.findall(
        r"```python\n([^`]*inference[^`]*)```", (docs / "predict.md").read_text("utf-8")
    )
    Path("docs").symlink_to(docs)
    Path("runs").symlink_to(trained_on_digits)
    exec(example, {})
    digit, probability = capsys.readouterr().out.split()
    assert 0 <= int(digit) <= 9
    assert 0.1 <= float(probability) <= 1
