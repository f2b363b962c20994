"""ONNX files compute what NumPy computes, on all of MNIST's test images."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from networks import hidden
from nnbasic import data
from nnbasic.configs import Config
from nnbasic.data import Dataset, Split
from nnbasic.inference.formats import export
from nnbasic.training import Run, start, train
from nnbasic.training.trained import SCORING_BATCH, load
from small_runs import NETWORKS


@pytest.fixture(scope="module")
def mnist(mnist_directory: Path) -> Dataset:
    """MNIST with a tenth of its training images."""
    whole = data.load("mnist", validation=5000, directory=mnist_directory)
    few = Split(whole.train.images[:6000], whole.train.labels[:6000])
    return Dataset("mnist", few, whole.validation, whole.test, whole.sha256, whole.source)


def trained_on(dataset: Dataset, folder: Path, **changes: Any) -> Run:
    small: dict[str, Any] = {"layers": [784, 64, 32, 10], "epochs": 1, "batch_size": 16}
    small |= {"optimizer": {"name": "sgd", "lr": 0.02}, "diagnostics": False}
    run = start(Config.model_validate(small | changes), dataset, runs=folder, name="x")
    for _ in train(run, dataset):
        pass
    return run


def computed(file: Path, images: np.ndarray) -> dict[str, np.ndarray]:
    """What onnxruntime makes of images, by the names of the outputs."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"images": images}), strict=True))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_digits_and_probabilities(
    name: str, networks: dict[str, Run], dataset: Dataset, tmp_path: Path
) -> None:
    """For each activation, loss, scale and precision; and the same in every hidden layer."""
    check_onnx(networks[name], dataset.train.images, tmp_path / "network.onnx")


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_on_all_of_mnist(name: str, mnist: Dataset, tmp_path: Path) -> None:
    run = trained_on(mnist, tmp_path, **NETWORKS[name])
    check_onnx(run, mnist.test.images, tmp_path / "network.onnx")


def check_onnx(run: Run, images: np.ndarray, file: Path) -> None:
    """The file that is made of the run computes what NumPy computes."""
    trained = load(run)
    layers = [f"layer{number}.activation" for number in range(1, len(trained.network.sizes) - 1)]
    activations = [
        [a for _, a in hidden(trained, images[start : start + SCORING_BATCH])]
        for start in range(0, len(images), SCORING_BATCH)
    ]
    logits = trained.logits(images)
    export(run, file)
    found = computed(file, images.reshape(-1, 28, 28))
    assert list(found) == ["probabilities", "logits", *layers]
    np.testing.assert_array_equal(found["logits"].argmax(axis=1), logits.argmax(axis=1))
    assert np.ptp(logits, axis=0).min() > 0  # it looks at the images
    assert np.abs(found["probabilities"] - trained.probabilities(images)).max() <= 1e-5
    for layer, parts in zip(layers, zip(*activations, strict=True), strict=True):
        np.testing.assert_allclose(found[layer], np.concatenate(parts), rtol=1e-4, atol=1e-4)


def test_what_the_file_asks_of_a_runtime(finished: Run, tmp_path: Path) -> None:
    export(finished, tmp_path / "network.onnx")
    model = onnx.load(tmp_path / "network.onnx")
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 13)]
    assert model.ir_version == 7
    (images,) = model.graph.input
    assert images.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert {value.data_type for value in model.graph.initializer} == {onnx.TensorProto.FLOAT}
    first = computed(tmp_path / "network.onnx", np.zeros((1, 28, 28), np.uint8))
    assert first["probabilities"].shape == (1, 10)
