"""Images of others, from the config to the report: trained on, scored, predicted, compared."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

from nnbasic.cli.eval import by_class
from nnbasic.data import digits, idx, mnist
from nnbasic.training.predictions import Predictions
from support import Command

CLASSES = ["t-shirt", "boot", "sandal"]
CONFIG = """
layers: [784, 12, 3]
epochs: 2
batch_size: 20
data: {dataset: idx, directory: ../images, name: shapes, classes: [t-shirt, boot, sandal],
  validation: 100}
"""
TRAIN = ("train", "--config", "mine/shapes.yaml")


@pytest.fixture
def shapes(workplace: Path) -> Path:
    """Built-in ones, sevens and eights, shifted into a corner: images of three classes."""
    train, train_labels, test, test_labels = digits.load()
    for parts, images, labels in (
        (mnist.FILES[:2], train[:2000], train_labels[:2000]),
        (mnist.FILES[2:], test[:500], test_labels[:500]),
    ):
        chosen = np.isin(labels, (1, 7, 8))
        shifted = np.roll(images[chosen].reshape(-1, 28, 28), (-4, -4), axis=(1, 2))
        classes = np.searchsorted((1, 7, 8), labels[chosen]).astype(np.uint8)
        for file, array in zip(parts, (shifted, classes), strict=True):
            idx.write(workplace / "images" / f"{file.name}.gz", array)
    (workplace / "mine").mkdir()
    (workplace / "mine" / "shapes.yaml").write_text(CONFIG)
    return workplace / "images"


@pytest.fixture
def trained(shapes: Path, nnbasic: Command) -> str:
    """The id of a run on them."""
    answer = nnbasic(*TRAIN, "--json")
    assert answer.code == 0, answer.err
    assert answer.json()["dataset"] == "shapes"
    return str(answer.json()["run"])


def test_it_is_scored_with_the_names_of_its_classes(nnbasic: Command, trained: str) -> None:
    answer = nnbasic("eval")
    assert " test images of shapes" in answer.out
    rows = [line.split() for line in answer.out.splitlines()[5:]]
    assert [row[:2] for row in rows] == [[str(n), name] for n, name in enumerate(CLASSES)]
    said = nnbasic("eval", "--json").json()
    assert said["classes"] == CLASSES
    assert said["accuracy"] > 0.8


def test_it_is_found_from_elsewhere_and_after_it_has_moved(
    nnbasic: Command, trained: str, shapes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path("runs").resolve() / trained
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert nnbasic("eval", run).code == 0
    moved = shapes.rename(shapes.with_name("moved"))
    assert nnbasic("eval", run).refused("images does not exist; put the four files there")
    assert nnbasic("eval", run, "--data", moved).code == 0


def test_predictions_say_the_class_and_leave_its_images_alone(
    nnbasic: Command, trained: str, shapes: Path
) -> None:
    file = shapes / f"{mnist.FILES[2].name}.gz"
    labels = idx.read(shapes / f"{mnist.FILES[3].name}.gz")
    said = nnbasic("predict", file, "--json").json()["predictions"]
    right = [one["digit"] == label for one, label in zip(said, labels, strict=True)]
    assert np.mean(right) == nnbasic("eval", "--json").json()["accuracy"]
    assert all(one["class"] == CLASSES[one["digit"]] for one in said)
    lines = nnbasic("predict", file).out.splitlines()
    assert lines[2].split()[:2] == ["file", "class"]
    assert said[0]["class"] in lines[3].split()


def test_the_page_and_the_export_name_them(nnbasic: Command, trained: str) -> None:
    nnbasic("draw", "--output", "page.html")
    html = Path("page.html").read_text("utf-8")
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)
    page = json.loads(text)
    assert page["networks"][0]["classes"] == CLASSES
    assert [group["title"] for group in page["examples"]["groups"]][:3] == CLASSES
    assert "<h1>Draw an image</h1>" in html
    nnbasic("export", trained, "shapes.json")
    assert json.loads(Path("shapes.json").read_text())["metadata"]["classes"] == CLASSES


def test_runs_on_other_images_stand_apart_and_the_report_has_the_names(
    nnbasic: Command, trained: str
) -> None:
    other = "data={dataset: digits, validation: 11900}"
    assert nnbasic(*TRAIN, "--set", "seed=1").code == 0
    assert nnbasic(*TRAIN, "--set", other, "--set", "layers=[784, 12, 10]").code == 0
    answer = nnbasic("compare", "--report", "report.html")
    said = " ".join((answer.out + answer.err).split())
    assert "not comparable: " in said
    assert max(map(len, answer.out.splitlines())) <= 80
    assert re.search(r"dataset digits [0-9a-f]{8} instead of shapes [0-9a-f]{8}", said)
    html = Path("report.html").read_text("utf-8")
    figures = re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", html)
    drawn = "".join(base64.b64decode(figure).decode() for figure in figures)
    assert re.search("(t-shirt|boot|sandal) → (t-shirt|boot|sandal)", drawn)


def test_a_directory_that_is_typed_is_relative_to_here(nnbasic: Command, shapes: Path) -> None:
    shapes.rename("here")
    assert nnbasic(*TRAIN, "--quiet").refused("images does not exist")
    assert nnbasic(*TRAIN, "--quiet", "--set", "data.directory=here").code == 0


def test_they_are_looked_at(nnbasic: Command, shapes: Path) -> None:
    shown = nnbasic("data", "show", "--config", TRAIN[-1], "--count", 3)
    assert re.findall(r"shapes train \d: (\S+)", shown.out) == ["t-shirt", "sandal", "t-shirt"]


def test_of_many_classes_the_worst_and_the_pairs_most_confused_are_shown() -> None:
    labels = np.repeat(np.arange(47), 20)  # none of the 48th
    taken = labels.copy()
    taken[labels == 3] = np.repeat([3, 40], 10)
    taken[labels == 9] = np.repeat([9, 12], [16, 4])
    guesses = Predictions(labels, taken, np.eye(48)[taken])
    names = [f"letter {number}" for number in range(48)]
    lines = by_class(guesses, names, 80)
    assert lines[0].startswith("The 10 classes of 48 with the lowest F1;")
    assert [line.split()[0] for line in lines[3:7]] == ["3", "40", "9", "12"]
    assert max(map(len, lines)) <= 80
    assert len(by_class(guesses, names, 80, every=True)) == len(lines) + 38 - 2
    assert [line.split() for line in lines[-2:]] == [
        ["letter", "3", "letter", "40", "10"],
        ["letter", "9", "letter", "12", "4"],
    ]
