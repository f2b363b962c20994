"""Files of trained networks: what is in them, and what keeps one from being written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from safetensors import safe_open

from nnbasic.configs import Config, loads
from nnbasic.data import Dataset
from nnbasic.inference.formats import FORMATS, export
from nnbasic.model import ACTIVATIONS, LOSSES
from nnbasic.model.activations import Identity
from nnbasic.model.losses import CrossEntropy
from nnbasic.training import Run, RunError, start, train
from nnbasic.training.trained import load

Make = Callable[..., Config]


def metadata(file: Path) -> dict[str, Any]:
    """What a file says of its network, read as the readers of its format do."""
    if file.suffix == ".onnx":
        texts = {each.key: each.value for each in onnx.load(file).metadata_props}
    elif file.suffix == ".safetensors":
        with safe_open(file, framework="numpy") as opened:
            texts = opened.metadata()
    elif file.suffix == ".npz":
        with np.load(file) as arrays:
            return dict(json.loads(str(arrays["metadata"])))
    else:
        return dict(json.loads(file.read_text())["metadata"])
    plain = ("run", "name", "data", "data_sha256", "nnbasic")
    return {key: text if key in plain else json.loads(text) for key, text in texts.items()}


@pytest.mark.parametrize("ending", FORMATS)
def test_metadata_say_what_it_is(ending: str, finished: Run, tmp_path: Path) -> None:
    file = tmp_path / f"network{ending}"
    export(finished, file)
    said, record = metadata(file), finished.record()
    assert (said["run"], said["name"]) == (finished.id, "small")
    assert (said["data"], said["data_sha256"]) == ("digits", "ab" * 32)
    assert said["test_accuracy"] == record.test_accuracy
    assert said["scale"] == {"multiplier": 1 / 255, "offset": 0}
    assert said["classes"] == [str(each) for each in range(10)]
    assert loads(json.dumps(said["config"])) == finished.config()  # it can be trained again


def parameters(file: Path) -> dict[str, np.ndarray]:
    if file.suffix == ".json":
        found = json.loads(file.read_text())["parameters"]
        return {name: np.array(values, np.float32) for name, values in found.items()}
    if file.suffix == ".npz":
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays if name != "metadata"}
    with safe_open(file, framework="numpy") as opened:
        return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no dict


@pytest.mark.parametrize("ending", [".safetensors", ".npz", ".json"])
def test_parameters_are_there_bit_for_bit(
    ending: str, config: Make, dataset: Dataset, tmp_path: Path
) -> None:
    run = start(config(activation="prelu"), dataset, runs=tmp_path, name="x")
    for _ in train(run, dataset):
        pass
    file = tmp_path / f"network{ending}"
    export(run, file)
    found, expected = parameters(file), load(run).network.parameters
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_the_arrays_alone_are_the_whole_network(
    config: Make, dataset: Dataset, tmp_path: Path
) -> None:
    """Normalisation is in the weights, and noise acts in training alone."""
    noisy = config(
        batch_norm=True,
        dropout=0.2,
        input_dropout=0.1,
        input_noise=0.1,
        optimizer={"name": "sgd", "lr": 0.1, "averaging": 0.9},
    )
    run = start(noisy, dataset, runs=tmp_path, name="x")
    for _ in train(run, dataset):
        pass
    export(run, tmp_path / "network.npz")
    found = parameters(tmp_path / "network.npz")
    assert set(found) == {f"layer{n}.{name}" for n in (1, 2) for name in ("weight", "bias")}
    x = dataset.test.images / 255
    hidden = np.maximum(x @ found["layer1.weight"] + found["layer1.bias"], 0)
    powers = np.exp(hidden @ found["layer2.weight"] + found["layer2.bias"])
    trained = load(run)
    assert any(np.ptp(trained.network.parameters[f"layer1.{name}"]) for name in ("mean", "beta"))
    expected = trained.probabilities(dataset.test.images)
    np.testing.assert_allclose(powers / powers.sum(axis=1, keepdims=True), expected, atol=1e-5)


def test_pytorch_gets_the_same_logits(finished: Run, dataset: Dataset, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    load_file = pytest.importorskip("safetensors.torch").load_file
    file = tmp_path / "network.safetensors"
    export(finished, file)
    module = torch.nn.Sequential(torch.nn.Linear(784, 16), torch.nn.ReLU(), torch.nn.Linear(16, 10))
    loaded = load_file(file)
    for linear, layer in ((module[0], "layer1"), (module[2], "layer2")):
        weight, bias = loaded[f"{layer}.weight"].T, loaded[f"{layer}.bias"]
        linear.load_state_dict({"weight": weight, "bias": bias})
    with torch.no_grad():
        logits = module(torch.from_numpy(dataset.test.images / np.float32(255))).numpy()
    np.testing.assert_allclose(logits, load(finished).logits(dataset.test.images), atol=1e-5)


@pytest.mark.parametrize(
    ("table", "base", "words"),
    [
        (ACTIVATIONS, Identity, "activation 'mine' is a plugin's"),
        (LOSSES, CrossEntropy, "loss 'mine' is a plugin's"),
    ],
)
def test_a_plugin_keeps_a_network_out_of_onnx_alone(
    table: Any, base: type, words: str, dataset: Dataset, config: Make, tmp_path: Path
) -> None:
    table.register("mine")(type("Mine", (base,), {}))
    try:
        run = start(config(**{table.kind: "mine"}), dataset, runs=tmp_path, name="mine")
        for _ in train(run, dataset):
            pass
        with pytest.raises(RunError, match=rf"{words}, .*; \.npz, \.json and \.safetensors hold"):
            export(run, tmp_path / "network.onnx")
        assert not (tmp_path / "network.onnx").exists()
        export(run, tmp_path / "network.safetensors")
    finally:
        del table._classes["mine"]


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_that_is_there_stays(ending: str, finished: Run, tmp_path: Path) -> None:
    file = tmp_path / f"network{ending}"
    file.write_text("mine")
    with pytest.raises(RunError, match="already exists; name a new file"):
        export(finished, file)
    assert file.read_text() == "mine"


def test_what_cannot_be_written(finished: Run, dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"must end in \.onnx, \.safetensors, \.npz, \.json"):
        export(finished, tmp_path / "network.h5")
    with pytest.raises(RunError, match=r"x\.npz: cannot be written: No such file"):
        export(finished, tmp_path / "nowhere" / "x.npz")
    with np.load(finished.best) as arrays:
        spoilt = dict(arrays)
    spoilt["parameters/layer1.bias"][0] = np.inf
    np.savez(finished.best, allow_pickle=False, **spoilt)
    with pytest.raises(RunError, match="its training diverged"):
        export(finished, tmp_path / "network.json")
    assert not list(tmp_path.glob("network*"))
