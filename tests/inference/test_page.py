"""The page as a file: what is in it, how exact it is, and what it keeps out."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.inference import packing, predict
from nnbasic.inference.page import render, write
from nnbasic.model import ACTIVATIONS
from nnbasic.model.activations import Identity
from nnbasic.training import Run, RunError, start, train
from nnbasic.training.trained import Trained, load

HOSTILE = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>"


def data_of(html: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def runs(swept: Path) -> list[Run]:
    """Four runs of different activations and initialisations."""
    return [Run(folder) for folder in sorted(swept.iterdir())[::2]]


def test_the_policy_allows_this_script_and_this_style_alone(
    runs: list[Run], dataset: Dataset
) -> None:
    html = render(runs, dataset=dataset)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', html)
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    assert allowed["default-src"] == "'none'"
    for tag, directive in ("script", "script-src"), ("style", "style-src"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert allowed[directive] == f"'sha256-{digest}'"
    assert not re.search(r"""(src|href)=["'](?!data:)""", html)
    assert "http:" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in html


def test_names_and_notes_do_not_end_the_script(
    finished: Run, dataset: Dataset, tmp_path: Path
) -> None:
    before = render([finished], dataset=dataset)
    finished.write(replace(finished.user(), name=HOSTILE, notes=HOSTILE))
    html = render([finished], dataset=dataset)
    network = data_of(html)["networks"][0]
    assert (network["name"], network["notes"]) == (HOSTILE, HOSTILE)
    for markup in ("<script", "</script", "<!--", "<img"):
        assert html.count(markup) == before.count(markup)


def test_networks_of_one_name_go_by_their_ids(swept: Path, dataset: Dataset) -> None:
    both = [Run(folder) for folder in sorted(swept.glob("*relu-he*"))]
    assert len(both) == 2
    names = [network["name"] for network in data_of(render(both, dataset=dataset))["networks"]]
    assert names == [run.id for run in both]


def test_examples_of_each_class_and_of_what_went_wrong(runs: list[Run], dataset: Dataset) -> None:
    examples = data_of(render(runs, dataset=dataset))["examples"]
    pixels = np.frombuffer(base64.b64decode(examples["pixels"]), np.uint8).reshape(-1, 784)
    numbers = [int(caption.split()[2].rstrip(":")) for caption in examples["captions"]]
    np.testing.assert_array_equal(pixels, dataset.test.images[numbers])
    groups = {
        group["title"]: {numbers[image] for image in group["images"]}
        for group in examples["groups"]
    }
    labels = dataset.test.labels
    for digit in range(10):
        assert groups[f"Digit {digit}"] == set(np.flatnonzero(labels == digit)[:8])
    said = np.array([predict(load(run), dataset.test.images).digits for run in runs])
    differ = set(np.flatnonzero(np.ptp(said, axis=0)))
    wrong = set(np.flatnonzero((said != labels).all(axis=0)))
    assert differ
    assert wrong
    assert groups["The networks differ"] <= differ
    assert len(groups["The networks differ"]) == min(24, len(differ))
    assert groups["All are wrong"] <= wrong
    assert len(groups["All are wrong"]) == min(24, len(wrong))


def test_without_the_data_set_it_says_why_there_are_no_examples(
    runs: list[Run], workplace: Path
) -> None:
    content = data_of(render(runs, dataset="MNIST has gone out"))
    assert content["examples"] is None
    assert "There are no examples: MNIST has gone out." in content["colophon"]


@pytest.mark.slow
def test_four_networks_can_be_mailed(
    config: Callable[..., Config], dataset: Dataset, tmp_path: Path
) -> None:
    found = []
    for activation in ("relu", "sigmoid", "tanh", "prelu"):
        made = config(layers=[784, 256, 128, 10], activation=activation, epochs=1)
        run = start(made, dataset, runs=tmp_path / "runs", name=activation)
        for _ in train(run, dataset):
            pass
        found.append(run)
    write(found, tmp_path / "page.html", dataset=dataset)
    assert (tmp_path / "page.html").stat().st_size < 4e6


def test_codes_do_for_a_network_of_mnist(
    reader: Trained, mnist_test: tuple[np.ndarray, np.ndarray]
) -> None:
    before = reader.network.vector.copy()
    packed = packing.pack(reader, mnist_test[0].reshape(-1, 784))
    assert 0 < packed.change < packing.TOLERANCE / 2
    assert packed.coded
    np.testing.assert_array_equal(reader.network.vector, before)


def test_what_acts_in_training_alone_is_not_in_the_page(
    networks: dict[str, Run], dataset: Dataset
) -> None:
    """Nor is batch normalisation, which is in the weights; and the probabilities are the same."""
    trained = load(networks["regularised"])
    packed = packing.pack(trained, dataset.test.images)
    assert packed.change < packing.TOLERANCE
    kinds = [
        layer["activation"] and layer["activation"]["name"] for layer in packed.network["layers"]
    ]
    assert kinds == ["prelu", "maxout", None]


def test_where_codes_do_not_do_the_weights_are_kept_whole(finished: Run, dataset: Dataset) -> None:
    """A weight that is large next to the others of its unit, and looks at an empty pixel."""
    trained = load(finished)
    weight = trained.network.parameters["layer1.weight"]
    weight[0] = 1e5
    images = dataset.test.images.copy()
    images[:, 0] = 0
    packed = packing.pack(trained, images)
    assert packed.change == 0
    assert not packed.coded
    first = packed.network["layers"][0]["weight"]
    assert first["scale"] is None
    np.testing.assert_array_equal(
        np.frombuffer(base64.b64decode(first["codes"]), "<f4").reshape(784, -1), weight
    )


def test_an_activation_of_a_plugin_is_refused(
    dataset: Dataset, config: Callable[..., Config], tmp_path: Path
) -> None:
    ACTIVATIONS.register("mine")(type("Mine", (Identity,), {}))
    run = start(config(activation="mine"), dataset, runs=tmp_path / "runs", name="mine")
    for _ in train(run, dataset):
        pass
    with pytest.raises(RunError, match=r"'mine' is a plugin's, .*; give another RUN"):
        render([run], dataset=dataset)


def test_a_folder_that_is_not_there(finished: Run, dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"page\.html: the page cannot be written: No such file"):
        write([finished], tmp_path / "nowhere" / "page.html", dataset=dataset)
