"""Mean curves, gradients and activations, against figures worked out by hand and by scipy."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from nnbasic.compare.pooling import activations, answers, by_epoch, gradient_norms
from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.training import Predictions, evaluate_run, start, train
from nnbasic.training.collection import RunData
from nnbasic.training.diagnostics import histogram
from support import figures


class Stub:
    """What pooling reads of a run: its metrics and diagnostics."""

    def __init__(self, metrics: Any = (), diagnostics: Any = ()) -> None:
        self.metrics = list(metrics)
        self.diagnostics = list(diagnostics)


def run(*accuracies: float | None, seconds: float = 1.0) -> Any:
    return Stub(
        figures(accuracy, epoch=epoch, elapsed_seconds=epoch * seconds)
        for epoch, accuracy in enumerate(accuracies, start=1)
    )


def test_the_band_is_students_interval() -> None:
    columns = [(0.5, 0.8), (0.6, 0.7), (0.8, 0.9)]
    band = by_epoch([run(*column) for column in columns], "val_accuracy")
    assert band is not None
    assert band.x.tolist() == [1, 2]
    for index, values in enumerate(zip(*columns, strict=True)):
        low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
        assert band.mean[index] == pytest.approx(np.mean(values))
        assert band.half[index] == pytest.approx((high - low) / 2)


def test_epochs_are_those_that_all_runs_have_a_figure_for() -> None:
    band = by_epoch([run(0.1, None, 0.3, 0.4), run(0.3, 0.4, 0.5)], "val_accuracy")
    assert band is not None
    assert band.x.tolist() == [1, 3]
    assert band.mean.tolist() == pytest.approx([0.2, 0.4])


@pytest.mark.parametrize("runs", [[], [run()], [run(None)], [run(0.5), run()]])
def test_no_curve_without_a_common_epoch(runs: list[Any]) -> None:
    assert by_epoch(runs, "val_accuracy") is None


@pytest.mark.parametrize(
    "broken",
    [
        7,
        {"low": 0, "high": 1},
        {"low": 1, "high": 1, "counts": [1]},
        {"low": 0, "high": 1, "counts": ["x"]},
        {"low": 0, "high": 1, "counts": [2, -1]},
    ],
)
def test_what_is_no_histogram_is_left_out(broken: object) -> None:
    layers = [{"histogram": broken}, {"histogram": histogram(np.array([0.1, 0.2]))}]
    run: Any = Stub(diagnostics=[{"epoch": 0, "layers": layers}])
    assert activations(run, 0) is None
    assert activations(run, 1, epoch=3) is None
    found = activations(run, 1, epoch=0)
    assert found is not None
    assert found.counts.sum() == 2
    assert found.edges[0] <= 0.1 < 0.2 <= found.edges[-1]


def line(epoch: int, *norms: float | None) -> dict[str, Any]:
    layers = [{"layer": f"layer{i}", "gradient_norm": n} for i, n in enumerate(norms, start=1)]
    return {"epoch": epoch, "layers": layers}


def test_means_of_a_layers_figures() -> None:
    runs: Any = [
        Stub(diagnostics=[line(0, 1, 0), line(1, 2, None)]),
        Stub(diagnostics=[line(0, 100, 3), line(1, 8, None)]),
        Stub(diagnostics=[{"epoch": 0, "layers": "torn"}]),
    ]
    assert gradient_norms(runs, 0) == pytest.approx({1: 10, 2: 3})
    assert gradient_norms(runs) == pytest.approx({1: 4})


LABELS = np.array([0, 0, 1, 2], dtype=np.uint8)


def saved(path: Path, rows: list[list[float]], labels: np.ndarray = LABELS) -> Any:
    probabilities = np.array(rows)
    Predictions(labels, probabilities.argmax(axis=1), probabilities).save(path)
    return SimpleNamespace(run=SimpleNamespace(predictions=path))


@pytest.fixture
def two(tmp_path: Path) -> list[Any]:
    return [
        saved(
            tmp_path / "a.npz", [[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0, 0.6, 0.4], [0.05, 0.8, 0.15]]
        ),
        saved(tmp_path / "b.npz", [[0.8, 0.2, 0], [0.6, 0.3, 0.1], [0, 0.9, 0.1], [0, 0.7, 0.3]]),
    ]


def test_confusion_is_summed_over_the_runs(two: list[Any]) -> None:
    found = answers(two)
    assert found is not None
    assert found.runs == 2
    assert found.confusion.tolist() == [[3, 1, 0], [0, 2, 0], [0, 2, 0]]


def test_the_most_wrong_image_comes_first(two: list[Any]) -> None:
    found = answers(two)
    assert found is not None
    worst, second = found.most_wrong(5)
    assert worst == (3, 2, 1, pytest.approx(0.225))
    assert second[:3] == (1, 0, 1)
    assert len(found.most_wrong(1)) == 1


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_other_images_and_unreadable_files_are_left_out(
    two: list[Any], tmp_path: Path, content: bytes | None
) -> None:
    other = saved(tmp_path / "c.npz", [[1, 0, 0]] * 4, np.array([2, 1, 0, 0], dtype=np.uint8))
    shorter = saved(tmp_path / "d.npz", [[1, 0, 0]] * 2, LABELS[:2])
    path = tmp_path / "broken.npz"
    if content is not None:
        path.write_bytes(content)
    broken: Any = SimpleNamespace(run=SimpleNamespace(predictions=path))
    assert answers([broken]) is None
    found = answers([broken, *two, other, shorter])
    assert found is not None
    assert found.runs == 2


def test_wrong_is_what_eval_calls_wrong(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
) -> None:
    """Large weights make several sigmoids exactly 1, among which only the logits can choose."""
    setting = config(
        loss={"name": "mse", "output": "sigmoid"}, init={"name": "normal", "std": 30}, epochs=1
    )
    run = start(setting, dataset, runs=tmp_path, name="x")
    for _ in train(run, dataset):
        pass
    evaluation = evaluate_run(run, dataset)
    guessed = evaluation.probabilities.argmax(axis=1)
    assert (guessed != evaluation.predicted).any(), "choose larger weights: this tests nothing"
    found = answers([RunData.read(run)])
    assert found is not None
    assert found.wrong.tolist() == (evaluation.predicted != evaluation.labels).tolist()
    assert found.confusion.tolist() == evaluation.confusion().tolist()
    assert {image for image, *_ in found.most_wrong(100)} == set(np.flatnonzero(found.wrong))
